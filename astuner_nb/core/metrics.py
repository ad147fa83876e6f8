"""The canonical metrics: what each is called on a figure, its unit, and which way is better.

They are data: `metrics.toml` beside this file, read when `FIVE`, `SECOND_ROW` or `KNOWN` is first asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, get_args

from astuner_nb.core.said import said
from astuner_nb.core.shipped import shipped

Better = Literal["higher", "lower", "neither"]
Shape = Literal["rises", "sinks", "bends", "settles", "wanders", "steady", "dips", "low", "climbs", "warms"]
"""How a healthy curve runs, in one word; `charts/healthy.py` draws each."""
SHOWN: dict[str, type | tuple[str, ...]] = {
    "title": str,
    "unit": str,
    "better": get_args(Better),
    "cumulative": bool,
    "should": str,
    "should_zh": str,
    "shape": get_args(Shape),
}
"""What a table may say of a metric besides its keys → the type, or the words there are."""


@dataclass(frozen=True)
class Metric:
    """How one metric is shown."""

    name: str
    """The key under which it is logged."""
    title: str
    """What stands above its figure; of those that ship a sentence that a language may know."""
    unit: str = ""
    better: Better = "neither"
    cumulative: bool = False
    """Whether it only counts up (tokens so far), so that its last value stands for the whole run."""
    should: str = ""
    """How its curve looks when all is well, in one sentence; empty where nobody can say."""
    should_zh: str = ""
    """The same in Chinese."""
    shape: Shape | None = None
    """The same as a drawing."""


if TYPE_CHECKING:
    FIVE: tuple[Metric, ...]
    """The five curves of the training-visualisation page, in the order of the panel."""
    SECOND_ROW: tuple[Metric, ...]
    """The others of the table, in its order."""
    KNOWN: dict[str, Metric]
    """Name → metric: the five, then the second row."""
else:

    def __getattr__(name):
        """`FIVE`, `SECOND_ROW` and `KNOWN`, made when they are first asked for."""
        views = {"FIVE": lambda: _all()[:5], "SECOND_ROW": lambda: _all()[5:], "KNOWN": _known}
        if name not in views:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return views[name]()


def is_sparse(name: str) -> bool:
    """Whether `name` is measured now and then (validation): shown as points, never joined to its neighbours."""
    return name.startswith(("val/", "val-", "eval/", "eval_"))


def describe(name: str) -> Metric:
    """The metric called `name`; an unknown one is shown under its own name."""
    return _known().get(name) or Metric(name, name)


def known_first(names: Iterable[str]) -> list[str]:
    """`names` with the canonical ones first and in panel order, the others as they came."""
    order = {name: index for index, name in enumerate(_known())}
    unique = list(dict.fromkeys(names))
    return sorted(unique, key=lambda name: order.get(name, len(order)))


def figure_of(name: str) -> str:
    """The metric in whose figure `name` is drawn: held-out `val/reward` as points over `reward`."""
    for prefix in ("val/", "eval/"):
        if name.startswith(prefix) and len(name) > len(prefix):
            return name[len(prefix) :]
    return name


@cache
def _all() -> tuple[Metric, ...]:
    rows = shipped("metrics.toml")["metrics"]
    return tuple(_metric(name, row) for name, row in rows.items())


def _metric(name: str, row: Mapping[str, Any]) -> Metric:
    about = {word: row[word] for word in SHOWN if word in row}
    return Metric(name, **about | {"title": said(about["title"])})


@cache
def _known() -> dict[str, Metric]:
    return {metric.name: metric for metric in _all()}
