"""What the local W&B server keeps: projects of runs, how they are filtered, ordered, sampled and exported."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class StoredRun:
    """One run as the server has it."""

    id: str
    name: str | None
    entity: str = "acme"
    project: str = "grpo"
    state: str = "finished"
    config: dict[str, Any] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    group: str | None = None
    rows: list[Row] = field(default_factory=list)
    """History, dotted keys; `_step` and `_timestamp` are ordinary entries."""
    summary: dict[str, Any] = field(default_factory=dict)
    created: datetime = BEGAN
    heartbeat: datetime = BEGAN + timedelta(hours=1)
    exported: int | None = None
    """How many rows are in the exports; all of an ended run, none of a live one where None."""
    keys_known: bool = True
    """Whether the server says which keys the history has."""
    exit_code: int | None = None
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def split(self) -> int:
        """The row before which all are exported."""
        if self.exported is not None:
            return self.exported
        return 0 if self.state in ("running", "pending") else len(self.rows)

    def node(self) -> dict[str, Any]:
        """Every field that the client's fragments name."""
        config = {key: {"desc": None, "value": value} for key, value in self.config.items()}
        config.setdefault("_wandb", {"value": {"cli_version": "0.31.0", "t": {"1": [1]}}})
        return {
            "id": f"gid-{self.id}",
            "projectId": "1",
            "tags": self.tags,
            "name": self.id,
            "displayName": self.name,
            "sweepName": None,
            "state": self.state,
            "group": self.group,
            "jobType": None,
            "commit": None,
            "readOnly": False,
            "createdAt": self.created.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "heartbeatAt": self.heartbeat.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "description": None,
            "notes": None,
            "historyLineCount": len(self.rows),
            "user": {"name": "Alice", "username": "alice"},
            "config": json.dumps(config),
            "summaryMetrics": json.dumps(self.summary or self.last_values()),
            "systemMetrics": "{}",
            "historyKeys": self.history_keys() if self.keys_known else None,
        }

    def last_values(self) -> Row:
        """The newest value of each key."""
        return {key: value for row in self.rows for key, value in row.items()}

    def history_keys(self) -> dict[str, Any]:
        """How often each key was logged, and as what."""
        counts: dict[str, dict[str, int]] = {}
        for row in self.rows:
            for key, value in row.items():
                kind = type_name(value)
                counts.setdefault(key, {}).setdefault(kind, 0)
                counts[key][kind] += 1
        keys = {
            key: {"typeCounts": [{"type": kind, "count": count} for kind, count in kinds.items()], "monotonic": False}
            for key, kinds in counts.items()
        }
        return {"sets": [], "keys": keys, "lastStep": self.last_step}

    @property
    def last_step(self) -> int:
        """The highest step, -1 without a row."""
        return max((row["_step"] for row in self.rows), default=-1)


def type_name(value: object) -> str:
    """What the server calls the type of a logged value."""
    if isinstance(value, dict):
        return str(value.get("_type", "map"))
    return "string" if isinstance(value, str) else "number"


def sampled(rows: Sequence[Row], spec: Mapping[str, Any], limit: int | None) -> list[Row]:
    """The rows that have *all* keys of `spec`, thinned to `limit`, only those keys in them."""
    keys = list(dict.fromkeys(spec["keys"]))
    low, high = spec.get("minStep", 0), spec.get("maxStep", float("inf"))
    fitting = [row for row in rows if low <= row["_step"] <= high and all(key in row for key in keys)]
    if limit is not None and len(fitting) > limit:
        fitting = [fitting[index] for index in np.linspace(0, len(fitting) - 1, limit).astype(int)]
    return [{key: row[key] for key in keys} for row in fitting]


def parquet(rows: Sequence[Row]) -> bytes:
    """A real export of `rows`: one column a key, null where a row lacks it."""
    columns = {
        key: pa.array([_plain(row.get(key)) for row in rows]) for key in dict.fromkeys(k for r in rows for k in r)
    }
    columns["_step"] = pa.array([row["_step"] for row in rows], pa.int64())
    file = io.BytesIO()
    pq.write_table(pa.table(columns), file)
    return file.getvalue()


def _plain(value: object) -> object:
    """Whole numbers as floats, as one column holds both; what is no scalar as its JSON text."""
    if isinstance(value, dict):
        return json.dumps(value)
    return float(value) if isinstance(value, int) else value


def flat(nested: Mapping[str, Any], prefix: str = "") -> Row:
    """Dictionaries under dotted keys, what has a `_type` as it is."""
    row: Row = {}
    for key, value in nested.items():
        if isinstance(value, dict) and "_type" not in value:
            row.update(flat(value, f"{prefix}{key}."))
        else:
            row[f"{prefix}{key}"] = value
    return row


def fits(run: StoredRun, query: Mapping[str, Any]) -> bool:
    """Whether `run` fits a filter in Mongo's language. Raises `ValueError` for an operator that the server lacks."""
    return all(_entry_fits(run, name, wanted) for name, wanted in query.items())


def _entry_fits(run: StoredRun, name: str, wanted: Any) -> bool:
    if name in ("$and", "$or", "$nor"):
        answers = [fits(run, each) for each in wanted]
        return {"$and": all(answers), "$or": any(answers), "$nor": not any(answers)}[name]
    value = field_of(run, name)
    if not isinstance(wanted, dict):
        return _compare(value, "$eq", wanted)
    return all(_compare(value, operator, operand) for operator, operand in wanted.items())


def field_of(run: StoredRun, name: str) -> Any:
    """What a filter or an order means by `name`."""
    head, _, rest = name.partition(".")
    if head in ("config", "summary_metrics"):
        nested: Any = run.config if head == "config" else (run.summary or run.last_values())
        return flat(nested).get(rest.removesuffix(".value"))
    fields = {"displayName": run.name, "createdAt": run.created.isoformat(), "created_at": run.created}
    fields |= {"name": run.id, "state": run.state, "tags": run.tags, "group": run.group, "heartbeat_at": run.heartbeat}
    return fields[name]


def _compare(value: Any, operator: str, operand: Any) -> bool:
    values = value if isinstance(value, list) else [value]
    if operator == "$exists":
        return (value is not None) == operand
    if operator == "$regex":
        return any(isinstance(each, str) and re.search(operand, each) for each in values)
    if operator in ("$in", "$nin"):
        return any(each in operand for each in values) == (operator == "$in")
    if operator in ("$eq", "$ne"):
        return (operand in values) == (operator == "$eq")
    if operator not in ("$gt", "$gte", "$lt", "$lte"):
        raise ValueError(f"unknown operator {operator}")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return {"$gt": value > operand, "$gte": value >= operand, "$lt": value < operand, "$lte": value <= operand}[
        operator
    ]


def ordered(runs: Sequence[StoredRun], order: str | None) -> list[StoredRun]:
    """`runs` by `+created_at`, `-config.lr.value`, …; the oldest first where nothing is said."""
    name = (order or "created_at").lstrip("+-")
    known = [run for run in runs if field_of(run, name) is not None]
    known.sort(key=lambda run: field_of(run, name), reverse=(order or "").startswith("-"))
    return known + [run for run in runs if field_of(run, name) is None]


def steps(count: int, every: int = 1, start_s: float = 1_767_225_600.0, **metrics: Any) -> Iterator[Row]:
    """`count` rows at each `every`-th step; a metric is a function of the step or a value."""
    for index in range(count):
        step = index * every
        values = {name.replace("__", "/"): value(step) if callable(value) else value for name, value in metrics.items()}
        yield {"_step": step, "_timestamp": start_s + step, "_runtime": float(step), **values}
