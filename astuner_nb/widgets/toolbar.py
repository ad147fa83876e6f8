"""How the figures are drawn: axis, smoothing, colours, groups. What is set here is a verb of the view at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as ipw

from astuner_nb.analysis.axes import AXES
from astuner_nb.analysis.bands import SPREADS
from astuner_nb.analysis.smoothing import KINDS, amount_at
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.view import View
from astuner_nb.widgets.painting import Painting
from astuner_nb.widgets.picks import Picks

AXIS_WORDS = {"step": "step", "time": "time", "wall": "date", "tokens": "tokens", "samples": "samples"}
KIND_WORDS = {
    "none": "no smoothing",
    "ema": "EMA",
    "twema": "EMA over x",
    "gaussian": "Gaussian",
    "mean": "running mean",
}
BAND_WORDS = {
    "std": "± std",
    "minmax": "min – max",
    "sem": "± standard error",
    "ci95": "95 % interval",
    "none": "no band",
}
COLOURED = ("run", "source", "group")
"""What colours can stand for besides hyper-parameters."""
USUAL_STRENGTH = 0.6


@dataclass(frozen=True)
class Offered:
    """What there is to choose from."""

    metrics: Sequence[str]
    """All metrics of all runs, canonical ones first."""
    parameters: Sequence[str]
    """Hyper-parameters that vary."""


class Toolbar:
    """Controls in a row that wraps."""

    def __init__(
        self, view: View, on_figures: Callable[[tuple[str, ...]], object], language: Language = ENGLISH
    ) -> None:
        """`on_figures` is called with the metrics that a person picked."""
        self._view, self._language = view, language
        self._painting = Painting()
        by_person = self._painting.by_person
        self._strength_shown = USUAL_STRENGTH
        self._x = _menu(language("what the x axis shows"), self._worded(AXES, AXIS_WORDS), by_person(self._x_chosen))
        self._log_x = self._toggle("log x", "Logarithmic x axis", by_person(lambda on: view.x(view.options.x, on)))
        self._log_y = self._toggle("log y", "Logarithmic y axes", by_person(lambda on: view.y(log=on)))
        self._clip = self._toggle(
            "clip outliers", "Let the y axes leave far outliers out", by_person(lambda on: view.y(clip=on))
        )
        self._read = self._toggle(
            "read curves", "Phases, findings and checkpoints on the figures", by_person(view.read)
        )
        kinds = self._worded(KINDS, KIND_WORDS)
        self._kind = _menu(language("smoothing, for the eye only"), kinds, by_person(lambda _: self._smoothed()))
        self._strength = ipw.FloatSlider(USUAL_STRENGTH, min=0.0, max=0.99, step=0.01, readout_format=".2f")
        self._strength.tooltip = language("How much is smoothed; the logged curve stays faint behind")
        self._strength.add_class("astuner-strength").observe(by_person(lambda _: self._smoothed()), names="value")
        colours = self._colour_choices(view.options, Offered((), ()))
        self._color = _menu(language("what colours stand for"), colours, by_person(view.color))
        tip = language("Draw a mean and a band for runs with equal values")
        self._group = Picks(language("group by …"), tip, view.group, called=self._called, language=language)
        bands = self._worded(SPREADS, BAND_WORDS)
        self._band = _menu(language("what is drawn around the mean"), bands, by_person(self._band_chosen))
        tip = language("Show this metric too: type a part of its name")
        self._figures = Picks(language("add a figure …"), tip, on_figures, typed=True, language=language)
        drawing = [self._x, self._log_x, self._log_y, self._clip, self._read, self._kind, self._strength, self._color]
        more = [self._group.widget, self._band, self._figures.widget]
        self.widget = ipw.HBox([*drawing, *more]).add_class("astuner-tools").add_class("astuner-toolbar")

    def paint(self, offered: Offered) -> None:
        """Show what the view says at this moment, and what may be chosen."""
        with self._painting:
            self._paint(self._view.options, offered)

    def _paint(self, options: ViewOptions, offered: Offered) -> None:
        self._x.options = self._worded(AXES, AXIS_WORDS) + [(name, name) for name in offered.metrics]
        self._color.options = self._colour_choices(options, offered)
        for control, value in (
            (self._x, options.x),
            (self._log_x, options.log_x),
            (self._log_y, options.log_y),
            (self._clip, options.clip),
            (self._read, options.read),
            (self._kind, options.smooth),
            (self._color, options.color),
            (self._band, options.band),
        ):
            _set(control, value)
        self._show_strength(options)
        self._group.show(options.group, ["source", "group", *offered.parameters])
        self._figures.show(options.metrics, offered.metrics)
        _display(self._band, bool(options.group))
        _display(self._strength, options.smooth != "none")

    def _worded(self, choices: Iterable[str], called: Mapping[str, str]) -> list[tuple[str, str]]:
        return [(self._language(called[one]), one) for one in choices]

    def _colour_choices(self, options: ViewOptions, offered: Offered) -> list[tuple[str, str]]:
        names = dict.fromkeys([*COLOURED, *offered.parameters, options.color])
        return [(self._language("colour: {name}", name=self._called(name)), name) for name in names]

    def _called(self, name: str) -> str:
        return self._language(name) if name in COLOURED else name

    def _toggle(self, name: str, tooltip: str, turned: Callable[[bool], object]) -> ipw.ToggleButton:
        return _toggle(self._language(name), self._language(tooltip), turned)

    def _x_chosen(self, axis: str) -> None:
        self._view.x(axis)

    def _band_chosen(self, band: str) -> None:
        self._view.group(self._view.options.group, band)

    def _smoothed(self) -> None:
        kind, strength = self._kind.value, self._strength.value
        options = self._view.options
        if (kind, strength) != (options.smooth, self._strength_shown):
            self._strength_shown = strength
            self._view.smooth(kind, amount_at(kind, strength))

    def _show_strength(self, options: ViewOptions) -> None:
        """Move the slider where code has smoothed; of the slider's own amounts it is where it was."""
        shown = amount_at(options.smooth, self._strength_shown)
        if options.smooth != "none" and options.amount != shown:
            self._strength_shown = _strength_of(options)
            _set(self._strength, self._strength_shown)


def _strength_of(options: ViewOptions) -> float:
    """Where the slider stands for the amount of `options`, to a hundredth."""
    places = [place / 100 for place in range(100)]
    return min(places, key=lambda place: abs(amount_at(options.smooth, place) - options.amount))


def _menu(tooltip: str, choices: list[tuple[str, str]], chosen: Callable[[str], object]) -> ipw.Dropdown:
    menu = ipw.Dropdown(options=choices, tooltip=tooltip).add_class("astuner-menu")
    menu.observe(lambda change: chosen(change["new"]) if change["new"] is not None else None, names="value")
    return menu


def _toggle(name: str, tooltip: str, turned: Callable[[bool], object]) -> ipw.ToggleButton:
    button = ipw.ToggleButton(description=name, tooltip=tooltip).add_class("astuner-toggle")
    button.observe(lambda change: turned(change["new"]), names="value")
    return button


def _set(control: Any, value: object) -> None:
    if control.value != value:
        control.value = value


def _display(control: ipw.Widget, visible: bool) -> None:
    display = None if visible else "none"
    if control.layout.display != display:
        control.layout.display = display
