"""`csv:FILE`: curves in a table of comma-, semicolon- or tab-separated values, also while it is written."""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astuner_nb.core.errors import BadFile
from astuner_nb.trackers.fitting import first_fitting, given_file
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.tables.cells import EMPTY
from astuner_nb.trackers.tables.table import TableFile, runs_of
from astuner_nb.trackers.where import Where
from astuner_nb.trackers.wire.growing_file import unreadable

if TYPE_CHECKING:
    import pandas as pd

LINES_IN_CELL = 1000
"""How many lines a quoted cell may take at the end of a file that is being written."""


class CsvFile:
    """The runs in a CSV file: `curves.curves_in` says in which shapes.

    A file that is empty, or holds its first line alone, is a run without points: its writer has not come further. A
    last line without an end is left out while the file is young enough to be written to; afterwards it counts, unless
    it has too few cells.

    Args:
        text: the file, as given behind `csv:`.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """Its runs that fit. Raises `NotFound` and `BadFile`."""
        table = TableFile(given_file(self.text, "csv"), "CSV", read_csv)
        patience.call(table.runs, f"reading {table.path}")
        return Listing(*first_fitting(runs_of(table, "csv"), where, limit))


def read_csv(path: Path, growing: bool) -> pd.DataFrame:
    """The table in `path`, without its last line where that has no end and the file is `growing`. Raises `BadFile`."""
    import pandas as pd

    try:
        data = path.read_bytes()
    except OSError as error:
        raise unreadable(path, error) from error
    text = _whole_rows(_text(path, data, growing), growing)
    if not text.strip():
        return pd.DataFrame()
    try:
        frame: pd.DataFrame = pd.read_csv(
            io.StringIO(text),
            sep=_separator(text),
            keep_default_na=False,
            na_values=EMPTY,
            low_memory=False,
            **_exact(pd.__version__),
        )
    except (ValueError, OverflowError) as error:
        raise _bad(path, " ".join(str(error).split())) from error
    if not isinstance(frame.index, pd.RangeIndex):  # else pandas would take the first columns for an index
        raise _bad(path, "its rows have more cells than its first line names")
    if frame.shape[1] < 2 and not len(frame):
        raise _bad(path, "its first line does not name columns")
    return frame


def _exact(version: str) -> dict[str, Any]:
    """What makes pandas read every digit of a number: before version 3 it did so only where asked to."""
    return {"float_precision": "round_trip"} if int(version.partition(".")[0]) < 3 else {}


def _text(path: Path, data: bytes, growing: bool) -> str:
    """`data` decoded; of a `growing` file a last character that is not whole yet is left out."""
    if b"\0" in data:
        raise _bad(path, "it holds zero bytes, as text never does")
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data, final=not growing)
    except UnicodeDecodeError as error:
        raise _bad(path, f"byte {error.start:,} is not UTF-8") from error


def _whole_rows(text: str, growing: bool) -> str:
    """`text` without a last row that has no end: always where it has too few cells, and where the file is `growing`."""
    end = _end_of_rows(text)
    last = text[end:]
    separator = _separator(text)
    torn = bool(end) and last.count('"') % 2 == 0 and last.count(separator) < text[: text.find("\n")].count(separator)
    return text[:end] if growing or torn else text


def _end_of_rows(text: str) -> int:
    """Where the last row with an end ends: a line break between quotes ends none."""
    last = end = text.rfind("\n") + 1
    quotes = text.count('"', 0, end)
    for _ in range(LINES_IN_CELL):
        if quotes % 2 == 0:
            return end
        before = text.rfind("\n", 0, end - 1) + 1 if end else 0
        quotes -= text.count('"', before, end)
        end = before
    return last  # a stray quote, not a cell


def _separator(text: str) -> str:
    """What separates the names in the first line."""
    first = text[: text.find("\n")] if "\n" in text else text
    return "," if "," in first else next((sign for sign in ("\t", ";") if sign in first), ",")


def _bad(path: Path, why: str) -> BadFile:
    return BadFile(
        f"{path} is no table that can be read: {why}. Give a CSV file in UTF-8 whose first line names columns."
    )
