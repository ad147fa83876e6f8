"""A stored run: a handle that is rebuilt from its directory at any time."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.errors import StoreError
from astuner_nb.core.protocols import JobStatus
from astuner_nb.core.run import Change, Checkpoint, Parent
from astuner_nb.core.series import History, Series, checked_points
from astuner_nb.core.states import RunState
from astuner_nb.recorder import RunFiles, line_start, read_json
from astuner_nb.store.cache import load_summaries, load_whole
from astuner_nb.store.cached_tail import CachedTail
from astuner_nb.store.changes import changes_of, pending_changes_of
from astuner_nb.store.checkpoints import checkpoints_in
from astuner_nb.store.columns import number, plain_name
from astuner_nb.store.compact import compact_if_worth
from astuner_nb.store.status import read_status
from astuner_nb.store.summary import Summary, summarised
from astuner_nb.store.tail import MetricsTail, parse_line

_METRICS, _CACHE = (path.name for path in (RunFiles("").metrics, RunFiles("").cache))
LINE_BYTES = 400
"""How long a line of output is taken to be; fewer lines come back where they are longer."""


class Run:
    """One run of the store. Its state and its records are read from the directory when asked for, never remembered.

    Args:
        directory: the run directory.
        meta: its `meta.json`, where it has been read already.

    Raises:
        StoreError: where the directory has no readable `meta.json`.
    """

    def __init__(self, directory: str | os.PathLike[str], meta: Mapping[str, Any] | None = None) -> None:
        self.directory = Path(directory).absolute()
        """Where it is kept."""
        meta = read_json(self.files.meta) if meta is None else meta
        if meta is None:
            raise StoreError(f"No run is kept in {self.directory}: its meta.json is missing or damaged. Give another.")
        self.id = self.directory.name
        self.project = str(meta.get("project", ""))
        """The project's own name; the directory above is only a slug of it."""
        self.name = str(meta.get("name") or self.id)
        self.backbone = str(meta.get("backbone", ""))
        self.config = dict(_flat(meta.get("config") or {}))
        """Hyper-parameters; nested ones under dotted names."""
        self.tags = tuple(map(str, meta.get("tags") or ()))
        self.group = str(meta.get("group") or "")
        self.loggers = tuple(map(str, meta.get("loggers") or ()))
        """Where its metrics go besides its directory."""
        self.parent = _parent(meta.get("parent"))
        """Where it went on from; None where it began anew."""
        self.created = _moment(meta.get("created"))
        """When it was made, UTC."""
        self.aliases = aliases()
        """How its metrics are called."""

    source = "runs"
    """What kept it, as for every other source."""

    @property
    def key(self) -> str:
        """What tells it from every other run, of other sources too."""
        return self.id

    @property
    def finished(self) -> datetime | None:
        """When it ended, UTC; None while it goes on, or where nobody wrote that down."""
        ended = (read_json(self.files.exit) or {}).get("t")
        return None if ended is None else _moment(ended)

    @property
    def url(self) -> str:
        """Its page on a dashboard, where a logger sent it to one; else empty."""
        notes = (read_json(path) or {} for path in sorted(self.files.loggers.glob("*.json")))
        return next((str(note["url"]) for note in notes if note.get("url")), "")

    @cached_property
    def files(self) -> RunFiles:
        """The names of its files. Made when needed: a listing of a thousand runs does not."""
        return RunFiles(self.directory)

    @property
    def status(self) -> JobStatus:
        """What its directory says now."""
        return read_status(self.files)

    @property
    def state(self) -> RunState:
        """Where it stands now."""
        return self.status.state

    def history(self, metrics: Sequence[str] | None = None, max_points: int | str | None = None) -> History:
        """All that was recorded by now, in the order in which it was. Where the run has ended, a column read next time.

        Args:
            metrics: canonical names or own keys; those it does not have are left out. All of them where not given.
            max_points: about how many points a metric may have, ≥ 4; its extremes are kept. All where not given.

        Raises:
            BadValue: for a `max_points` that is none.
        """
        limit = checked_points(max_points)
        metrics = None if metrics is None else tuple(metrics)
        history = self._cached_history(metrics)
        if history is None:
            history = self.aliases.pick(self._read_history(), metrics)
        return history if limit is None or math.isinf(limit) else history.thinned(int(limit))

    def summary(self, metrics: Sequence[str] | None = None) -> Mapping[str, Summary]:
        """Each metric in a few numbers; of an ended run no curve is read, unless it is the first time.

        Args:
            metrics: as for `history`.
        """
        found = load_summaries(*self._cache_and_log)
        if found is None:
            history = self._read_history()
            found = {name: summarised(series.step, series.value) for name, series in history.items()}
        if metrics is None:
            return found
        return {name: found[key] for name, key in self._meant(found, metrics).items()}

    def tail(self, metrics: Sequence[str] | None = None) -> MetricsTail:
        """What follows it as it grows.

        Args:
            metrics: as for `history`. Where the run has ended and has its cache, no other column is read; where not,
                its log brings them all.
        """
        _, log = self._cache_and_log
        if metrics is None:
            return MetricsTail(log)
        wanted = tuple(metrics)
        return CachedTail(log, lambda keys: self._meant(keys, wanted).values())

    def with_aliases(self, names: Aliases) -> Run:
        """The same run, its metrics called by another table."""
        other = copy(self)
        other.aliases = names
        return other

    def last_record(self) -> dict[str, Any]:
        """The newest whole record with its `step` and `t`, read from the file's end; empty where there is none."""
        return next((_readable(row) for row in _records_backwards(self.files.metrics)), {})

    def rollouts(self, last: int | None = None) -> list[dict[str, Any]]:
        """Sample rollouts in the order in which they were made; the `last` so many of them, or all."""
        found: list[dict[str, Any]] = []
        for row in _records_backwards(self.files.rollouts):
            if last is not None and len(found) >= last:
                break
            found.append(row)
        return found[::-1]

    def log_tail(self, lines: int = 30) -> str:
        """The last `lines` lines that the job printed; of a progress bar what it showed last."""
        try:
            with open(self.files.output, "rb") as file:
                file.seek(max(0, file.seek(0, os.SEEK_END) - lines * LINE_BYTES))
                text = file.read().decode(errors="replace")
        except FileNotFoundError:
            return ""
        shown = [line.rstrip("\r").rpartition("\r")[2] for line in text.rstrip("\n").split("\n")]
        return "\n".join(shown[-lines:] if lines > 0 else ())

    def checkpoints(self) -> list[Checkpoint]:
        """What it saved of itself, the earliest step first."""
        return checkpoints_in(self.files)

    def changes(self) -> list[Change]:
        """The hyper-parameters that were changed while it went on, refused ones too, in their order."""
        return changes_of(self.files)

    def pending_changes(self) -> list[Change]:
        """What it was asked to change and has not decided on, in the order in which it was asked."""
        return pending_changes_of(self.files)

    def _cached_history(self, metrics: Sequence[str] | None) -> History | None:
        """What `history` returns, by the columns of `metrics` alone; None where the log has to be read."""
        names: dict[str, str] = {}

        def choose(keys: Sequence[str]) -> Collection[str]:
            names.update({key: key for key in keys} if metrics is None else self._meant(keys, metrics))
            return set(names.values())

        columns = load_whole(*self._cache_and_log, choose)
        if columns is None:
            return None
        return History({name: Series(name, *columns[key], key=key) for name, key in names.items()})

    def _meant(self, keys: Iterable[str], metrics: Iterable[str]) -> Mapping[str, str]:
        """Each of `metrics` → the one of all `keys` that it means."""
        return _resolved(self.aliases, tuple(keys), tuple(metrics))

    @property
    def _cache_and_log(self) -> tuple[str, str]:
        """Two of its `files`, without the others: this is asked of a thousand runs at once."""
        return f"{self.directory}/{_CACHE}", f"{self.directory}/{_METRICS}"

    def _read_history(self) -> History:
        """All that was recorded by now, and a cache of it where that is worth it."""
        tail = self.tail()
        ended = self.state.ended  # first: what an ended run wrote last is then surely read
        history = tail.read_all()
        compact_if_worth(tail, ended=ended)
        return history

    def __eq__(self, other: object) -> bool:
        return self.directory == other.directory if isinstance(other, Run) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.directory)

    def __repr__(self) -> str:
        return f"<Run {self.id} {self.project!r} {self.name!r}: {self.state}>"


@lru_cache(maxsize=64)
def _resolved(names: Aliases, keys: tuple[str, ...], metrics: tuple[str, ...]) -> Mapping[str, str]:
    """`names.resolve`, remembered: the runs of one sweep have the same keys."""
    return MappingProxyType(names.resolve(keys, metrics))


def _records_backwards(path: Path) -> Iterator[dict[str, Any]]:
    """The whole records of a JSON-lines file, the newest first."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return
    try:
        end = line_start(descriptor, os.fstat(descriptor).st_size)
        while end > 0:
            start = line_start(descriptor, end - 1)
            if (row := parse_line(os.pread(descriptor, end - start, start))) is not None:
                yield row
            end = start
    finally:
        os.close(descriptor)


def _readable(row: Mapping[str, Any]) -> dict[str, Any]:
    """A record under the metrics' own names, with numbers in place of "NaN" and the infinities."""
    return {plain_name(name): _value(value) for name, value in row.items()}


def _value(value: Any) -> Any:
    return value if not isinstance(value, str) or (spelt := number(value)) is None else spelt


def _flat(config: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in config.items():
        if isinstance(value, Mapping) and value:
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", value


def _parent(found: Any) -> Parent | None:
    if not isinstance(found, Mapping) or type(step := found.get("step")) is not int or step < 0:
        return None
    key = str(found.get("key") or found.get("id") or "")
    return Parent(key, step, str(found.get("name") or "")) if key else None


def _moment(created: Any) -> datetime:
    try:
        return datetime.fromtimestamp(created, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return datetime.fromtimestamp(0, UTC)
