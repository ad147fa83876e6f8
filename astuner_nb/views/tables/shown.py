"""Which runs a view shows, how many of how many that is, and what each is called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from astuner_nb.analysis.differences import Config, in_one_line
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import counted, joined, said
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, Condition
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.configs import ConfigOf
from astuner_nb.views.tables.notes import NO_NOTES, RunNotes

NotesOf = Callable[[Run], RunNotes]
StateOf = Callable[[Run], RunState]


def no_notes(_: Run) -> RunNotes:
    """What nobody wrote."""
    return NO_NOTES


def state_of(run: Run) -> RunState:
    """Where `run` stands; read from disk for runs of our own, so hand over what is known where there are many."""
    return run.state


def shown(
    runs: Iterable[Run],
    options: ViewOptions,
    config_of: ConfigOf,
    notes_of: NotesOf = no_notes,
    state_of: StateOf = state_of,
) -> list[Run]:
    """Those of `runs` that the view shows, in their order: they fit all conditions and are not hidden."""
    fitting = left(runs, options, config_of, notes_of, state_of)
    return [run for run in fitting if run.key not in options.hidden]


def left(
    runs: Iterable[Run],
    options: ViewOptions,
    config_of: ConfigOf,
    notes_of: NotesOf = no_notes,
    state_of: StateOf = state_of,
) -> list[Run]:
    """Those of `runs` that fit all conditions, those that a person hid among them.

    Tags are those of the tracker and a person's own; a name fits by any that the run goes by.
    """
    return [
        run
        for run in runs
        if (not options.states or state_of(run) in options.states)
        and (not options.name or any(fnmatchcase(name, options.name) for name in _names(run, options, notes_of)))
        and (not options.tags or set(options.tags) <= {*run.tags, *notes_of(run).tags})
        and (not options.filters or _fits(options.filters, config_of(run)))
    ]


@dataclass(frozen=True)
class Counts:
    """How many runs of how many are left."""

    shown: int
    of: int
    hidden: int
    """How many fit and were put out of sight by a person."""
    why: str = ""
    """Where none is left: which condition to let go of."""

    @property
    def words(self) -> str:
        """One sentence."""
        if not self.of:
            return said("There are no runs.")
        if self.shown == self.of:
            return counted(self.of, "The only run is shown.", "All {n} runs are shown.")
        hidden = said(", {n} hidden", n=f"{self.hidden:,}") if self.hidden else ""
        left = said("{n} of {of} runs are left{hidden}.", n=f"{self.shown:,}", of=f"{self.of:,}", hidden=hidden)
        return joined([left, self.why])


def counts(
    runs: Sequence[Run],
    options: ViewOptions,
    config_of: ConfigOf,
    notes_of: NotesOf = no_notes,
    state_of: StateOf = state_of,
) -> Counts:
    """How many of `runs` are shown, and why none is where none is."""
    fitting = left(runs, options, config_of, notes_of, state_of)
    hidden = sum(run.key in options.hidden for run in fitting)
    if fitting or not runs:
        why = said("All that fit are hidden.") if hidden and hidden == len(fitting) else ""
        return Counts(len(fitting) - hidden, len(runs), hidden, why)
    for what, fewer in _without_each(options):
        if others := left(runs, fewer, config_of, notes_of, state_of):
            without = said("Without the condition on {what} there would be {n}.", what=what, n=f"{len(others):,}")
            return Counts(0, len(runs), 0, without)
    return Counts(0, len(runs), 0, said("Letting go of one condition is not enough; clear them all to begin again."))


def labels(runs: Sequence[Run], options: ViewOptions, notes_of: NotesOf = no_notes) -> dict[str, str]:
    """Run key → what it is called, no two the same: where names are, their source, id or a number stands behind."""
    called = {run.key: own_name(run, options, notes_of(run)) for run in runs}
    called = _told_apart(called, {run.key: run.source for run in runs})
    called = _told_apart(called, {run.key: run.id for run in runs})
    times: Counter[str] = Counter()
    found: dict[str, str] = {}
    for key, name in called.items():
        label = name
        while label in found:
            times[name] += 1
            label = f"{name} ({times[name] + 1})"
        found[label] = key
    return {key: label for label, key in found.items()}


def own_name(run: Run, options: ViewOptions, notes: RunNotes = NO_NOTES) -> str:
    """What a person calls `run`, in this view or anywhere; else its name."""
    return options.names.get(run.key) or notes.name or run.name


def pinned_first(runs: Iterable[Run], options: ViewOptions) -> list[Run]:
    """`runs` with the pinned ones first, in the order in which they were pinned."""
    place = {key: index for index, key in enumerate(options.pinned)}
    return sorted(runs, key=lambda run: place.get(run.key, len(place)))


def _names(run: Run, options: ViewOptions, notes_of: NotesOf) -> tuple[str, str]:
    return run.name, own_name(run, options, notes_of(run))


def _told_apart(called: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """`called`, with what `more` says behind those that are called the same, where that tells them apart."""
    ways: dict[str, set[str]] = {}
    for key, name in called.items():
        ways.setdefault(name, set()).add(more[key])
    return {key: f"{name} · {more[key]}" if len(ways[name]) > 1 else name for key, name in called.items()}


def _fits(filters: Mapping[str, Condition], config: Config) -> bool:
    return all(name in config and condition.fits(config[name]) for name, condition in filters.items())


def _without_each(options: ViewOptions) -> Iterable[tuple[str, ViewOptions]]:
    """Each condition in words, and the options without it."""
    for name, condition in options.filters.items():
        yield said("{name} ({values})", name=in_one_line(name), values=_words(condition)), options.without_filter(name)
    if options.name:
        yield said("the name ({name})", name=in_one_line(options.name)), replace(options, name="")
    if options.states:
        yield (
            said("the state ({states})", states=", ".join(sorted(options.states))),
            replace(options, states=frozenset()),
        )
    if options.tags:
        yield said("tags ({tags})", tags=in_one_line(", ".join(options.tags))), replace(options, tags=())


def _words(condition: Condition) -> str:
    if isinstance(condition, Between):
        return f"{condition.low:g} … {condition.high:g}"
    return in_one_line(", ".join(map(in_one_line, condition.values))) or said("none of all values")
