"""The table of runs: show and hide, pick one, stop one. Written into the page as text, never as HTML."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from astuner_nb.charts.rows import Row

HERE = Path(__file__).parent


class RunTable(anywidget.AnyWidget):
    """Rows by run id, newest first. Only rows that changed travel; the whole table when a page asks for it."""

    _esm = HERE / "run_table.js"
    _css = HERE / "panel.css"
    columns = t.List(t.Unicode()).tag(sync=True)
    shown = t.List(t.Unicode()).tag(sync=True)
    """Ids of the runs whose curves are visible; the page writes it too."""
    _rows = t.Any(0).tag(sync=True, to_json=lambda _, widget: widget.rows())

    def __init__(self, on_stop: Callable[[str], None], on_pick: Callable[[str], None]) -> None:
        """`on_stop(run_id)` and `on_pick(run_id)` are called when a person presses Stop in a row or clicks it."""
        self._by_id: dict[str, dict[str, Any]] = {}
        self._guard = threading.Lock()
        super().__init__()
        self._verbs: Mapping[str, Callable[[str], None]] = {"stop": on_stop, "pick": on_pick}
        self.on_msg(self._heard)

    def rows(self) -> list[dict[str, Any]]:
        """All rows, newest first."""
        with self._guard:
            return list(reversed(self._by_id.values()))

    def put(self, rows: Iterable[Row]) -> None:
        """Add or replace rows; what did not change is not sent."""
        with self._guard:
            fresh = [row for row in (r.to_json() for r in rows) if self._by_id.get(str(row["id"])) != row]
            self._by_id.update({str(row["id"]): row for row in fresh})
        if fresh:
            self.send({"rows": fresh})

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        self.send_state("_rows")  # the comm opened before there were rows
        return super()._repr_mimebundle_(*args, **kwargs)

    def _heard(self, _: object, message: object, __: Sequence[memoryview]) -> None:
        if isinstance(message, dict) and message.get("verb") in self._verbs and isinstance(message.get("id"), str):
            self._verbs[message["verb"]](message["id"])
