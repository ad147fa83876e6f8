"""Which hyper-parameters an outcome goes with: parallel coordinates, a scatter and importance, as plain data.

An outcome is the best or the last value of one metric. Runs that have none, or one that is no finite number, are left
out of all three and counted in a sentence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Literal, Protocol, TypeVar

from astuner_nb.analysis import differences
from astuner_nb.analysis.differences import MISSING, Config, Found, kind_of, number_in, sameness
from astuner_nb.analysis.importance import importance
from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.said import counted, said
from astuner_nb.views.mattered.parallel_axis import ParallelAxis, axis, outcome_axis
from astuner_nb.views.tables.sliders import MOST_CHOICES
from astuner_nb.views.tables.summaries import Summaries, Summary, outcome_title, value_of

if TYPE_CHECKING:
    import pandas as pd

MOST_AXES = 12
"""Hyper-parameters that stand side by side; more cannot be read."""
LEFT_OUT_OF_SOME = "{n} of {of} runs are left out: no {outcome} that is a finite number."
LEFT_OUT_OF_ONE = "The run is left out: no {outcome} that is a finite number."

What = Literal["best", "last"]


class Keyed(Protocol):
    """A run, as far as it matters here."""

    @property
    def key(self) -> str: ...


AnyRun = TypeVar("AnyRun", bound=Keyed)


@dataclass(frozen=True)
class ShownRun:
    """One run as a view shows it."""

    key: str
    label: str
    colour: str
    """`#rrggbb`"""
    config: Config
    """Under canonical names."""
    summary: Mapping[str, Summary]
    """Metric → what its curve says."""


@dataclass(frozen=True)
class Outcomes:
    """What came out of runs."""

    metric: str
    what: What
    values: Mapping[str, float]
    """Run key → a finite number; without runs that have none."""
    of: int
    """How many runs were looked at."""

    @property
    def title(self) -> str:
        """`reward best`, as the table's column is called."""
        return outcome_title(self.metric, self.what)

    @property
    def left_out(self) -> str:
        """A sentence about runs without an outcome; empty where all have one."""
        without = self.of - len(self.values)
        if not without:
            return ""
        template = LEFT_OUT_OF_SOME if self.values or self.of > 1 else LEFT_OUT_OF_ONE
        return said(template, n=f"{without:,}", of=f"{self.of:,}", outcome=self.title)

    def kept(self, runs: Sequence[AnyRun]) -> list[AnyRun]:
        """Those of `runs` that have an outcome, in their order."""
        return [run for run in runs if run.key in self.values]


@dataclass(frozen=True, eq=False)
class Parallel:
    """Parallel coordinates: each run is a line over all axes."""

    axes: tuple[ParallelAxis, ...]
    """Hyper-parameters that vary, canonical ones first; the outcome last."""
    keys: tuple[str, ...]
    """The runs, in the order of the axes' values."""
    varying: tuple[str, ...] = ()
    """All hyper-parameters that vary among these runs, those without an axis too."""
    more: str = ""
    """A sentence about hyper-parameters that vary and have no axis; empty where there is none."""
    left_out: str = ""
    """A sentence about runs that have no outcome; empty where all have one."""


@dataclass(frozen=True, eq=False)
class Scatter:
    """One hyper-parameter against the outcome."""

    x: ParallelAxis
    y: ParallelAxis
    keys: tuple[str, ...] = field(default=())
    """The runs, in the order of the axes' values."""


def outcomes(runs: Sequence[Keyed], summaries: Summaries, metric: str, what: What) -> Outcomes:
    """The best or the last of `metric` of each of `runs` that has it."""
    found = {run.key: value_of(summaries.get(run.key, {}).get(metric), what) for run in runs}
    finite = {key: value for key, value in found.items() if value is not MISSING and math.isfinite(value)}
    return Outcomes(metric, what, finite, len(found))


def required_outcomes(
    runs: Sequence[Keyed], summaries: Summaries, metric: str, what: What | None = None, names: Aliases | None = None
) -> Outcomes:
    """The same for a script; `what` is the best where one direction is better, else the last.

    Raises:
        BadValue: where no run has such an outcome.
    """
    usual: What = "last" if (names or aliases()).describe(metric).better == "neither" else "best"
    if what not in (None, "best", "last"):
        raise BadValue(f"An outcome is the best or the last of a metric, got {what!r}. Give 'best' or 'last'.")
    found = outcomes(runs, summaries, metric, what or usual)
    if not runs:
        raise BadValue("There are no runs that are shown. Add some, or let go of a filter.")
    if not found.values:
        there = sorted({name for run in runs for name in summaries.get(run.key, {})})
        raise BadValue(
            f"None of {len(runs):,} runs has a {found.title} that is a finite number. "
            f"Give one of their metrics ({', '.join(there) or 'they have none yet'}), or 'last'."
        )
    return found


def varying(runs: Sequence[Keyed], configs: Mapping[str, Config], names: Aliases | None = None) -> list[str]:
    """The hyper-parameters that are not the same in all of `runs`, in the order of `configs.differing`."""
    of_runs = [configs[run.key] for run in runs]
    order = {name: place for place, name in enumerate((names or aliases()).hyper_parameters)}

    def rank(name: str) -> tuple[int, int]:
        place = order.get(name, len(order))
        missing = place == len(order) and any(name not in config for config in of_runs)
        return place, missing + (missing and not _is_varied(column(runs, configs, name)))

    return sorted(differences.differing(of_runs), key=rank)


def usual(runs: Sequence[Keyed], configs: Mapping[str, Config], found: Iterable[str]) -> Iterator[str]:
    """Those of `found` worth an axis: numbers, and at most `MOST_CHOICES` others; not a path or an id of each run."""
    return (name for name in found if _is_worth_an_axis(column(runs, configs, name)))


def parallel(
    runs: Sequence[Keyed],
    configs: Mapping[str, Config],
    found: Outcomes,
    names: Aliases | None = None,
    *,
    chosen: Sequence[str] = (),
    most: int = MOST_AXES,
) -> Parallel:
    """Parallel coordinates of those `runs` that have an outcome.

    Args:
        runs: in the order in which they shall stand.
        configs: run key → canonical configuration.
        found: their outcomes.
        names: which hyper-parameters are canonical, and in which order.
        chosen: hyper-parameters that a person wants to see instead of the usual ones; what does not vary is left out.
        most: how many axes there may be besides that of the outcome.
    """
    kept = found.kept(runs)
    differing = varying(kept, configs, names)
    wanted = [name for name in chosen if name in differing] or usual(kept, configs, differing)
    shown = list(islice(wanted, most))
    return Parallel(
        axes=(
            *(axis(name, column(kept, configs, name)) for name in shown),
            outcome_axis(found.title, [found.values[run.key] for run in kept]),
        ),
        keys=tuple(run.key for run in kept),
        varying=tuple(differing),
        more=_more(len(differing) - len(shown)),
        left_out=found.left_out,
    )


def scatter(runs: Sequence[Keyed], configs: Mapping[str, Config], found: Outcomes, name: str) -> Scatter:
    """The hyper-parameter `name` against the outcome, of those `runs` that have one."""
    kept = found.kept(runs)
    outcome = outcome_axis(found.title, [found.values[run.key] for run in kept])
    return Scatter(axis(name, column(kept, configs, name)), outcome, tuple(run.key for run in kept))


def importance_of(
    runs: Sequence[Keyed],
    configs: Mapping[str, Config],
    found: Outcomes,
    names: Aliases | None = None,
    *,
    chosen: Sequence[str] | None = None,
) -> dict[str, float]:
    """Hyper-parameter → its share of what each explains of the outcome. Seconds: not for the thread that paints.

    Args:
        chosen: the hyper-parameters to look at; where not given, all that have two values or more and are worth an
            axis. One with more than `MOST_CHOICES` different values is left out where they are not numbers in all runs.

    Raises:
        BadValue: where there are too few runs for so many hyper-parameters, or nothing varies.
        NotInstalled: without Optuna or scikit-learn.
    """
    kept = found.kept(runs)
    varied = (name for name in varying(kept, configs, names) if _is_varied(column(kept, configs, name)))
    wanted = usual(kept, configs, varied) if chosen is None else chosen
    values = [found.values[run.key] for run in kept]
    columns = {name: column(kept, configs, name) for name in wanted}
    return importance({name: of_runs for name, of_runs in columns.items() if _can_explain(of_runs)}, values)


def importance_series(
    runs: Sequence[Keyed],
    configs: Mapping[str, Config],
    summaries: Summaries,
    metric: str,
    what: What | None = None,
    names: Aliases | None = None,
    *,
    chosen: Sequence[str] | None = None,
) -> pd.Series[float]:
    """`importance_of` as a pandas series, the largest first. Raises as that does, and where no run has the outcome."""
    import pandas as pd

    found = required_outcomes(runs, summaries, metric, what, names)
    shares = importance_of(runs, configs, found, names, chosen=chosen)
    index = pd.Index(list(shares), name="hyper-parameter", dtype=object)
    return pd.Series(list(shares.values()), index=index, name=found.title, dtype=float)


def parallel_frame(
    runs: Sequence[Keyed],
    configs: Mapping[str, Config],
    summaries: Summaries,
    metric: str,
    what: What | None = None,
    names: Aliases | None = None,
) -> pd.DataFrame:
    """One row for each run that has the outcome: all hyper-parameters that vary, canonical ones first, and the outcome.

    Index: the run's key. A hyper-parameter that is called like the outcome gets `config.` before it.

    Raises:
        BadValue: where no run has the outcome.
    """
    import pandas as pd

    found = required_outcomes(runs, summaries, metric, what, names)
    kept = found.kept(runs)
    index = pd.Index([run.key for run in kept], name="key", dtype=object)
    data = {}
    for name in varying(kept, configs, names):
        values = [None if value is MISSING else value for value in column(kept, configs, name)]
        data[f"config.{name}" if name == found.title else name] = pd.Series(values, index=index)
    data[found.title] = pd.Series([found.values[run.key] for run in kept], index=index, dtype=float)
    return pd.DataFrame(data, index=index)


def column(runs: Sequence[Keyed], configs: Mapping[str, Config], name: str) -> list[Found]:
    """The value of `name` in each of `runs`, `MISSING` where it has none."""
    return [configs[run.key].get(name, MISSING) for run in runs]


def _is_worth_an_axis(values: Sequence[Found]) -> bool:
    if kind_of(values) != "choice":
        return True
    return len({sameness(value) for value in values if value is not MISSING}) <= MOST_CHOICES


def _is_varied(values: Sequence[Found]) -> bool:
    """Whether the runs that have it differ: a trainer writes hundreds of keys that another does not know."""
    return len({sameness(value) for value in values if value is not MISSING}) > 1


def _can_explain(values: Sequence[Found]) -> bool:
    """Whether fANOVA can look at it: what is missing somewhere is a category to it, and of many it never comes back."""
    numbers = [number_in(value) for value in values]
    if all(number is not None and math.isfinite(number) for number in numbers):
        return True
    return len(set(map(sameness, values))) <= MOST_CHOICES


def _more(count: int) -> str:
    if not count:
        return ""
    return counted(
        count,
        "{n} more hyper-parameter varies; choose which have an axis.",
        "{n} more hyper-parameters vary; choose which have an axis.",
    )
