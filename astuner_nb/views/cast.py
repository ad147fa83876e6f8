"""The runs of a view as they came: what each is called, its mark and colour, and its hyper-parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from astuner_nb.analysis.differences import Config
from astuner_nb.charts.palette import colour
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import Parent
from astuner_nb.core.said import said
from astuner_nb.core.series import History
from astuner_nb.store.run import Run as StoredRun
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.colours import Colours
from astuner_nb.views.pictures.scene import Drawn
from astuner_nb.views.tables.configs import canonical_configs, plain_config
from astuner_nb.views.tables.notes import Notes, RunNotes
from astuner_nb.views.tables.shown import Counts, StateOf, counts, labels, left, own_name, shown, state_of
from astuner_nb.views.tables.sliders import Slider, sliders

HistoryOf = Callable[[Run], History]


class Cast:
    """All runs of a view. A run keeps its mark and its colour from the moment it came."""

    def __init__(self, notes: Notes | None = None, runs: Sequence[Run] = ()) -> None:
        """`runs` in the order in which they came, the oldest first."""
        self._notes = notes or Notes()
        self._written: dict[str, RunNotes] = {}
        self.configs: dict[str, Config] = {}
        """Run key → hyper-parameters under canonical names."""
        self.parents: dict[str, Parent] = {}
        """Run key → what it went on from, of those that did."""
        self._runs: dict[str, Run] = {}
        self._place: dict[str, int] = {}
        self._whole: dict[str, Config] = {}
        self._sliders: tuple[int, list[Slider]] = (0, [])
        self.add(*runs)

    def add(self, *runs: Run) -> None:
        """Take in these; one that is there already stays as it is."""
        for run in runs:
            if run.key not in self._runs:
                self._place[run.key] = len(self._place)
                self._runs[run.key] = run
        new = [run for run in runs if run.key not in self.configs]
        self.configs.update(canonical_configs(new))
        self.read_notes(new)
        self.parents.update({run.key: found for run in new if (found := _parent(run)) is not None})
        for run in new:
            described = {"source": run.source, "group": run.group}
            self._whole[run.key] = {**described, **plain_config(run.config), **self.configs[run.key]}

    def read_notes(self, runs: Sequence[Run] | None = None) -> bool:
        """Look what was written about `runs`; about all, where none are given. Returns whether that is news."""
        written = {run.key: self._notes.of(run) for run in (self.runs if runs is None else runs)}
        news = any(self._written.get(key) != notes for key, notes in written.items())
        self._written.update(written)
        return news

    def notes_of(self, run: Run) -> RunNotes:
        """What was written about `run` when that was last read."""
        return self._written[run.key]

    @property
    def runs(self) -> list[Run]:
        """The newest first."""
        return list(reversed(self._runs.values()))

    def __getitem__(self, key: str) -> Run:
        return self._runs[key]

    def get(self, key: str) -> Run | None:
        """The run `key`; None where there is none."""
        return self._runs.get(key)

    def __contains__(self, key: object) -> bool:
        return key in self._runs

    def __len__(self) -> int:
        return len(self._runs)

    def config_of(self, run: Run) -> Config:
        """Its hyper-parameters under own and canonical names, `source` and `group` among them."""
        return self._whole[run.key]

    def mark(self, key: str) -> str:
        """A few letters to tell it by, where there is little room: `#2`."""
        return f"#{self._place[key] + 1}"

    def colour(self, key: str, options: ViewOptions) -> str:
        """Its own colour: the one that a person chose, or that of its place."""
        return options.colors.get(key) or colour(self._place[key])

    def colours(self, options: ViewOptions) -> Colours:
        """What the colours of the view mean, over all runs."""
        return Colours(list(self._whole.values()), options)

    def origin(self, key: str) -> str:
        """What the run `key` went on from: `from #2 @ 120`; empty where it began by itself."""
        parent = self.parents.get(key)
        if parent is None:
            return ""
        name = self.mark(parent.key) if parent.key in self else parent.name
        return said("from {run} @ {step}", run=name, step=parent.step)

    def name(self, key: str, options: ViewOptions) -> str:
        """What a person calls it, or its name."""
        run = self._runs[key]
        return own_name(run, options, self.notes_of(run))

    def labels(self, options: ViewOptions) -> dict[str, str]:
        """Run key → what it is called, no two the same."""
        return labels(self.runs, options, self.notes_of)

    def shown(self, options: ViewOptions, state_of: StateOf = state_of) -> list[Run]:
        """Those that the view shows, the newest first."""
        return shown(self.runs, options, self.config_of, self.notes_of, state_of)

    def left(self, options: ViewOptions, state_of: StateOf = state_of) -> list[Run]:
        """Those that fit all conditions, those that a person hid among them; the newest first."""
        return left(self.runs, options, self.config_of, self.notes_of, state_of)

    def counts(self, options: ViewOptions, state_of: StateOf = state_of) -> Counts:
        """How many of how many are shown."""
        return counts(self.runs, options, self.config_of, self.notes_of, state_of)

    def sliders(self) -> list[Slider]:
        """What can be slid: a control for each hyper-parameter that varies among all runs."""
        if self._sliders[0] != len(self):
            self._sliders = (len(self), sliders(self.runs, self.configs))
        return self._sliders[1]

    def drawn(
        self, options: ViewOptions, history_of: HistoryOf, growing: AbstractSet[str] = frozenset()
    ) -> list[Drawn]:
        """All runs as a painter needs them, the oldest first; those in `growing` were seen running."""
        return [
            Drawn(
                key=key,
                mark=self.mark(key),
                name=self.name(key, options),
                colour=self.colour(key, options),
                config=self._whole[key],
                history=history_of(run),
                grows=key in growing,
                parent=self.parents.get(key),
            )
            for key, run in self._runs.items()
        ]


def _parent(run: Run) -> Parent | None:
    return run.parent if isinstance(run, StoredRun) else None


def lines(shown: Sequence[Run], options: ViewOptions) -> list[str]:
    """The keys of the runs that are drawn as lines: selected, baseline and pinned ones, then the newest.

    Where runs are grouped their means are what there is to see: members are faint lines, as many as else.
    """
    there = {run.key for run in shown}
    first = [key for key in (*options.selected, options.baseline, *options.pinned) if key in there]
    return list(dict.fromkeys([*first, *(run.key for run in shown)]))[: max(options.max_lines, len(set(first)))]


def needed(metrics: Sequence[str], x: str) -> list[str]:
    """What must be read to draw `metrics` over the axis `x`."""
    more: Mapping[str, tuple[str, ...]] = {
        "step": (),
        "time": (),
        "wall": (),
        "tokens": ("tokens_total", "tokens"),
        "samples": ("samples_total", "samples"),
    }
    return list(dict.fromkeys([*metrics, *more.get(x, (x,))]))
