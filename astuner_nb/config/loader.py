"""From a file, a text or a mapping to a `Config`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from astuner_nb.config.config import Config, configured
from astuner_nb.config.examples import examples_directory
from astuner_nb.config.plain import plain
from astuner_nb.config.yaml_text import colon_hint, parse
from astuner_nb.core.errors import BadConfig

MOST_BYTES = 256 * 1024
"""A configuration larger than this is something else; real ones have about 10 kB."""
_SUFFIXES = (".yaml", ".yml")


def load_config(source: str | os.PathLike[str] | Mapping[str, Any]) -> Config:
    """The configuration in a file, in a YAML text or in a mapping.

    A bare file name that does not exist in the working directory is looked up among the shipped examples.

    Args:
        source: A path, a text (it has several lines, or a `key: value`), or the mapping such a text stands for.

    Raises:
        BadConfig: naming file, key and value, and what to do.
    """
    if isinstance(source, Mapping):
        return _from_mapping(source)
    if isinstance(source, str) and _is_text(source):
        return _from_text(source, "The text", None)
    if isinstance(source, str | os.PathLike):
        return _from_file(os.fspath(source))
    raise BadConfig(
        f"A configuration is a path, a text or a mapping, got a {type(source).__name__}. Give one of these."
    )


def _is_text(source: str) -> bool:
    line = source.strip()
    if "\n" in source or not line:
        return True
    return not line.endswith(_SUFFIXES) and (": " in line or line.endswith(":"))


def _from_mapping(source: Mapping[str, Any]) -> Config:
    try:
        return configured(plain(source))
    except BadConfig as problem:
        raise BadConfig(f"The mapping cannot be used. {problem}") from None
    except RecursionError:
        raise BadConfig("The mapping nests deeper than a configuration can, or holds itself. Flatten it.") from None


def _from_text(text: str, name: str, source: Path | None) -> Config:
    """The configuration in `text`; every complaint begins with `name`."""
    try:
        document = parse(text)
        if document is None:
            raise BadConfig("It is empty. Begin it with a line 'astuner:'.")
        if not isinstance(document, dict):
            raise BadConfig(f"It holds no sections.{colon_hint(text) or ' Begin it with a line astuner:.'}")
        return configured(document, source)
    except BadConfig as problem:
        raise BadConfig(f"{name} cannot be used. {problem}") from None


def _from_file(given: str) -> Config:
    path = _found(Path(os.path.expanduser(given)))  # unlike Path.expanduser it leaves an unknown ~user alone
    return _from_text(_decoded(path, _read(path)), str(path), path)


def _found(path: Path) -> Path:
    """`path`, or the shipped example of that bare name. Raises `BadConfig` where neither is a file."""
    try:
        if path.is_dir():
            raise BadConfig(f"{path} is a folder, no configuration file. {_offer(path.name, path)}")
        return path if path.exists() else _shipped(path)
    except BadConfig:
        raise
    except (OSError, ValueError) as problem:
        raise BadConfig(f"{str(path)[:80]!r} is no usable path ({problem}). Check it.") from None


def _shipped(path: Path) -> Path:
    missing = f"There is no configuration file {str(path)!r}"
    if path.parent != Path():
        nor = "" if path.parent.is_dir() else ", nor its folder"
        raise BadConfig(f"{missing}{nor}. {_offer(path.name, path.parent)}")
    examples = examples_directory()
    if (examples / path.name).is_file():
        return examples / path.name
    raise BadConfig(f"{missing}, neither here nor among the examples. {_offer(path.name, path.parent, examples)}")


def _offer(name: str, *folders: Path) -> str:
    """A sentence with the YAML files of `folders` that come closest to `name`."""
    entries = [entry for folder in folders if folder.is_dir() for entry in folder.iterdir()]
    there = sorted({entry.name for entry in entries if entry.suffix in _SUFFIXES})
    near = get_close_matches(name, there, n=3, cutoff=0.5)
    if near:
        return f"Did you mean {' or '.join(near)}?"
    return f"Choose one of {', '.join(there[:5])}." if there else "Check the path: no YAML file is near."


def _read(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise BadConfig(f"{path} is no regular file. Give a YAML file.")
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise BadConfig(f"{path} cannot be read ({problem.strerror}). Check its rights.") from None
    if len(content) > MOST_BYTES:
        raise BadConfig(f"{path} has more than {MOST_BYTES} bytes, too many for a configuration. Check the path.")
    return content


def _decoded(path: Path, content: bytes) -> str:
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as problem:
        line = content.count(b"\n", 0, problem.start) + 1
        raise BadConfig(
            f"{path} is not written in UTF-8: line {line} holds the byte 0x{content[problem.start]:02X}. "
            "Save it as UTF-8 in your editor."
        ) from None
