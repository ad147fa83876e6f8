"""How runs are compared: which are shown, how they are drawn, what the table has. What changes it returns a copy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Self

from astuner_nb.core.errors import BadValue
from astuner_nb.core.protocols import Run
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Condition, where
from astuner_nb.views.options import text as view_text
from astuner_nb.views.options import values as values

Which = Run | str
"""A run, or its key."""


@dataclass(frozen=True, kw_only=True)
class ViewOptions:
    """All that a person chose. Every value is checked: `BadValue` says what, which value, and what is allowed."""

    metrics: tuple[str, ...] = ()
    """Canonical names or own keys, a figure each; empty for those that are found."""
    filters: Mapping[str, Condition] = field(default_factory=dict)
    """Hyper-parameter, under its canonical name or the tracker's own → what its value must be."""
    name: str = ""
    """A pattern with `*`, `?` and `[…]` for the names of runs; empty for all."""
    states: frozenset[RunState] = frozenset()
    """Only runs in one of these; empty for all."""
    tags: tuple[str, ...] = ()
    """Only runs with all of these."""
    hidden: frozenset[str] = frozenset()
    """Keys of runs that a person put out of sight."""
    pinned: tuple[str, ...] = ()
    """Keys of runs that stay at the top of the table, in this order."""
    selected: tuple[str, ...] = ()
    """Keys of runs that are emphasised everywhere."""
    baseline: str = ""
    """Key of the run that all others are compared with; empty for none."""
    color: str = "run"
    """What colours stand for: `run`, `source`, `group` or a hyper-parameter."""
    group: tuple[str, ...] = ()
    """Hyper-parameters whose equal values make a group; `source` and `group`, the tracker's own, may be among them."""
    band: str = "std"
    """What is drawn around the mean of a group: `std`, `minmax`, `sem`, `ci95` or `none`."""
    x: str = "step"
    """`step`, `time` (seconds since a run's first point), `wall` (since 1970), `tokens`, `samples`, or any metric."""
    log_x: bool = False
    """Whether the x axis is logarithmic."""
    log_y: bool = False
    """Whether the y axes are."""
    smooth: str = "none"
    """`none`, `ema` (debiased), `twema` (time-weighted), `gaussian` or `mean`; for the eye only."""
    amount: float = 0.0
    """How much of it: a weight below 1 for `ema` and `twema`, a width in points for `gaussian` and `mean`."""
    clip: bool = False
    """Whether the y axis leaves outliers out."""
    read: bool = True
    """Whether curves are read: phases and findings on the figures, a phrase in the table."""
    sort: tuple[str, bool] = ("", False)
    """Column of the table, and whether it descends; an empty one leaves the runs in the order in which they come."""
    columns: tuple[str, ...] = ()
    """What the table has besides: hyper-parameters, `project`, `finished`, `id`, a metric at a step: `reward @ 100`."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Run key → how a person calls it in this view."""
    colors: Mapping[str, str] = field(default_factory=dict)
    """Run key → `#rrggbb`."""
    max_lines: int = 30
    """How many runs are drawn as lines, selected and pinned ones first; the rest is a quiet background."""

    def __post_init__(self) -> None:
        for name, check in CHECKS.items():
            object.__setattr__(self, name, check(name, getattr(self, name)))
        values.amount(self.smooth, self.amount)

    def with_metrics(self, *metrics: str) -> Self:
        """Figures for these metrics; for those that are found where none is given."""
        return replace(self, metrics=metrics)

    def with_filter(
        self,
        state: str | Sequence[str] = (),
        name: str = "",
        tag: str | Sequence[str] = (),
        config: Mapping[str, object] | None = None,
        **more: object,
    ) -> Self:
        """These conditions beside those there are, in the place of those on the same thing. See `RunSet.filter`."""
        wanted = where(state, name, tag, config, **more)
        return replace(
            self,
            filters={**self.filters, **wanted.config},
            states=wanted.states or self.states,
            name=wanted.name or self.name,
            tags=wanted.tags or self.tags,
        )

    def without_filter(self, *hyper_parameters: str) -> Self:
        """No conditions on these; none at all, on names, states and tags neither, where none is given."""
        if not hyper_parameters:
            return replace(self, filters={}, states=frozenset(), name="", tags=())
        kept = {name: condition for name, condition in self.filters.items() if name not in hyper_parameters}
        return replace(self, filters=kept)

    def with_search(self, words: str) -> Self:
        """Only runs in whose name `words` stand; a pattern is taken as it is, and an empty text finds all."""
        found = values.text("what is searched for", words).strip()
        pattern = found if not found or any(sign in found for sign in "*?[") else f"*{found}*"
        return replace(self, name=pattern)

    def with_group(self, *by: str, band: str | None = None) -> Self:
        """Runs with equal values of these are one curve with a band; no groups where none is given."""
        return replace(self, group=by, band=self.band if band is None else band)

    def with_color(self, by: str) -> Self:
        """Colours by `run`, `source`, `group` or a hyper-parameter."""
        return replace(self, color=by)

    def with_x(self, x: str, log: bool | None = None) -> Self:
        """Another x axis; `log` as it was where not given."""
        return replace(self, x=x, log_x=self.log_x if log is None else log)

    def with_y(self, log: bool | None = None, clip: bool | None = None) -> Self:
        """A logarithmic y axis or not, outliers clipped or not; as it was where not given."""
        return replace(self, log_y=self.log_y if log is None else log, clip=self.clip if clip is None else clip)

    def with_smooth(self, kind: str, amount: float | None = None) -> Self:
        """Another smoothing; the usual amount of it where not given."""
        usual = values.SMOOTHINGS.get(kind, 0.0) if isinstance(kind, str) else 0.0
        return replace(self, smooth=kind, amount=usual if amount is None else amount)

    def with_hidden(self, *runs: Which, hidden: bool = True) -> Self:
        """These runs out of sight, or in sight again."""
        keys = set(map(key_of, runs))
        return replace(self, hidden=self.hidden | keys if hidden else self.hidden - keys)

    def with_pinned(self, *runs: Which, pinned: bool = True) -> Self:
        """These runs at the top of the table, or no longer."""
        given = tuple(map(key_of, runs))
        kept = tuple(key for key in self.pinned if pinned or key not in given)
        return replace(self, pinned=(*kept, *given) if pinned else kept)

    def with_selected(self, *runs: Which) -> Self:
        """These runs emphasised, and no others."""
        return replace(self, selected=tuple(map(key_of, runs)))

    def with_picked(self, run: Which, add: bool = False) -> Self:
        """`run` emphasised as a click asks: alone, or besides those that are; one that is, no longer."""
        key = key_of(run)
        if key in self.selected:
            rest = tuple(other for other in self.selected if other != key)
            return replace(self, selected=rest if add or not rest else (key,))
        return replace(self, selected=(*self.selected, key) if add else (key,))

    def with_baseline(self, run: Which | None) -> Self:
        """All compared with `run`; with none where None."""
        return replace(self, baseline="" if run is None else key_of(run))

    def with_read(self, read: bool) -> Self:
        """Curves read for whoever looks at them, or not."""
        return replace(self, read=read)

    def with_sort(self, column: str, descending: bool = False) -> Self:
        """The table sorted by `column`; as the runs come where it is empty."""
        return replace(self, sort=(column, descending))

    def with_columns(self, *columns: str) -> Self:
        """These columns in the table besides."""
        return replace(self, columns=columns)

    def with_run_name(self, run: Which, name: str) -> Self:
        """`run` called `name` in this view; by its own name again where that is empty."""
        return replace(self, names=_with(self.names, run, name))

    def with_run_color(self, run: Which, color: str) -> Self:
        """`run` drawn in `color`, `#rrggbb`; in the usual one again where that is empty."""
        return replace(self, colors=_with(self.colors, run, color))

    def with_max_lines(self, lines: int) -> Self:
        """At most `lines` runs drawn as lines."""
        return replace(self, max_lines=lines)

    def to_text(self) -> str:
        """One short text, to be shared and read by `from_text`: what differs from the defaults.

        Runs stand in it as digests of their keys, so it tells nobody where they are kept. Runs in files have the same
        key, and are found again, where the files lie at the same place.

        Raises:
            BadValue: where the view is too large for a text.
        """
        default = ViewOptions()
        changed = [one.name for one in fields(self) if getattr(self, one.name) != getattr(default, one.name)]
        marked = self._with_keys(view_text.run_mark)
        return view_text.packed({name: _to_json(getattr(marked, name)) for name in changed})

    @classmethod
    def from_text(cls, text: str) -> Self:
        """The view that `to_text` wrote; `resolved` finds its runs.

        Raises:
            BadValue: in one sentence, for a text that is damaged, foreign, too large or of a later version.
        """
        document: dict[str, Any] = view_text.unpacked(text)
        if unknown := sorted(document.keys() - CHECKS.keys()):
            raise BadValue(
                f"The view has an option {unknown[0]!r:.60}, unknown to this astuner_nb. Update it to read it."
            )
        try:
            if isinstance(wanted := document.get("filters"), dict):
                document["filters"] = {name: view_text.condition_of(name, one) for name, one in wanted.items()}
            return cls(**document)
        except BadValue as error:
            raise BadValue(
                f"The text holds no view that can be shown: {view_text.shortened(str(error), 200)}"
            ) from None

    def resolved(self, runs: Iterable[Run]) -> Self:
        """The same with the keys of those `runs` that a text spoke of. Others stay: their source may open later."""
        keys = {view_text.run_mark(run.key): run.key for run in runs}
        return self._with_keys(lambda key: keys.get(key, key))

    def _with_keys(self, other: Callable[[str], str]) -> Self:
        """The same with another key for each run."""
        return replace(
            self,
            hidden=frozenset(map(other, self.hidden)),
            pinned=tuple(map(other, self.pinned)),
            selected=tuple(map(other, self.selected)),
            baseline=other(self.baseline) if self.baseline else "",
            names={other(key): name for key, name in self.names.items()},
            colors={other(key): color for key, color in self.colors.items()},
        )


CHECKS: Mapping[str, Callable[[str, object], object]] = {
    "metrics": values.texts,
    "filters": values.filters,
    "name": values.text,
    "states": values.states,
    "tags": values.texts,
    "hidden": values.text_set,
    "pinned": values.texts,
    "selected": values.texts,
    "baseline": values.text,
    "color": values.some_text,
    "group": values.texts,
    "band": values.one_of(values.BANDS),
    "x": values.some_text,
    "log_x": values.flag,
    "log_y": values.flag,
    "smooth": values.one_of(values.SMOOTHINGS),
    "amount": values.number,
    "clip": values.flag,
    "read": values.flag,
    "sort": values.sort,
    "columns": values.texts,
    "names": values.by_run(values.some_text),
    "colors": values.by_run(values.hex_color),
    "max_lines": values.lines,
}
"""Option → what it may be."""


def key_of(run: Which) -> str:
    """The key of `run`. Raises `BadValue` for what is neither a run nor a key."""
    key = run if isinstance(run, str) else getattr(run, "key", None)
    if isinstance(key, str) and key:
        return key
    raise BadValue(f"A run is needed, got {run!r}. Give one of the view's runs, or its key.")


def _with(chosen: Mapping[str, str], run: Which, value: str) -> dict[str, str]:
    kept = {key: one for key, one in chosen.items() if key != key_of(run)}
    return {**kept, key_of(run): value} if value else kept


def _to_json(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, Mapping):
        return {key: one if isinstance(one, str) else view_text.condition_document(one) for key, one in value.items()}
    return value
