"""What mattered: hyper-parameters and outcomes of the runs shown, linked with the selection made anywhere else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain

import ipywidgets as ipw

from astuner_nb.analysis.differences import Config
from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.said import joined, said
from astuner_nb.views.mattered.outcomes import (
    MOST_AXES,
    Outcomes,
    Parallel,
    ShownRun,
    What,
    column,
    importance_of,
    outcomes,
    parallel,
)
from astuner_nb.views.mattered.parallel_axis import ParallelAxis, axis, outcome_axis
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.summaries import metric_titles, table_metrics
from astuner_nb.widgets.importance_work import ImportanceWork
from astuner_nb.widgets.later import Later
from astuner_nb.widgets.mattered_page import MatteredPage, axis_state

KEPT_GENERATIONS = 4
"""So many lists of runs are remembered: a page may speak of one that has just been replaced."""

SHARES = "Of {n} hyper-parameters with an axis above, for {outcome} of {runs} runs."

Offer = tuple[str, str, What]
"""Title, metric, best or last."""


class Mattered:
    """Parallel coordinates, a scatter and importance. Everything here runs in the monitor's thread."""

    def __init__(
        self,
        later: Later,
        on_select: Callable[[Sequence[str]], None],
        names: Aliases | None = None,
        language: Language = ENGLISH,
    ) -> None:
        """
        Args:
            later: makes of a function what an observer may call.
            on_select: called with the keys of all selected runs, in the monitor's thread, when a person selects here.
            names: how metrics and hyper-parameters are called; the usual ones where not given.
        """
        self._on_select, self._language = on_select, language
        self._names = names or aliases()
        self._runs: tuple[ShownRun, ...] = ()
        self._options = ViewOptions()
        self._wanted = ""  # title of the outcome that a person chose
        self._chosen: tuple[str, ...] = ()
        self._across = ""
        self._picture = _Picture.of_nothing()
        self._generations: deque[tuple[int, tuple[str, ...]]] = deque(maxlen=KEPT_GENERATIONS)
        self._work = ImportanceWork(later, self._show_importance)
        self._page = MatteredPage(later(self._heard), language.page("mattered"))
        self._verbs: Mapping[str, Callable[[object], None]] = {
            "outcome": self._choose_outcome,
            "axes": self._choose_axes,
            "across": self._choose_across,
            "select": self._select,
            "compute": self._compute,
        }
        self.widget: ipw.Widget = self._page

    def paint(self, runs: Sequence[ShownRun], options: ViewOptions) -> None:
        """Show `runs`, those that `options` select emphasised. Cheap when nothing changed, and sends only changes."""
        same = len(runs) == len(self._runs) and all(one is other for one, other in zip(runs, self._runs, strict=True))
        if same and options is self._options:
            return
        selection_only = same or tuple(runs) == self._runs
        self._runs, before, self._options = tuple(runs), self._options, options
        if selection_only and options.metrics == before.metrics and self._generations:
            self._page.show(selected=self._selected_places())
        else:
            self._repaint()

    def close(self) -> None:
        """Close the widget; a computation that goes on is forgotten."""
        self._work.close()
        self._page.close()

    # What the page is told.

    def _repaint(self) -> None:
        offers = self._offers()
        title, metric, what = next((one for one in offers if one[0] == self._wanted), offers[0] if offers else _NOTHING)
        summaries = {run.key: run.summary for run in self._runs}
        found = outcomes(self._runs, summaries, metric, what)
        self._picture = self._picture.changed(self._runs, found, self._names, self._chosen)
        picture = self._picture.parallel
        across = self._shown_across()
        self._page.show(
            runs=self._runs_state(found),
            axes=[axis_state(one) for one in picture.axes[:-1]],
            outcome={**axis_state(picture.axes[-1]), "name": self._language.of(title)} if found.values else {},
            across=axis_state(across) if across is not None else {},
            selected=self._selected_places(),
            menu={
                "outcomes": [one[0] for one in offers],
                "titles": [self._language.of(one[0]) for one in offers],
                "outcome": title,
                "names": list(picture.varying),
                "axes": [one.name for one in picture.axes[:-1]],
                "chosen": bool(self._chosen),
                "most": MOST_AXES,
                "words": self._language.of(self._words(found)),
            },
            importance=self._importance_state(),
        )

    def _offers(self) -> list[Offer]:
        """The outcomes there are, those of the table first; of a metric without a direction only the last."""
        found = {run.key: run.summary for run in self._runs}
        there = dict.fromkeys(chain.from_iterable(found.values()))
        first = [name for name in table_metrics(found, self._options, self._names) if name in there]
        metrics = list(dict.fromkeys([*first, *there]))
        directed = {name for name in metrics if self._names.describe(name).better != "neither"}
        titles = [
            (title, metric, "best" if what == "best" else "last") for title, metric, what in metric_titles(metrics)
        ]
        offers: list[Offer] = [one for one in titles if one[2] == "last" or one[1] in directed]  # type: ignore[misc]
        return sorted(offers, key=lambda one: (metrics.index(one[1]), one[2] == "last"))

    def _runs_state(self, found: Outcomes) -> dict[str, object]:
        """Labels and colours of the runs that have an outcome, under a number of their own."""
        kept = found.kept(self._runs)
        keys = tuple(run.key for run in kept)
        if not self._generations or self._generations[-1][1] != keys:
            self._generations.append((self._generations[-1][0] + 1 if self._generations else 1, keys))
        return {
            "generation": self._generations[-1][0],
            "labels": [run.label for run in kept],
            "colours": [run.colour for run in kept],
        }

    def _selected_places(self) -> list[int]:
        chosen = set(self._options.selected)
        return [place for place, key in enumerate(self._generations[-1][1]) if key in chosen]

    def _shown_across(self) -> ParallelAxis | None:
        """The hyper-parameter of the scatter: the chosen one, else the first that has an axis."""
        picture = self._picture.parallel
        shown = {one.name: one for one in picture.axes[:-1]}
        if self._across in shown or self._across not in picture.varying:
            return shown.get(self._across) or next(iter(shown.values()), None)
        return self._picture.axis(self._across)

    def _words(self, found: Outcomes) -> str:
        if not self._runs:
            return said("No runs are shown.")
        if not found.metric:
            return said("None of these runs has a metric yet.")
        picture = self._picture.parallel
        same = said("No hyper-parameter varies among these runs.") if found.values and not picture.varying else ""
        return joined([same, picture.left_out, picture.more])

    def _show_importance(self) -> None:
        self._page.show(importance=self._importance_state())

    def _importance_state(self) -> dict[str, object]:
        answer = self._work.answer
        old = answer.state in ("ready", "refused") and answer.about != self._picture.about
        words = answer.words
        if answer.state == "ready":
            words = self._picture.described(len(answer.shares))
        if old:
            words = said("This was computed for other runs or another outcome; compute it again.")
        return {
            "state": answer.state,
            "old": old,
            "words": self._language.of(words),
            "bars": [list(one) for one in answer.shares],
        }

    # What a person does. The page's words are checked: anything may arrive over a comm.

    def _heard(self, verb: str, value: object) -> None:
        if verb in self._verbs:
            self._verbs[verb](value)

    def _choose_outcome(self, title: object) -> None:
        if isinstance(title, str):
            self._wanted = title
            self._repaint()

    def _choose_axes(self, names: object) -> None:
        """Show these hyper-parameters, at most `MOST_AXES`; the usual ones where there is none."""
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            self._chosen = tuple(dict.fromkeys(names))[:MOST_AXES]
            self._repaint()

    def _choose_across(self, name: object) -> None:
        if isinstance(name, str):
            self._across = name
            self._repaint()

    def _select(self, value: object) -> None:
        """Select the runs at these places of the list that the page had."""
        if not isinstance(value, dict) or not isinstance(value.get("places"), list):
            return
        for generation, keys in self._generations:
            if generation == value.get("generation"):
                places = (one for one in value["places"] if isinstance(one, int) and 0 <= one < len(keys))
                self._on_select([keys[place] for place in places])

    def _compute(self, _: object) -> None:
        self._work.ask(self._picture.computation(self._names), self._picture.about)
        self._show_importance()


_NOTHING: Offer = ("", "", "last")


class _Picture:
    """Parallel coordinates of some runs, kept as long as configurations and choices are the same."""

    def __init__(self, kept: Sequence[ShownRun], found: Outcomes, chosen: tuple[str, ...], drawn: Parallel) -> None:
        self._kept, self._found, self._chosen, self.parallel = kept, found, chosen, drawn

    @classmethod
    def of_nothing(cls) -> _Picture:
        """The picture of no runs."""
        nothing = Outcomes("", "last", {}, 0)
        return cls((), nothing, (), parallel((), {}, nothing))

    @property
    def about(self) -> tuple[object, ...]:
        """What an answer about importance is an answer to."""
        found = self._found
        return found.title, frozenset(found.values.items()), tuple(one.name for one in self.parallel.axes[:-1])

    def changed(self, runs: Sequence[ShownRun], found: Outcomes, names: Aliases, chosen: tuple[str, ...]) -> _Picture:
        """The picture of `runs`; where only outcomes are new, hyper-parameters are not looked at again."""
        kept = found.kept(runs)
        alike = chosen == self._chosen and len(kept) == len(self._kept)
        if alike and all(one.config is other.config for one, other in zip(kept, self._kept, strict=True)):
            outcome = outcome_axis(found.title, [found.values[run.key] for run in kept])
            drawn = replace(
                self.parallel,
                axes=(*self.parallel.axes[:-1], outcome),
                keys=tuple(run.key for run in kept),
                left_out=found.left_out,
            )
        else:
            drawn = parallel(kept, _configs(kept), found, names, chosen=chosen)
        return _Picture(kept, found, chosen, drawn)

    def axis(self, name: str) -> ParallelAxis:
        """The axis of any hyper-parameter."""
        return axis(name, column(self._kept, _configs(self._kept), name))

    def computation(self, names: Aliases) -> Callable[[], dict[str, float]]:
        """What computes the importance of the hyper-parameters that have an axis, in any thread."""
        shown = [one.name for one in self.parallel.axes[:-1]]
        kept, found = self._kept, self._found
        return lambda: importance_of(kept, _configs(kept), found, names, chosen=shown)

    def described(self, count: int) -> str:
        """What shares are of."""
        runs = len(self._kept)
        left_out = len(self.parallel.axes) - 1 - count
        more = said("{n} left out: missing in some runs, and many different values.", n=left_out)
        return joined(
            [said(SHARES, n=count, outcome=self._found.title, runs=f"{runs:,}"), more if left_out > 0 else ""]
        )


def _configs(runs: Sequence[ShownRun]) -> dict[str, Config]:
    return {run.key: run.config for run in runs}
