"""`anb.runs(uri)`: from a URI to the runs behind it, now or in the background."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence

from astuner_nb.core.aliases import DEFAULT_ALIASES, Aliases, aliases
from astuner_nb.core.errors import AstunerError, BadValue
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.registry import source_for
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.trackers.where import Where, where

LIMIT = 1000
"""How many runs of one source are listed where nobody says otherwise."""
TIMEOUT_S = 30.0
"""How long listing may take where nobody says otherwise."""
DEFAULT_STORE = "runs:"


def runs(
    uri: str = DEFAULT_STORE,
    *,
    state: str | Sequence[str] = (),
    name: str = "",
    tag: str | Sequence[str] = (),
    config: Mapping[str, object] | None = None,
    limit: int = LIMIT,
    timeout_s: float = TIMEOUT_S,
    names: Mapping[str, Sequence[str]] | Aliases | None = None,
    **more: object,
) -> RunSet:
    """The runs that `uri` names, newest first; those of the default run store where nothing is given.

    ::

        runs = anb.runs("swanlab://alice/math-agent") + anb.runs("wandb:./wandb") + anb.runs()
        runs.filter(state="finished", lr=(1e-5, 1e-3)).to_frame()

    Args:
        uri: `runs:DIR`, `swanlab://WORKSPACE/PROJECT`, `swanlab:DIR`, `wandb://ENTITY/PROJECT`, `wandb:DIR`,
            `tensorboard:DIR`, `verl:FILE.jsonl`, `csv:FILE`, `parquet:FILE`, or what other packages add.
        state, name, tag, config, more: which runs, as in `RunSet.filter`; servers that can filter do.
        limit: how many at most, the newest.
        timeout_s: seconds after which it gives up.
        names: further keys of canonical metrics, `{"reward": ["env/return"]}`, preferred to the shipped ones; or a
            whole table.

    Raises:
        BadValue: for a URI, a filter or a limit that is none.
        TrackerError: one of its kinds, in one sentence, within the deadline.
    """
    if isinstance(limit, bool) or not isinstance(limit, int) or limit < 1:
        raise BadValue(f"limit must be a whole number ≥ 1, got {limit!r}.")
    opening = Opening(uri, where(state, name, tag, config, **more), limit, timeout_s, table_of(names))
    return opening.list()


def table_of(names: Mapping[str, Sequence[str]] | Aliases | None) -> Aliases:
    """The alias table that `names` asks for."""
    if isinstance(names, Aliases):
        return names
    return aliases().with_metrics(names) if names else aliases()


class Opening:
    """One source that is being opened, in the background once `start()` was called."""

    def __init__(
        self,
        uri: str,
        wanted: Where | None = None,
        limit: int = LIMIT,
        timeout_s: float = TIMEOUT_S,
        names: Aliases | None = None,
    ) -> None:
        """Raises `BadValue` for a URI that is none; nothing is opened yet."""
        self.uri = uri
        self._source = source_for(uri)
        self._where, self._limit, self._timeout_s = wanted or Where(), limit, timeout_s
        self._names = names or aliases()
        self._patience = Patience(timeout_s, uri, self._told)
        self.progress: tuple[str, int, int] | None = None
        """What is done, how many are done, and how many there are (0: not known)."""
        self.found: RunSet | None = None
        """What came of it; None while it goes on and where it failed."""
        self.error: AstunerError | None = None
        """Why it failed."""

    @property
    def ended(self) -> bool:
        """Whether it has come to an end, good or bad."""
        return self.found is not None or self.error is not None

    def list(self) -> RunSet:
        """The runs, listed here and now. Raises what the source raises, within the deadline."""
        patience = self._patience
        asked = self._where
        if self._names is not DEFAULT_ALIASES:  # sources know the shipped names only
            asked = asked.without(self._names.hyper_parameters)
        listing = patience.call(lambda: self._source.list(asked, self._limit, patience), "listing its runs")
        found = [run.with_aliases(self._names) for run in listing.runs]
        whole = RunSet(found, complete=listing.complete, ask=self._ask, skipped=listing.skipped, names=self._names)
        return whole.kept(self._where)

    def start(self) -> None:
        """List in a daemon thread; look at `ended` now and then."""
        self._patience = Patience(self._timeout_s, self.uri, self._told)
        self.found = self.error = None
        threading.Thread(target=self._run, name="astuner-opening", daemon=True).start()

    def cancel(self) -> None:
        """No longer wait for it; it then ends in `Cancelled`."""
        self._patience.cancel()

    def _run(self) -> None:
        try:
            self.found = self.list()
        except AstunerError as error:
            self.error = error
        except Exception as error:  # a third party's source: the others go on, and nobody is left waiting
            self.error = AstunerError(
                f"{self.uri} could not be opened: {error!r}. Report this to whoever wrote its source."
            )

    def _told(self, what: str, done: int, total: int) -> None:
        self.progress = (what, done, total)

    def _ask(self, wanted: Where) -> RunSet:
        asked = wanted.or_else(self._where)
        return Opening(self.uri, asked, self._limit, self._timeout_s, self._names).list().kept(self._where)
