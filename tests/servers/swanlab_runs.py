"""What the SwanLab server of the tests keeps: projects and their runs, and how it filters, samples and exports them."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

Value = float | str | None
Point = tuple[int, Value, float]
"""Step, value (SwanLab's own client sends NaN as the text "nan"), seconds since 1970."""
Json = dict[str, Any]


@dataclass
class StoredRun:
    """One run, as the server has it."""

    id: str
    name: str
    state: str = "FINISHED"
    config: Mapping[str, Any] = field(default_factory=dict)
    tags: Sequence[str] = ()
    group: str = ""
    job: str = ""
    description: str = ""
    created: float = field(default_factory=time.time)
    finished: float | None = None
    pinned: bool = False
    series: dict[str, list[Point]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    """What it printed."""
    profile: Json = field(default_factory=dict)
    """Parts of the profile that were uploaded: config, metadata, requirements."""
    overrides: Json = field(default_factory=dict)
    """Fields of its description that a test wants otherwise; a field that is `...` is left out."""

    def as_json(self, project_id: str) -> Json:
        """Its description in full."""
        profile = {"metadata": {}, "requirements": "", "conda": "", **self.profile}
        profile.setdefault(
            "config",
            {key: {"value": value, "desc": "", "sort": i} for i, (key, value) in enumerate(self.config.items())},
        )
        whole = {
            "cuid": self.id,
            "slug": self.id,
            "name": self.name,
            "type": "CHAPTER",
            "description": self.description,
            "labels": [{"name": tag, "colors": ["#528d59"]} for tag in self.tags],
            "colors": ["#528d59", "#528d59"],
            "show": True,
            "pin": self.pinned,
            "baseline": False,
            "state": self.state,
            "cluster": self.group,
            "job": self.job,
            "user": {"username": "alice", "name": "Alice"},
            "rootProId": "",
            "rootExpId": "",
            "createdAt": iso(self.created),
            "updatedAt": iso(self.finished or self.created),
            "finishedAt": None if self.finished is None else iso(self.finished),
            "project_id": project_id,
            "profile": profile,
            **self.overrides,
        }
        return {key: value for key, value in whole.items() if value is not ...}

    def fits(self, filters: Iterable[Json]) -> bool:
        """Whether all of `filters` let it through; a pinned run is always let through."""
        return self.pinned or all(_fits(self._value_of(one), one["op"], one["value"]) for one in filters)

    def log(self, key: str, points: Iterable[Point]) -> None:
        """Append points; of two at one step the first stands."""
        series = self.series.setdefault(key, [])
        have = {step for step, _, _ in series}
        series.extend(point for point in points if point[0] not in have)

    def sampled(self, key: str, count: int, keep_nan: bool) -> list[Json]:
        """At most `count` points, the first and the last among them, in the shape of sampled queries."""
        points = [point for point in self.series.get(key, []) if keep_nan or not _is_nan(point[1])]
        if len(points) > count:
            points = [points[round(i * (len(points) - 1) / (count - 1))] for i in range(count)]
        return [{"index": step, "data": _as_json(value), "timestamp": round(t * 1000)} for step, value, t in points]

    def statistics(self, key: str, of_time: bool) -> Json | None:
        """Lowest, highest and newest value, by step or by time."""
        points = [point for point in self.series.get(key, []) if _is_number(point[1])]
        if not points:
            return None

        def one(point: Point) -> Json:
            return {"index": round(point[2] * 1000) if of_time else point[0], "data": point[1]}

        values = sorted(float(value) for _, value, _ in points if value is not None)
        return {
            "key": key,
            "min": one(min(points, key=lambda point: float(point[1] or 0))),
            "max": one(max(points, key=lambda point: float(point[1] or 0))),
            "latest": one(points[-1]),
            "avg": {"data": sum(values) / len(values)},
            "median": {"data": values[len(values) // 2]},
        }

    def table(self, keys: Sequence[str]) -> str:
        """All points of `keys` as the text of an exported table: one row a step, value and milliseconds a key."""
        cells: dict[int, dict[str, tuple[Value, float]]] = {}
        for key in keys:
            for step, value, t in self.series.get(key, []):
                cells.setdefault(step, {})[key] = (value, t)
        head = ",".join(["step", *(f"{self.name}-{key}_{what}" for key in keys for what in ("step", "timestamp"))])
        rows = [",".join([str(step), *(_cells(cells[step].get(key)) for key in keys)]) for step in sorted(cells)]
        return "\n".join([head, *rows, ""])

    def _value_of(self, condition: Json) -> Any:
        if condition["type"] == "CONFIG":
            config = self.profile.get("config")
            return config.get(condition["key"], {}).get("value") if config else self.config.get(condition["key"])
        if condition["type"] == "SCALAR":
            points = self.series.get(condition["key"])
            return points[-1][1] if points else None
        if condition["key"] == "labels":
            return list(self.tags)
        return self.as_json("").get(condition["key"])


@dataclass
class StoredProject:
    """A project and its runs, newest last."""

    id: str
    path: str
    runs: dict[str, StoredRun] = field(default_factory=dict)

    def as_json(self) -> Json:
        """Its description."""
        user, name = self.path.split("/")
        return {
            "cuid": self.id,
            "name": name,
            "path": self.path,
            "username": user,
            "visibility": "PRIVATE",
            "description": "",
            "group": {"username": user},
            "projectLabels": [],
            "_count": {"experiments": len(self.runs)},
            "createdAt": "2026-01-01T00:00:00.000Z",
            "updatedAt": "2026-01-01T00:00:00.000Z",
            "role": "OWNER",
            "version": 1,
        }


def iso(seconds: float) -> str:
    """A time as the server writes it, e.g. `2026-01-02T03:04:05.000Z`."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def seconds(text: str) -> float:
    """The time that an ISO text of the client names."""
    return datetime.fromisoformat(text).timestamp()


def _is_number(value: Value) -> bool:
    return not isinstance(value, str | None) and math.isfinite(value)


def _is_nan(value: Value) -> bool:
    return value is None or str(value).lower() == "nan"


def _as_json(value: Value) -> Value:
    """JSON has no infinity: it goes as text."""
    return value if isinstance(value, str | None) or math.isfinite(value) else str(value)


def _cells(point: tuple[Value, float] | None) -> str:
    if point is None:
        return ","
    value, t = point
    return f"{'' if value is None else value},{round(t * 1000)}"


def _fits(have: Any, op: str, wanted: list[Any]) -> bool:
    """One condition, as SwanLab documents it: numbers are compared as numbers where both are, else as texts."""
    texts = [_text(each) for each in wanted]
    if op in ("GTE", "LTE"):
        return any(_compare(have, each) * (1 if op == "GTE" else -1) >= 0 for each in wanted)
    if op in ("NEQ", "NOT IN"):
        return not _fits(have, "IN", wanted)
    if isinstance(have, list):
        one = any(each in texts for each in have)
        return any(text in each for each in have for text in texts) if op == "CONTAIN" else one
    return any(text in _text(have) for text in texts) if op == "CONTAIN" else _text(have) in texts


def _text(value: Any) -> str:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _compare(have: Any, wanted: Any) -> int:
    try:
        left, right = float(have), float(wanted)
    except (TypeError, ValueError):
        return (_text(have) > _text(wanted)) - (_text(have) < _text(wanted))
    return (left > right) - (left < right)
