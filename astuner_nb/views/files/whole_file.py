"""A file that a person asked for, written whole or not at all."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from astuner_nb.core.errors import BadValue, StoreError


def write_whole(path: str | os.PathLike[str], write: Callable[[BinaryIO], object]) -> Path:
    """Where it is, absolute, once `write` has filled it; until then a reader sees what was there before.

    Unlike the files of a run it gets the rights that the folder's owner gives to new files: it is made to be passed on.

    Raises:
        BadValue: for what is no path.
        StoreError: where the folder is missing or cannot be written, or the disk is full.
    """
    target = _target(path)
    temporary = target.with_name(f".{target.name[:100]}.{os.getpid()}.{threading.get_ident()}.part")
    try:
        if target.is_dir():
            raise IsADirectoryError(21, "it is a folder")
        with temporary.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except (OSError, ValueError) as error:  # a path may hold what no file system takes
        reason = getattr(error, "strerror", None) or error
        raise StoreError(
            f"{target.name!r:.120} could not be written to {str(target.parent)!r:.300}: {reason}. "
            "Give a file in a folder that exists and that you may write to."
        ) from error
    finally:
        _remove(temporary)
    return target


def _target(path: str | os.PathLike[str]) -> Path:
    try:
        return Path(path).expanduser().absolute()
    except (TypeError, RuntimeError):
        raise BadValue(f"A file is needed to write to, got {path!r:.80}. Give its path.") from None


def _remove(temporary: Path) -> None:
    try:
        temporary.unlink(missing_ok=True)
    except OSError:  # the folder is not there, or is none
        return
