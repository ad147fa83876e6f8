"""Sliders made from declarations: range, log scale, unit and tooltip come from the `Space`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from html import escape
from math import floor, log10
from typing import Any

import ipywidgets as ipw

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.space import Choice, Float, Param, Space, Value

LADDER = (1.0, 2.0, 5.0)
SLIDER_LIMIT = 100_000
"""A whole number with a wider range is typed, not slid."""

Changed = Callable[[str, Value], None]


class Sliders:
    """One control for each hyper-parameter, in the order of the space."""

    def __init__(
        self, space: Space, values: Mapping[str, Value], changed: Changed, language: Language = ENGLISH
    ) -> None:
        """`changed(name, value)` is called whenever a person moves something."""
        self._space = space
        self._controls = {name: control_for(name, param, values[name], language) for name, param in space.items()}
        self._changed = changed
        for name, control in self._controls.items():
            control.add_class("astuner-control")
            control.observe(lambda change, name=name: self._changed(name, self.value(name)), names="value")
        rows = [_row(name, control, space[name], language) for name, control in self._controls.items()]
        self.widget = ipw.VBox(rows).add_class("astuner-sliders")

    def value(self, name: str) -> Value:
        """The value that the control of `name` shows."""
        return slid(self._space[name], self._controls[name].value)

    def show(self, values: Mapping[str, Value]) -> None:
        """Move the controls to `values`."""
        for name, value in values.items():
            control = self._controls.get(name)
            if control is None:
                continue
            if isinstance(control, ipw.SelectionSlider) and value not in dict(control.options).values():
                control.options = _options(sorted({*dict(control.options).values(), value}))
            if self.value(name) != slid(self._space[name], value):
                control.value = value


def slid(param: Param, value: Value) -> Value:
    """`value` as its slider gives it: a log slider has three significant digits."""
    return float(f"{value:.3g}") if isinstance(param, Float) and param.log else value


def control_for(name: str, param: Param, value: Value, language: Language = ENGLISH) -> ipw.ValueWidget:
    """The control of one hyper-parameter, standing at `value`."""
    look = {"description": name, "tooltip": tooltip(name, param, language), "continuous_update": False}
    if isinstance(param, Choice):
        return ipw.Dropdown(options=list(param.options), value=value)
    if isinstance(param, Float) and param.log and param.low == 0:
        return ipw.SelectionSlider(options=_options(log_steps(param, value)), value=value, **look)
    if isinstance(param, Float):
        return _float_slider(param, float(value), look)
    if param.high - param.low > SLIDER_LIMIT:
        return ipw.BoundedIntText(min=param.low, max=param.high, value=value, **look)
    return ipw.IntSlider(min=param.low, max=param.high, value=value, **look)


def tooltip(name: str, param: Param, language: Language = ENGLISH) -> str:
    """The sentence of help, the range and the default."""
    takes = f"{language.of(param.span)} {language(param.unit)}".rstrip()
    about = {"name": name, "help": language(param.help), "takes": takes, "default": param.default}
    return language("{name}: {help} Takes {takes}; default {default}.", **about)


def log_steps(param: Float, *extra: Value) -> list[float]:
    """0 and the values 1, 2, 5 · 10ⁿ up to `param.high`, over four decades, with the default and `extra`."""
    steps = {0.0, param.low, param.high, param.default, *(float(value) for value in extra)}
    decade = 10.0 ** (len(f"{param.high:.0f}") - 1)
    for exponent in range(5):
        steps |= {float(f"{rung * decade / 10**exponent:.3g}") for rung in LADDER}
    return sorted(step for step in steps if param.low <= step <= param.high)


def _float_slider(param: Float, value: float, look: Mapping[str, Any]) -> ipw.ValueWidget:
    if not param.log:
        step = float(f"{(param.high - param.low) / 100:.1g}")
        readout = f".{max(0, -floor(log10(step)))}f" if step >= 1e-5 else ".2e"
        return ipw.FloatSlider(min=param.low, max=param.high, step=step, value=value, readout_format=readout, **look)
    ends = {"min": log10(param.low), "max": log10(param.high), "step": (log10(param.high) - log10(param.low)) / 60}
    readout = ".1e" if param.low < 1e-2 else ".2f"
    return ipw.FloatLogSlider(base=10, value=value, readout_format=readout, **ends, **look)


def _options(values: Iterable[Any]) -> list[tuple[str, Any]]:
    return [(f"{value:g}", value) for value in values]


def _row(name: str, control: ipw.ValueWidget, param: Param, language: Language) -> ipw.Widget:
    parts = [control, ipw.Label(language(param.unit)).add_class("astuner-unit")]
    if isinstance(param, Choice):  # a dropdown shows no tooltip of its own
        label = f"<span title='{escape(tooltip(name, param, language))}'>{escape(name)}</span>"
        parts.insert(0, ipw.HTML(label).add_class("astuner-label"))
    return ipw.HBox(parts).add_class("astuner-row")
