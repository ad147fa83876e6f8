"""What the tests of both vendors' run files share: what real clients wrote, and what must hold of any file."""

from __future__ import annotations

import json
import math
import os
import random
import shutil
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

from astuner_nb.core.errors import TrackerError
from astuner_nb.core.protocols import Chunk
from astuner_nb.core.series import History
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import FileRun
from astuner_nb.trackers.source import Listing, Source
from astuner_nb.trackers.where import Where

RUN_FILES = Path(__file__).parent / "run_files"
Points = dict[str, list[tuple[float, float]]]
"""Metric → step and value."""


def folders(vendor: str, how: str = "") -> list[str]:
    """The folders of real files of a vendor, those that ended in one way or all."""
    return sorted(path.name for path in RUN_FILES.glob(f"{vendor}-*-{how or '*'}"))


def copied(folder: str, place: Path, age_s: float = 3600) -> Path:
    """A copy of a folder of real files below `place`, as old as given."""
    target = Path(shutil.copytree(RUN_FILES / folder, place / folder))
    for path in target.rglob("*"):
        os.utime(path, (time.time() - age_s,) * 2)
    return target


def run_file(folder: Path, index: int = 0) -> Path:
    """The run file below a folder; the later ones of a run that was resumed have a higher index."""
    return sorted(path for path in folder.rglob("*") if path.suffix in (".swanlab", ".wandb"))[index]


def wanted(folder: str) -> Points:
    """What was logged, without the kinds of key that are no metrics."""
    points = json.loads((RUN_FILES / folder / "expected.json").read_text())["points"]
    return {key: [(step, value) for step, value in series] for key, series in points.items()}


def listed(source: Source, limit: int = 100, where: Where | None = None) -> Listing:
    """Its listing."""
    return source.list(where or Where(), limit, Patience(60))


def the_run(source: Source) -> FileRun:
    """Its only run."""
    (run,) = listed(source).runs
    assert isinstance(run, FileRun)
    return run


def points(history: History) -> Points:
    """Step and value of each point."""
    return {key: list(zip(s.step.tolist(), s.value.tolist(), strict=True)) for key, s in history.items()}


def same(found: Mapping[str, object], expected: Mapping[str, object]) -> bool:
    """Whether two sets of points are equal, NaN being equal to NaN and -0.0 not to 0.0."""
    return {key: repr(value) for key, value in found.items()} == {key: repr(value) for key, value in floats(expected)}


def floats(expected: Mapping[str, object]) -> list[tuple[str, object]]:
    """The same with steps and values as floats."""
    return [(key, [(float(step), float(value)) for step, value in series]) for key, series in expected.items()]


def begins(whole: Points, part: Points) -> bool:
    """Whether each series of `part` is the beginning of the one of `whole`."""
    return all(repr(whole.get(key, [])[: len(series)]) == repr(series) for key, series in part.items())


def joined(chunks: list[dict[str, Chunk]]) -> Points:
    """The points of all chunks put together, each of which must start where the last one ended."""
    found: Points = {}
    for key, chunk in (item for poll in chunks for item in poll.items()):
        series = found.setdefault(key, [])
        assert chunk.start == len(series)
        series += zip(chunk.step.tolist(), chunk.value.tolist(), strict=True)
    return found


def grows_by_prefixes(whole: bytes, path: Path, tail_of: Callable[[], object], cuts: list[int]) -> None:
    """Fails unless following a file that grows from cut to cut gives beginnings of its history, and all in the end."""
    path.write_bytes(whole)
    last = tail_of().read_all()  # type: ignore[attr-defined]
    path.write_bytes(b"")
    tail, chunks = tail_of(), []  # type: ignore[var-annotated]
    for cut in [*cuts, len(whole)]:
        with open(path, "r+b") as file:
            file.seek(0, os.SEEK_END)
            file.write(whole[file.tell() : cut])
        chunks.append(tail.poll())  # type: ignore[attr-defined]
        assert tail.caught_up  # type: ignore[attr-defined]
        assert begins(points(last), points(tail.history))  # type: ignore[attr-defined]
    assert tail.generation == 0  # type: ignore[attr-defined]
    assert same(joined(chunks), points(last))
    assert same(points(tail.history), points(last))  # type: ignore[attr-defined]


def mutated(whole: bytes, rng: random.Random, mend: bool) -> bytes:
    """`whole` with some bytes changed, put in, taken out or swapped; with `mend`, the checksums fit again."""
    data = bytearray(whole)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(data) or 1)
        match rng.randrange(6):
            case 0 | 1 if data:
                data[at] ^= 1 << rng.randrange(8)
            case 2:
                data[at : at + rng.randint(1, 40)] = rng.randbytes(rng.randint(0, 40))
            case 3 if data:
                data[at] = rng.choice((0, 0x7F, 0x80, 0xFF))
            case 4:
                del data[at:]
                data += rng.randbytes(1)
            case _:
                source = rng.randrange(len(data) or 1)
                data[at:at] = data[source : source + rng.randint(1, 200)]
    return mended(bytes(data)) if mend else bytes(data)


def mended(data: bytes) -> bytes:
    """`data` with the checksum of each chunk that can be found made right, so that damage reaches the records."""
    out, at = bytearray(data), 7
    while at + 7 <= len(out):
        if 32_768 - at % 32_768 < 7:
            at += 32_768 - at % 32_768
            continue
        (length,) = struct.unpack_from("<H", out, at + 4)
        if (end := at + 7 + length) > len(out):
            break
        struct.pack_into("<I", out, at, zlib.crc32(out[at + 6 : end]))
        at = end
    return bytes(out)


def survives(data: bytes, path: Path, source_of: Callable[[str], Source], bound: int = 40 << 20) -> int:
    """Fails if `data` does worse than an error in a sentence, soon and in little memory. Returns the points read."""
    path.write_bytes(data)
    start, _ = time.monotonic(), tracemalloc.reset_peak()
    try:
        tail = the_run(source_of(str(path))).tail()
        history = tail.read_all()
    except TrackerError as raised:
        history, error = History({}), raised
    else:
        error = None
        assert tail.status().state
    assert error is None or (str(path) in str(error) and len(str(error)) < 400 + len(str(path)))
    assert all(math.isfinite(step) for series in history.values() for step in series.step)
    assert time.monotonic() - start < 20
    assert tracemalloc.get_traced_memory()[1] < bound
    return sum(map(len, history.values()))
