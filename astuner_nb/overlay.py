"""Runs of other sources laid over what is followed: opened in the background, one source's trouble is its own.

Everything the panel's cards can do is a method here, and works without a display.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import AstunerError, BadValue, Cancelled, Unreachable
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import counted, joined, said
from astuner_nb.following import Turn
from astuner_nb.monitor import Monitor
from astuner_nb.trackers.opening import Opening
from astuner_nb.trackers.run_set import FIVE_NAMES, RunSet

FOLLOWED = 1_000
"""Runs of one source that are followed, the newest; `filter` them before where others are wanted."""
FOLLOWED_OF_SERVER = 200
"""… where a server has to be asked for each of them."""
MANY = 200
"""Of more runs the five metrics are read at first, others when they get a figure: memory is for what is seen."""
FOUND_S = 60.0
"""How long `found` waits where nobody says otherwise."""
LOOK_S = 0.02
"""Seconds between two looks at a source that is waited for."""
LOOK_AGAIN_S, ASK_AGAIN_S = 10.0, 60.0
"""Seconds between two looks for runs that a source has got since: in folders, and on servers."""

What = str | Run | Iterable[Run]
"""What can be overlaid: a URI, a run, or some runs."""


@dataclass(eq=False)
class Laid:
    """One source that was added."""

    uri: str
    """What was asked for; empty where runs were given."""
    opening: Opening | None = None
    runs: tuple[Run, ...] = ()
    """Those that are followed, newest first."""
    more: int = 0
    """How many further runs were found and are not followed."""
    skipped: Sequence[str] = ()
    """A sentence for each thing that looked like a run and could not be read."""
    complete: bool = True
    taken: bool = field(default=False, repr=False)
    again: Opening | None = field(default=None, repr=False)
    """A further look for runs that came since."""
    again_at: float = field(default=0.0, repr=False)

    @property
    def limit(self) -> int:
        """How many of its runs are followed at most."""
        return FOLLOWED_OF_SERVER if "://" in self.uri else FOLLOWED

    @property
    def state(self) -> str:
        """`opening`, `open`, `failed` or `cancelled`."""
        if self.opening is None or self.opening.found is not None:
            return "open"
        if self.opening.error is None:
            return "opening"
        return "cancelled" if isinstance(self.opening.error, Cancelled) else "failed"


class Overlay:
    """The sources that were added to what `monitor` follows."""

    def __init__(self, monitor: Monitor, names: Aliases | None = None, metrics: Sequence[str] | None = None) -> None:
        """`names` and `metrics` are as in `anb.runs` and `Monitor.follow`."""
        self._monitor, self._names, self._metrics = monitor, names, metrics
        self.laid: list[Laid] = []
        """In the order in which they were added."""
        monitor.listen(self._look)

    def add(self, *what: What) -> list[Laid]:
        """Follow these too: URIs are opened in the background, runs are taken at once. Adding twice is harmless.

        Raises:
            BadValue: for a URI that is none; nothing is added then.
        """
        new = [self._laid(one) for one in what if not (isinstance(one, str) and self._is_there(one))]
        self.laid.extend(new)
        for laid in new:
            if laid.opening is not None:
                laid.opening.start()
            else:
                self._follow(laid.runs)
        return new

    def retry(self, laid: Laid) -> None:
        """Open it again."""
        if laid.opening is not None:
            laid.taken = False
            laid.opening.start()

    def cancel(self, laid: Laid) -> None:
        """No longer wait for it."""
        if laid.opening is not None:
            laid.opening.cancel()

    def dismiss(self, laid: Laid) -> None:
        """Forget that it was asked for; runs that are followed already stay."""
        self.cancel(laid)
        if laid in self.laid:
            self.laid.remove(laid)

    def found(self, timeout_s: float = FOUND_S, strict: bool = True) -> RunSet:
        """The runs of all sources, in the order in which those were added; of each the ones that are followed.

        Needs no turn of the monitor. Waits for sources that are still being opened. Where not `strict`, those that
        cannot be opened are left out, each a sentence in `skipped`.

        Raises:
            TrackerError: why the first source that has none could not be opened, or is not open after `timeout_s`
                seconds.
        """
        deadline = time.monotonic() + timeout_s
        parts = [_opened(laid, deadline) if strict else _opened_or_told(laid, deadline) for laid in tuple(self.laid)]
        runs = [run for part in parts for run in part]
        skipped = [sentence for part in parts for sentence in part.skipped]
        return RunSet(runs, complete=all(part.complete for part in parts), skipped=skipped, names=self._names)

    def words(self, laid: Laid) -> str:
        """One sentence about it: how far it is, what was found, or what went wrong."""
        opening = laid.opening
        if opening is not None and opening.error is not None:
            return str(opening.error)
        if laid.state == "opening":
            what, done, total = (opening.progress if opening else None) or ("", 0, 0)
            of = said(" of {total}", total=total) if total else ""
            return said("opening … {done}{of} {what}", done=done, of=of, what=what) if done else said("opening …")
        return joined([*_found(laid), *self._read(laid)], " · ")

    def _read(self, laid: Laid) -> list[str]:
        """How far the curves of its runs are, and what went wrong with some."""
        all_followed = self._monitor.followed
        followed = [one for run in laid.runs if (one := all_followed.get(run.key)) is not None]
        waiting = sum(not one.tail.caught_up and not one.trouble for one in followed)
        troubles = [one.trouble for one in followed if one.trouble]
        parts: list[str] = []
        if waiting:
            parts.append(said("reading {n} of {of}", n=len(followed) - waiting, of=len(followed)))
        if sampled := sum(one.history.sampled for one in followed):
            parts.append(said("{n} sampled by the server", n=sampled))
        if troubles:
            parts.append(said("{n} could not be read: {why}", n=len(troubles), why=troubles[0]))
        return parts

    def close(self) -> None:
        """No longer wait for anything."""
        for laid in self.laid:
            self.cancel(laid)
            if laid.again is not None:
                laid.again.cancel()

    def _is_there(self, uri: str) -> bool:
        return any(laid.uri == uri and laid.state in ("opening", "open") for laid in self.laid)

    def _laid(self, what: What) -> Laid:
        if isinstance(what, str):
            self.laid = [laid for laid in self.laid if laid.uri != what]  # one that failed before
            return Laid(what, Opening(what, names=self._names))
        runs: list[Any] = [what] if _is_run(what) else list(what) if isinstance(what, Iterable) else [None]
        if not all(map(_is_run, runs)):
            raise BadValue(f"Only runs can be overlaid, got {what!r}. Give a URI, or what anb.runs(…) returns.")
        laid = Laid("", runs=tuple(runs[:FOLLOWED]))
        laid.more = len(runs) - len(laid.runs)
        return laid

    def _look(self, _: Turn) -> None:
        """Take in what has been opened since the last turn."""
        for laid in self.laid:
            if laid.opening is None or (found := laid.opening.found) is None:
                continue
            if not laid.taken:
                self._take(laid, found)
            else:
                self._look_again(laid)

    def _take(self, laid: Laid, found: RunSet) -> None:
        laid.runs, laid.more = tuple(found[: laid.limit]), max(0, len(found) - laid.limit)
        laid.skipped, laid.complete, laid.taken = found.skipped, found.complete, True
        laid.again_at = _next_look(laid.uri)
        self._follow(laid.runs)

    def _look_again(self, laid: Laid) -> None:
        """Take in the runs that the source has got since. What goes wrong now is no news: the next look may succeed."""
        if laid.again is None:
            if time.monotonic() >= laid.again_at:
                laid.again = Opening(laid.uri, names=self._names)
                laid.again.start()
        elif laid.again.ended:
            known = {run.key for run in laid.runs}
            new = [run for run in laid.again.found or () if run.key not in known and not self._is_older(run, laid)]
            laid.runs = (*new, *laid.runs)
            self._follow(new)
            laid.again, laid.again_at = None, _next_look(laid.uri)

    def _is_older(self, run: Run, laid: Laid) -> bool:
        """Whether `run` was left out at the first look, being none of the newest."""
        return laid.more > 0 and any(
            run.key == other.key for other in (laid.opening.found if laid.opening else None) or ()
        )

    def _follow(self, runs: Sequence[Run]) -> None:
        metrics = self._metrics
        if metrics is None and len(runs) > MANY:
            metrics = FIVE_NAMES
        for run in reversed(runs):  # the oldest first: it gets the lower number
            self._monitor.follow(run, metrics=metrics)


def _opened(laid: Laid, deadline: float) -> RunSet:
    """The runs of one source that are followed, once it is open. Raises `TrackerError`."""
    if laid.opening is None:
        return RunSet(laid.runs, complete=not laid.more)
    while (found := laid.opening.found) is None:
        if (error := laid.opening.error) is not None:
            raise error
        if time.monotonic() >= deadline:
            raise Unreachable(f"{laid.uri} is still being opened. Look at its host, or wait longer.")
        time.sleep(LOOK_S)
    runs = laid.runs if laid.taken else found[: laid.limit]
    return RunSet(runs, complete=found.complete and len(found) <= laid.limit, skipped=found.skipped)


def _opened_or_told(laid: Laid, deadline: float) -> RunSet:
    try:
        return _opened(laid, deadline)
    except AstunerError as error:
        return RunSet(complete=False, skipped=[str(error)])


def _next_look(uri: str) -> float:
    """When to look for new runs again, monotonic seconds."""
    return time.monotonic() + (ASK_AGAIN_S if "://" in uri else LOOK_AGAIN_S)


def _is_run(what: object) -> TypeGuard[Run]:
    return hasattr(what, "tail") and hasattr(what, "key")


def _found(laid: Laid) -> list[str]:
    count = len(laid.runs)
    if not count and not laid.skipped:
        return [said("there are no runs")]
    parts: list[str] = [counted(count, "{n} run", "{n} runs")]
    if laid.more or not laid.complete:
        most = said(", as no more than {limit} of one source are followed at first", limit=f"{laid.limit:,}")
        parts.append(said("the newest{most}; anb.runs(…).filter(…) finds others", most=most if laid.more else ""))
    if laid.skipped:
        parts.append(said("{n} left out: {why}", n=len(laid.skipped), why=laid.skipped[0]))
    return parts
