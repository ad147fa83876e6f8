"""`parquet:FILE`: curves in a Parquet table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from astuner_nb.core.errors import BadFile
from astuner_nb.trackers.fitting import first_fitting, given_file
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.source import Listing
from astuner_nb.trackers.tables.table import TableFile, runs_of
from astuner_nb.trackers.where import Where

if TYPE_CHECKING:
    import pandas as pd


class ParquetFile:
    """The runs in a Parquet file: `curves.curves_in` says in which shapes. Needs pyarrow.

    A table without rows is a run without points. pandas does not tell a NaN from a missing value: neither is a point.

    Args:
        text: the file, as given behind `parquet:`.
    """

    def __init__(self, text: str) -> None:
        self.text = text

    def list(self, where: Where, limit: int, patience: Patience) -> Listing:
        """Its runs that fit. Raises `NotFound` and `BadFile`."""
        table = TableFile(given_file(self.text, "parquet"), "Parquet", read_parquet)
        patience.call(table.runs, f"reading {table.path}")
        return Listing(*first_fitting(runs_of(table, "parquet"), where, limit))


def read_parquet(path: Path, growing: bool = False) -> pd.DataFrame:
    """The table in `path`; an index that has a name is a column. Raises `BadFile`."""
    import pandas as pd

    try:
        frame = pd.read_parquet(path, engine="pyarrow")
    except ImportError as error:
        raise BadFile(f"{path} cannot be read: pyarrow is not installed. Run: pip install pyarrow") from error
    except Exception as error:  # pyarrow raises a dozen kinds for broken files
        why = " ".join(str(error).split()) or type(error).__name__
        raise BadFile(f"{path} is no Parquet file that can be read: {why}. Write it anew, or give another.") from error
    named = [name for name in frame.index.names if name is not None and name not in frame.columns]
    return frame.reset_index(level=named) if named else frame
