"""Which URIs there are and what opens them. A new one is a folder and a line here, or another package's entry point."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path

from astuner_nb.core.errors import BadValue
from astuner_nb.trackers.source import Source

GROUP = "astuner_nb.sources"
"""Entry points of other packages: each names a `SourceEntry`."""


LONGEST_PATH = 4_096


@dataclass(frozen=True)
class SourceEntry:
    """One kind of URI."""

    form: str
    """How it is written: `swanlab://WORKSPACE/PROJECT`, `csv:FILE`."""
    opens: str
    """What a person gets, for the table in the README."""
    through: str
    """What reads it, likewise."""
    home: str | Callable[[str], Source]
    """What makes the source from the text behind the scheme: a class, or where it stands, `module:name`."""

    @property
    def scheme(self) -> str:
        """What a URI of this kind begins with: `swanlab://`, `csv:`."""
        scheme, _, rest = self.form.partition(":")
        return f"{scheme}://" if rest.startswith("//") else f"{scheme}:"

    def open(self, rest: str) -> Source:
        """The source for the text behind the scheme. Raises `BadValue` where that is none."""
        if isinstance(self.home, str):
            module, _, name = self.home.partition(":")
            return getattr(import_module(module), name)(rest)  # type: ignore[no-any-return]
        return self.home(rest)


_HERE = "astuner_nb.trackers"
SOURCES = (
    SourceEntry(
        "runs:DIR",
        "our own run store; `anb.runs()` opens the default one",
        "the store",
        f"{_HERE}.local.source:LocalStore",
    ),
    SourceEntry(
        "swanlab://WORKSPACE/PROJECT",
        "SwanLab's cloud, or a server of one's own (`SWANLAB_API_HOST`, `SWANLAB_API_KEY`)",
        "SwanLab's own client, `swanlab.Api`",
        f"{_HERE}.swanlab.cloud:SwanLabCloud",
    ),
    SourceEntry(
        "swanlab:DIR",
        "`swanlog` folders: run files of 0.8–0.10, and 0.6–0.7",
        "own reader",
        f"{_HERE}.swanlab.files:SwanLabFiles",
    ),
    SourceEntry(
        "wandb://ENTITY/PROJECT",
        "the W&B cloud, or a server of one's own (`WANDB_BASE_URL`, `WANDB_API_KEY` or netrc)",
        "W&B's own client",
        f"{_HERE}.wandb.cloud:WandbCloud",
    ),
    SourceEntry(
        "wandb:DIR",
        "offline `.wandb` run files (0.29–0.31): finished, killed or still growing",
        "own reader",
        f"{_HERE}.wandb.files:WandbFiles",
    ),
    SourceEntry(
        "tensorboard:DIR",
        "event files: simple values, TF2 tensors, hparams",
        "own reader",
        f"{_HERE}.tensorboard.files:TensorBoardFiles",
    ),
    SourceEntry("verl:FILE.jsonl", "the file logger of verl", "own reader", f"{_HERE}.tables.verl:VerlFile"),
    SourceEntry(
        "csv:FILE", "tables, exports of W&B's and SwanLab's pages too", "pandas", f"{_HERE}.tables.csv_file:CsvFile"
    ),
    SourceEntry(
        "parquet:FILE", "tables (needs `pip install pyarrow`)", "pandas", f"{_HERE}.tables.parquet_file:ParquetFile"
    ),
)


def entries() -> Iterator[SourceEntry]:
    """Ours, then those that other packages announce."""
    yield from SOURCES
    for point in entry_points(group=GROUP):
        yield point.load()


def source_for(uri: str) -> Source:
    """What opens `uri`.

    Raises:
        BadValue: where nothing does; the message says what could be meant.
    """
    known = sorted(entries(), key=lambda entry: -len(entry.scheme))  # wandb:// before wandb:
    for entry in known:
        if uri.startswith(entry.scheme):
            return entry.open(uri.removeprefix(entry.scheme))
    raise BadValue(f"{uri!r:.200} names no runs: {_hint(uri, known)}")


def _hint(uri: str, known: list[SourceEntry]) -> str:
    scheme, colon, rest = uri.partition(":")
    names = [entry.scheme.rstrip(":/") for entry in known]
    if colon and (near := get_close_matches(scheme.lower(), names, n=1)):
        return f"did you mean {near[0]}:{rest}?"
    if uri and not colon and len(uri) < LONGEST_PATH and Path(uri).exists():
        return f"say what wrote it, e.g. {_guess(Path(uri))}:{uri}."
    return f"give one of {', '.join(sorted(entry.form for entry in known))}."


def _guess(path: Path) -> str:
    """Which scheme a file or folder without one probably needs."""
    if path.suffix in (".csv", ".parquet", ".jsonl"):
        return {".csv": "csv", ".parquet": "parquet", ".jsonl": "verl"}[path.suffix]
    names = {"swanlab": "run-*/*.swanlab", "wandb": "*run-*/*.wandb", "tensorboard": "**/*tfevents*"}
    return next((name for name, pattern in names.items() if next(path.glob(pattern), None)), "runs")
