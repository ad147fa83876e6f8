"""Some runs, of any sources: a sequence that can be filtered, tabulated and read all at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, overload

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.errors import TrackerError
from astuner_nb.core.metrics import FIVE
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.series import History
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.store.summary import Summary, summarised
from astuner_nb.trackers.frame import frame_of
from astuner_nb.trackers.html import table
from astuner_nb.trackers.merging import merged
from astuner_nb.trackers.patience import WIDTH, Patience, Progress
from astuner_nb.trackers.run import TIMEOUT_S, TrackedRun
from astuner_nb.trackers.where import Where, where

if TYPE_CHECKING:
    import pandas as pd

FIVE_NAMES = tuple(metric.name for metric in FIVE)
LOCAL_WIDTH = 3
"""More threads than that only wait for each other."""


@dataclass(frozen=True, eq=False)
class Histories(Mapping[Run, History]):
    """The curves of some runs: run → history."""

    found: Mapping[Run, History]
    errors: Mapping[Run, TrackerError] = field(default_factory=dict)
    """Why the others have none; always empty unless `strict=False` was asked for."""

    def __getitem__(self, run: Run) -> History:
        return self.found[run]

    def __iter__(self) -> Iterator[Run]:
        return iter(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def __repr__(self) -> str:
        missing = f", {len(self.errors)} could not be read: see .errors" if self.errors else ""
        return f"<Histories of {len(self)} runs{missing}>"


class RunSet(Sequence[Run]):
    """Runs, newest first as far as one source goes; sets of several sources are put together with `+`.

    Args:
        runs: of any sources; one that comes twice is kept once.
        complete: whether these are all that fit. Of a larger project the newest were listed.
        ask: what lists again under a narrower `Where`, where `complete` is False.
        skipped: a sentence for each thing that looked like a run and could not be read.
        names: how metrics and hyper-parameters are called here.
    """

    def __init__(
        self,
        runs: Iterable[Run] = (),
        *,
        complete: bool = True,
        ask: Callable[[Where], RunSet] | None = None,
        skipped: Sequence[str] = (),
        names: Aliases | None = None,
    ) -> None:
        self._runs = tuple({run.key: run for run in runs}.values())
        self.complete, self.skipped = complete, tuple(skipped)
        self.names = names or aliases()
        self._ask = ask

    @overload
    def __getitem__(self, index: int) -> Run: ...
    @overload
    def __getitem__(self, index: slice) -> RunSet: ...
    def __getitem__(self, index: int | slice) -> Run | RunSet:
        return self._of(self._runs[index]) if isinstance(index, slice) else self._runs[index]

    def __len__(self) -> int:
        return len(self._runs)

    def __iter__(self) -> Iterator[Run]:
        return iter(self._runs)

    def __add__(self, other: Iterable[Run]) -> RunSet:
        skipped = getattr(other, "skipped", ())
        complete = self.complete and getattr(other, "complete", True)
        return RunSet([*self, *other], complete=complete, skipped=(*self.skipped, *skipped), names=self.names)

    def __radd__(self, other: Iterable[Run]) -> RunSet:
        return self._of(other) + self

    def filter(
        self,
        state: str | Sequence[str] = (),
        name: str = "",
        tag: str | Sequence[str] = (),
        config: Mapping[str, object] | None = None,
        **more: object,
    ) -> RunSet:
        """Those that fit all that is given: `runs.filter(state="finished", lr=(1e-5, 1e-3), backbone="local")`.

        Of a project with more runs than were listed, the server is asked again for those that fit.

        Args:
            state: one state or several, any of which fits.
            name: a pattern: `"grpo-*"`.
            tag: one tag or several, all of which a run must have.
            config: hyper-parameter, under its canonical name or the tracker's own → a value, a list of values, or a
                range `(low, high)` whose ends may be None.
            more: the same as keywords.

        Raises:
            BadValue: for a state or a range that is none.
            TrackerError: where a server had to be asked and failed.
        """
        return self.where(where(state, name, tag, config, **more))

    def where(self, wanted: Where) -> RunSet:
        """Those that fit `wanted`. See `filter`."""
        return self.kept(wanted) if self.complete or self._ask is None else self._ask(wanted)

    def kept(self, wanted: Where) -> RunSet:
        """Those of the listed ones that fit `wanted`; no server is asked."""
        fitting = [run for run in self if wanted.fits(run, self.config_of(run))]
        return RunSet(fitting, complete=self.complete, ask=self._ask, skipped=self.skipped, names=self.names)

    def config_of(self, run: Run) -> dict[str, ConfigValue]:
        """The hyper-parameters of `run`, under the tracker's own names and under canonical ones."""
        return {**run.config, **self.names.canonical_config(run.config)}

    def merged(self) -> RunSet:
        """The same, the two tracker runs of one Trinity training (`…_explorer`, `…_trainer`) as one run."""
        return self._of(merged(self))

    def histories(
        self,
        metrics: Sequence[str] | None = None,
        max_points: int | str | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        strict: bool = True,
        progress: Progress | None = None,
    ) -> Histories:
        """The curves of all runs, several at a time; what servers sent of ended runs is kept on disk.

        Args:
            metrics: canonical names or own keys; all of each run where not given.
            max_points: about how many points a metric may have, ≥ 4, or "all". See `Run.history`.
            timeout_s: seconds after which it gives up.
            strict: whether the first run that cannot be read is an error; else it stands in `.errors`.
            progress: called with what is done, how many are done and how many there are.

        Raises:
            TrackerError: one of its kinds, within the deadline.
        """
        patience = Patience(timeout_s, f"{len(self)} runs", progress)

        def read(run: Run) -> History | TrackerError:
            try:
                if isinstance(run, TrackedRun):
                    return run.history(metrics, max_points, patience=patience)
                return run.history(metrics, max_points)
            except TrackerError as error:
                if strict or patience.cancelled:
                    raise
                return error

        width = LOCAL_WIDTH if self._is_local else WIDTH
        answers = dict(zip(self, patience.map(read, self, "reading histories", width), strict=True))
        return Histories(
            {run: answer for run, answer in answers.items() if isinstance(answer, History)},
            {run: answer for run, answer in answers.items() if isinstance(answer, TrackerError)},
        )

    def to_frame(self, metrics: Sequence[str] = FIVE_NAMES, *, timeout_s: float = TIMEOUT_S) -> pd.DataFrame:
        """A pandas frame: one row a run, in this order; hyper-parameters under canonical names where they have one.

        Args:
            metrics: those whose last and best value get a column (`reward last`, `reward best`); `()` reads no curve.
            timeout_s: seconds that the curves may take.

        Raises:
            TrackerError: where curves cannot be read.
        """
        patience = Patience(timeout_s, f"{len(self)} runs")

        def read(run: Run) -> Mapping[str, Summary]:
            if isinstance(run, StoredRun):
                return run.summary(metrics)  # in its cache beside the columns
            one = run.history(metrics, patience=patience) if isinstance(run, TrackedRun) else run.history(metrics)
            return {name: summarised(series.step, series.value) for name, series in one.items()}

        width = 1 if self._is_local else WIDTH  # a summary is one short file: a second thread only waits
        answers = patience.map(read, self, "reading summaries", width) if metrics else []
        return frame_of(self, dict(zip(self, answers, strict=bool(metrics))), metrics, self.names)

    @property
    def _is_local(self) -> bool:
        """Whether all are runs of our own store: reading them keeps a processor busy, servers let one wait."""
        return all(isinstance(run, StoredRun) for run in self)

    def _of(self, runs: Iterable[Run]) -> RunSet:
        """Some of these."""
        return RunSet(runs, complete=self.complete, skipped=self.skipped, names=self.names)

    def __repr__(self) -> str:
        sources = ", ".join(dict.fromkeys(run.source for run in self))
        more = "" if self.complete else "; there are more, filter() asks for those that fit"
        skipped = f"; {len(self.skipped)} could not be read, see .skipped" if self.skipped else ""
        return f"<RunSet of {len(self)} runs{' of ' + sources if sources else ''}{more}{skipped}>"

    def _repr_html_(self) -> str:
        return table(self, self.names)
