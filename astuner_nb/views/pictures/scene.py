"""What one picture is made of: runs, their curves, which are seen, which are lines, how faint and how far in front."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from astuner_nb.analysis.differences import Config
from astuner_nb.core.run import Parent
from astuner_nb.core.said import joined, said
from astuner_nb.core.series import History
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.colours import Colours
from astuner_nb.views.pictures.crowd import WORDS
from astuner_nb.views.pictures.curves import Curve, points_for
from astuner_nb.views.pictures.groups import group_of, shortened

UNSELECTED = 0.25
"""Opacity of all but the selected runs."""
MOST_GROUPS = 24
NONE_OF_ONE = "The run has no {metric}{why}"
NONE_OF_SOME = "{n} of {of} runs has no {metric}{why}", "{n} of {of} runs have no {metric}{why}"
BELOW_OF_ONE = "The run reaches 0 or less, which a logarithmic axis leaves out."
BELOW_OF_SOME = (
    "{n} of {of} runs reaches 0 or less, which a logarithmic axis leaves out.",
    "{n} of {of} runs reach 0 or less, which a logarithmic axis leaves out.",
)
"""Of one run, and of several."""


@dataclass(frozen=True, eq=False)
class Drawn:
    """One run as a picture needs it."""

    key: str
    mark: str
    """A few letters to tell it by: `#2`."""
    name: str
    colour: str
    """Its own colour, `#rrggbb`."""
    config: Config
    """Hyper-parameters under canonical and own names, `source` and `group` among them."""
    history: History
    """Its curves, under canonical names."""
    grows: bool = False
    """Whether it was seen running: then all of its points are drawn, so that more can follow."""
    parent: Parent | None = None
    """What it went on from."""

    @property
    def label(self) -> str:
        """Mark and name."""
        return f"{self.mark} {self.name}"


@dataclass(frozen=True, eq=False)
class Found:
    """One metric of one run: the curve, or why there is none."""

    run: Drawn
    name: str
    made: Curve | str

    @property
    def curve(self) -> Curve:
        assert isinstance(self.made, Curve)
        return self.made

    @property
    def is_drawable(self) -> bool:
        return isinstance(self.made, Curve) and self.made.is_drawable


class Scene:
    """What one picture is made of."""

    def __init__(
        self,
        metric: str,
        runs: Sequence[Drawn],
        shown: AbstractSet[str],
        lines: Sequence[str],
        options: ViewOptions,
        found: Mapping[str, list[Found]],
    ) -> None:
        self.metric, self.runs, self.shown, self.options, self.found = metric, runs, shown, options, found
        self.colours = Colours([run.config for run in runs], options)
        self.order = {key: place for place, key in enumerate(lines)}
        self.points = points_for(len(runs))
        self.all = [each for of_run in found.values() for each in of_run if each.is_drawable]
        self.seen = [each for each in self.all if each.run.key in shown]
        self.fronts = set(options.selected) & set(shown)

    def is_line(self, run: Drawn) -> bool:
        """Whether `run` is drawn by itself."""
        return run.key in self.order and run.key in self.shown

    def may_come(self, run: Drawn) -> bool:
        """Whether `run` is no line now, but may be one after a filter moved."""
        return run.key not in self.order and run.key not in self.options.hidden

    def fade(self, *keys: str) -> float:
        """How faint runs are while others are selected."""
        return 1.0 if not self.fronts or self.fronts & set(keys) else UNSELECTED

    def layer(self, key: str) -> int:
        """How far to the front a run lies."""
        return 3 if key in self.fronts else 2 if key == self.options.baseline else 1

    def words(self) -> str:
        """What is not drawn, and what the background stands for."""
        return joined([*self._unknown(), *self._behind(), *self._missing(), *self._below_log()])

    def _unknown(self) -> list[str]:
        """What is grouped or coloured by and no run has."""
        color = self.options.color
        asked = [*self.options.group, *([color] if color not in ("run", "source", "group") else [])]
        configs = [run.config for run in self.runs]
        lost = [name for name in dict.fromkeys(asked) if configs and not any(name in config for config in configs)]
        return [said("No run has a hyper-parameter {name}.", name=repr(shortened(name, 40))) for name in lost]

    def _behind(self) -> list[str]:
        if self.options.group:
            groups = len({group_of(self.options.group, each.run.config) for each in self.seen})
            some = said("The {most} largest of {n} groups are drawn.", most=MOST_GROUPS, n=f"{groups:,}")
            return [some] if groups > MOST_GROUPS else []
        behind = len({each.run.key for each in self.seen if not self.is_line(each.run)})
        return [said(WORDS, lines=len(self.order), n=f"{behind:,}")] if behind else []

    def _missing(self) -> list[str]:
        begun = [run for run in self.runs if run.key in self.shown and (run.history or not run.grows)]
        without = [run for run in begun if not self._is_drawn(run)]
        reasons = Counter(next(self._reasons(run), "") for run in without)
        return [self._none_of(count, reason) for reason, count in sorted(reasons.items())]

    def _none_of(self, runs: int, reason: str) -> str:
        why = said(" here: {reason}", reason=reason) if reason else said(".")
        template = NONE_OF_ONE if len(self.shown) < 2 else NONE_OF_SOME[runs != 1]
        return said(template, n=f"{runs:,}", of=f"{len(self.shown):,}", metric=self.metric, why=why)

    def _below_log(self) -> list[str]:
        """What a logarithmic axis has no place for."""
        if not self.options.log_y:
            return []
        runs = len({each.run.key for each in self.seen if bool((each.curve.y <= 0).any())})
        template = BELOW_OF_ONE if len(self.shown) < 2 else BELOW_OF_SOME[runs != 1]
        return [said(template, n=f"{runs:,}", of=f"{len(self.shown):,}")] if runs else []

    def _is_drawn(self, run: Drawn) -> bool:
        return any(each.is_drawable for each in self.found[run.key])

    def _reasons(self, run: Drawn) -> Iterator[str]:
        for each in self.found[run.key]:
            yield each.made if isinstance(each.made, str) else said("nothing but NaN was logged.")
