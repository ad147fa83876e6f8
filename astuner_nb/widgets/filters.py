"""Sliders over what varies among the runs: moving one shows and hides runs at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import Any

import ipywidgets as ipw
import numpy as np

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.run import ConfigValue
from astuner_nb.core.said import counted, said
from astuner_nb.trackers.where import Between, OneOf
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.pictures.groups import short
from astuner_nb.views.tables.sliders import ChoiceSlider, RangeSlider, Slider
from astuner_nb.views.view import View
from astuner_nb.widgets.painting import Painting
from astuner_nb.widgets.picks import Picks

AT_FIRST = 8
"""So many have a control at once, canonical ones first; the others are asked for."""
PLACES = 60
"""Where the two ends of a range can stand."""


class Filters:
    """One control for each hyper-parameter that varies."""

    def __init__(self, view: View, language: Language = ENGLISH) -> None:
        self._view, self._language = view, language
        self._painting = Painting()
        self._sliders: dict[str, Slider] = {}
        self._asked: tuple[str, ...] = ()
        self._controls: dict[str, _Range | _Choice] = {}
        tip = language("A control for this hyper-parameter too")
        self._more = Picks(language("filter by …"), tip, self._ask, language=language)
        tip, title = language("A hyper-parameter, or a metric at a step: reward @ 100"), language("add a column …")
        self._columns = Picks(title, tip, lambda words: view.columns(*words), typed=True, free=True, language=language)
        tip = language("Lift all conditions")
        self._clear = ipw.Button(description=language("Show all"), icon="undo", tooltip=tip)
        self._clear.add_class("astuner-small").on_click(lambda _: view.change(_unfiltered))
        self._grid = ipw.Box().add_class("astuner-filters")
        foot = ipw.HBox([self._more.widget, self._columns.widget, self._clear]).add_class("astuner-tools")
        self.widget = ipw.VBox([self._grid, foot]).add_class("astuner-sieve")

    def paint(self, sliders: Sequence[Slider], columns: Sequence[str]) -> None:
        """Show the conditions of the view, and offer `columns` to the table; how many runs are left stands there."""
        with self._painting:
            self._paint(sliders, self._view.options, columns)

    def _paint(self, sliders: Sequence[Slider], options: ViewOptions, columns: Sequence[str]) -> None:
        self._arrange({slider.name: slider for slider in sliders}, options)
        for name, control in self._controls.items():
            control.show(options.filters.get(name))
        self._columns.show(options.columns, columns)
        narrowed = bool(options.filters or options.hidden or options.name or options.states or options.tags)
        self._clear.disabled = not narrowed

    def _arrange(self, sliders: dict[str, Slider], options: ViewOptions) -> None:
        at_first = list(sliders)[:AT_FIRST]
        wanted = [name for name in sliders if name in at_first or name in self._asked or name in options.filters]
        if sliders != self._sliders or wanted != list(self._controls):
            self._sliders, before = sliders, self._controls
            self._controls = {name: self._control(sliders[name], before.get(name)) for name in wanted}
            self._grid.children = [control.widget for control in self._controls.values()]
            for name, old in before.items():
                if self._controls.get(name) is not old:
                    old.close()
        self._more.show((), [name for name in sliders if name not in wanted])
        self._more.widget.layout.display = None if len(sliders) > len(wanted) else "none"

    def _ask(self, names: tuple[str, ...]) -> None:
        self._asked = (*self._asked, *names)
        self._view.change(lambda options: options)

    def _control(self, slider: Slider, before: _Range | _Choice | None) -> _Range | _Choice:
        """The control of `slider`: the one there is, where it can show it, as somebody may have it in his hand."""
        if before is not None and before.take(slider):
            return before
        if isinstance(slider, RangeSlider):
            return _Range(slider, self._view, self._painting, self._language)
        return _Choice(slider, self._view, self._painting, self._language)


def _unfiltered(options: ViewOptions) -> ViewOptions:
    return options.without_filter().with_hidden(*options.hidden, hidden=False)


class _Range:
    """Two ends on a scale."""

    def __init__(self, slider: RangeSlider, view: View, painting: Painting, language: Language) -> None:
        self._slider, self._view, self._language = slider, view, language
        options = _options(slider)
        self._control = ipw.SelectionRangeSlider(
            options=options,
            index=(0, len(options) - 1),
            description=slider.name,
            continuous_update=True,
            tooltip=language(_range_words(slider)),
        ).add_class("astuner-range")
        self._control.observe(painting.by_person(self._moved), names="index")
        self.widget: ipw.Widget = self._control

    def take(self, slider: Slider) -> bool:
        """Be the control of `slider`, which has the same name, from now on. Returns whether it can."""
        if not isinstance(slider, RangeSlider):
            return False
        if slider != self._slider:
            self._slider, options = slider, _options(slider)
            with self._control.hold_sync():
                self._control.options, self._control.index = options, (0, len(options) - 1)
                self._control.tooltip = self._language(_range_words(slider))
        return True

    def show(self, condition: Between | OneOf | None) -> None:
        """Put the ends where `condition` has them."""
        places = [place for _, place in self._control.options]
        low, high = (condition.low, condition.high) if isinstance(condition, Between) else (places[0], places[-1])
        ends = _nearest(places, low), _nearest(places, high)
        if ends != self._control.index:  # a condition that code set may have ends at none of the places
            self._control.index = ends

    def close(self) -> None:
        """Close the control."""
        self.widget.close()

    def _condition(self) -> Between | None:
        places = [place for _, place in self._control.options]
        first, last = self._control.index
        if (first, last) == (0, len(places) - 1):
            return None
        return Between(places[first], places[last])

    def _moved(self, _: Any) -> None:
        name, condition = self._slider.name, self._condition()
        if condition is None:
            self._view.unfilter(name)
        else:
            self._view.filter(config={name: (condition.low, condition.high)})


class _Choice:
    """A button for each value."""

    def __init__(self, slider: ChoiceSlider, view: View, painting: Painting, language: Language) -> None:
        self._slider, self._view, self._language = slider, view, language
        label = ipw.Label(slider.name).add_class("astuner-label")
        self._buttons = [_value_button(value) for value in slider.choices]
        for button in self._buttons:
            button.observe(painting.by_person(self._turned), names="value")
        values = ipw.HBox(self._buttons).add_class("astuner-values")
        self.widget: ipw.Widget = ipw.HBox([label, values]).add_class("astuner-choice")
        self._tell_counts()

    def take(self, slider: Slider) -> bool:
        """Be the control of `slider`, which has the same name, from now on. Returns whether it can."""
        if not isinstance(slider, ChoiceSlider) or repr(slider.choices) != repr(self._slider.choices):
            return False
        self._slider = slider
        self._tell_counts()
        return True

    def _tell_counts(self) -> None:
        for button, count in zip(self._buttons, self._slider.counts, strict=True):
            button.tooltip = self._language(_count_words(count))

    def show(self, condition: Between | OneOf | None) -> None:
        """Press the buttons of the values that `condition` lets through; none where there is no condition."""
        for value, button in zip(self._slider.choices, self._buttons, strict=True):
            pressed = condition is not None and condition.fits(value)
            if button.value is not pressed:
                button.value = pressed

    def close(self) -> None:
        """Close the buttons."""
        for part in (*self._buttons, *self.widget.children, self.widget):
            part.close()

    def _turned(self, _: Any) -> None:
        values: list[ConfigValue] = [
            value for value, button in zip(self._slider.choices, self._buttons, strict=True) if button.value
        ]
        if values:
            self._view.filter(config={self._slider.name: values})
        else:
            self._view.unfilter(self._slider.name)


def places_of(slider: RangeSlider) -> list[float]:
    """Where the ends can stand, ascending: evenly on the slider's scale, exactly at the values that there are."""
    if slider.whole and slider.high - slider.low <= PLACES:
        return [float(place) for place in range(round(slider.low), round(slider.high) + 1)]
    space = np.geomspace if slider.log else np.linspace
    even = [float(place) for place in space(slider.low, slider.high, PLACES)]
    even[0], even[-1] = slider.low, slider.high
    exact = {_nearest(even, mark): mark for mark in slider.marks}
    return [exact.get(index, place) for index, place in enumerate(even)]


def label(place: float, slider: RangeSlider) -> str:
    """A place in few letters."""
    return f"{place:.0f}" if slider.whole and abs(place) < 1e6 else f"{place:.3g}"


def _nearest(places: Sequence[float], wanted: float) -> int:
    exact = next((index for index, place in enumerate(places) if isclose(place, wanted, rel_tol=1e-9)), None)
    if exact is not None:
        return exact
    return min(range(len(places)), key=lambda index: abs(places[index] - wanted))


def _count_words(count: int) -> str:
    return counted(
        count,
        "{n} run; press to show only these, again to show all",
        "{n} runs; press to show only these, again to show all",
    )


def _options(slider: RangeSlider) -> list[tuple[str, float]]:
    return [(label(place, slider), place) for place in places_of(slider)]


def _value_button(value: ConfigValue) -> ipw.ToggleButton:
    return ipw.ToggleButton(description=short(value)).add_class("astuner-toggle")


def _range_words(slider: RangeSlider) -> str:
    missing = said("; {n} runs have none and are left out by any condition", n=slider.missing)
    ends = said("from {low} to {high}", low=f"{slider.low:.3g}", high=f"{slider.high:.3g}")
    return said("{name}: {ends}{missing}", name=slider.name, ends=ends, missing=missing if slider.missing else "")
