"""The table of runs: what a page is sent of it, and what a person does in it. Written as text, never as HTML.

The ready-made table widgets (ipydatagrid, itables, ipyaggrid, Perspective) take a data frame and send all of it again
when a row changes or the order does, or bring megabytes of grid along, and have no place for a stop button that stays
under the pointer, a colour, a sparkline or a note. A thousand runs need a header that sorts, forty rows in view and
changes that travel alone: that is less code than fitting one of those, works offline, and takes the theme of the panel.
"""

from __future__ import annotations

import functools
import re
import threading
from array import array
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, ClassVar

import anywidget
import traitlets as t

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.tables.table import TableRow, TableRows

HERE = Path(__file__).parent
PAGE = HERE / "table_page"
# Each module only uses what stands above it; their names become those of one module.
MODULES = ("../teller", "plain", "rows", "cells", "editor", "line", "lines", "head", "table")
PARTS = tuple(one.name for one in fields(TableRow))
NO_TABLE = TableRows((), (), (), ())
NARROW = 65_536
"""Up to so many rows their numbers have two bytes; keep in step with `table_page/rows.mjs`."""
LONGEST = 2_000
"""Characters of a name, a note or a search; what is longer is no name."""
MOST_TAGS = 100

OnVerb = Callable[[str, str, object], None]
Check = Callable[[object], bool]


@functools.cache
def page_module() -> str:
    """The one ES module that anywidget takes, of those in `table_page`."""
    sources = [(PAGE / f"{name}.mjs").read_text("utf-8") for name in MODULES]
    whole = "".join(re.sub(r"^import [^;]*? from '\.\.?/[a-z]+\.mjs';\n", "", source, flags=re.M) for source in sources)
    return re.sub(r"^export (?!default)", "", whole, flags=re.M)


@functools.cache
def style_sheet() -> str:
    """The rules of the panel, whose colours the table takes, and its own."""
    return "".join((HERE / name).read_text("utf-8") for name in ("panel.css", "runs_table.css"))


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) <= LONGEST


def _is_color(value: object) -> bool:
    return isinstance(value, str) and bool(re.fullmatch("(#[0-9a-f]{6})?", value))


def _is_pick(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"add"} and _is_flag(value["add"])


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and len(value) <= MOST_TAGS and all(map(_is_text, value))


OF_RUNS: Mapping[str, Check] = {
    "show": _is_flag,
    "pick": _is_pick,
    "stop": lambda value: value is None,
    "pin": _is_flag,
    "baseline": _is_flag,
    "rename": _is_text,
    "color": _is_color,
    "note": _is_text,
    "tags": _are_texts,
}
"""What a person does with a run → what the value may be."""
OF_ALL: Mapping[str, Check] = {"sort": _is_text, "search": _is_text, "show_all": _is_flag}
"""Likewise with the table; the key is empty."""


class RunsTable(anywidget.AnyWidget):
    """Runs in rows. What did not change is not sent again; all of it when a page asks for it.

    A row keeps the number under which it was first sent: the order of the table is a list of such numbers, and rows
    that a filter takes away stay on the page for when they come back.
    """

    _esm = page_module()
    _css = style_sheet()
    _table = t.Any(0).tag(sync=True, to_json=lambda _, widget: widget.whole())
    _texts = t.Dict().tag(sync=True)
    """What the page says instead of its English."""
    verbs: ClassVar[Mapping[str, Check]] = {**OF_RUNS, **OF_ALL}

    def __init__(self, on_verb: OnVerb, language: Language = ENGLISH) -> None:
        """`on_verb(verb, key, value)` is called in the thread of the comm when a person does something.

        `key` is that of a run; empty for the verbs in `OF_ALL`.
        """
        self._on_verb = on_verb
        self._guard = threading.Lock()
        self._sent: dict[str, TableRow] = {}
        self._numbers: dict[str, int] = {}
        self._head, self._words, self._order = NO_TABLE, "", array("I")
        self._message_number = 0
        self._language = language
        super().__init__(_texts=language.page("table"))
        self.on_msg(self._heard)

    @property
    def rows(self) -> list[TableRow]:
        """The rows that are shown, in their order."""
        with self._guard:
            known = list(self._sent.values())
            return [known[number] for number in self._order]

    def show(self, table: TableRows, words: str = "") -> None:
        """Bring the page up to date with `table`; `words` say how many runs are left, or why none is."""
        with self._guard:
            message = {**self._new_head(table), **self._new_rows(table), **self._new_words(words)}
            buffers = self._new_order(table)
            if not message and not buffers:
                return
            self._message_number += 1
            message["seq"] = self._message_number
        self.send(message, buffers)

    def whole(self) -> dict[str, object]:
        """All that a page needs to begin with."""
        with self._guard:
            return {
                "seq": self._message_number,
                "parts": PARTS,
                "head": self._shown_head(self._head),
                "rows": [self._listed(row) for row in self._sent.values()],
                "order": self._order.tolist(),
                "words": self._words,
            }

    def _repr_mimebundle_(self, *args: Any, **kwargs: Any) -> Any:
        self.send_state("_table")  # the comm opened before there were rows
        return super()._repr_mimebundle_(*args, **kwargs)

    def _new_head(self, table: TableRows) -> dict[str, object]:
        """The head where it changed; the cells of all rows known are put where their columns are now."""
        head = replace(table, rows=())
        if head == self._head:
            return {}
        sources = _sources(self._head.columns, head.columns)
        if sources != list(range(len(self._head.columns))):
            for key, row in self._sent.items():
                self._sent[key] = replace(row, cells=_moved(row.cells, sources))
        self._head = head
        return {"head": self._shown_head(head), "cells_from": sources}

    def _new_rows(self, table: TableRows) -> dict[str, object]:
        changed: list[list[object]] = []
        for row in table.rows:
            known = self._sent.get(row.key)
            if known is None:
                self._numbers[row.key] = len(self._numbers)
                changed.append([self._numbers[row.key], self._listed(row)])
            elif known != row:
                changed.append([self._numbers[row.key], self._difference(known, row)])
            self._sent[row.key] = row
        return {"rows": changed} if changed else {}

    def _new_order(self, table: TableRows) -> list[bytes]:
        """The numbers of the rows in their order, two bytes each where that is enough."""
        order = array("I", [self._numbers[row.key] for row in table.rows])
        if order == self._order:
            return []
        self._order = order
        return [(array("H", order) if len(self._numbers) <= NARROW else order).tobytes()]

    def _new_words(self, words: str) -> dict[str, object]:
        if words == self._words:
            return {}
        self._words = words
        return {"words": words}

    def _shown_head(self, table: TableRows) -> dict[str, object]:
        """The head, with what its columns are called besides where that is not their names."""
        titles = {"titles": [self._language.of(title) for title in table.columns]} if self._language.texts else {}
        return {**table.head(), **titles}

    def _listed(self, row: TableRow) -> list[object]:
        """The row without the names of its parts: they would be half of it."""
        return [self._shown(getattr(row, part)) for part in PARTS]

    def _difference(self, known: TableRow, row: TableRow) -> dict[str, object]:
        """The parts of `row` that changed; of its cells those that did, as `[place, value, place, value, …]`."""
        parts = {part: self._shown(now) for part in PARTS if (now := getattr(row, part)) != getattr(known, part)}
        if "cells" in parts:
            pairs = enumerate(zip(known.cells, row.cells, strict=True))
            parts["cells"] = [one for place, (old, new) in pairs if old != new for one in (place, new)]
        return parts

    def _shown(self, value: object) -> object:
        return self._language.of(value) if isinstance(value, str) else value

    def _heard(self, _: object, message: object, __: Sequence[memoryview]) -> None:
        """What a page says is checked like anything that comes from outside."""
        if not isinstance(message, dict) or not isinstance(verb := message.get("verb"), str):
            return
        if verb == "again":  # the page missed a message
            self.send_state("_table")
            return
        key, value, check = message.get("key"), message.get("value"), self.verbs.get(verb)
        is_known = key == "" if verb in OF_ALL else isinstance(key, str) and key in self._numbers
        if check is not None and is_known and check(value):
            self._on_verb(verb, str(key), value)


def _sources(before: Sequence[str], now: Sequence[str]) -> list[int]:
    """For each column where it was before, −1 for a new one."""
    places = {title: place for place, title in reversed(list(enumerate(before)))}
    return [places.get(title, -1) for title in now]


def _moved(cells: Sequence[Any], sources: Sequence[int]) -> tuple[Any, ...]:
    return tuple(cells[place] if 0 <= place < len(cells) else None for place in sources)
