"""A view as one short text: JSON, deflated, in the letters of an address. Read with mistrust: it comes from anywhere.

`anb1.` stands in front, the version of the format. Nothing in a text is ever evaluated; how much it may unfold to is
bounded, and what it holds is checked field by field by `ViewOptions`.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zlib
from collections.abc import Mapping

from astuner_nb.core.errors import BadValue
from astuner_nb.trackers.where import Between, Condition, OneOf

PREFIX = "anb1."
MOST_CHARACTERS = 200_000
MOST_BYTES = 1_000_000
"""What a text may unfold to; a thousand runs with names of their own take some 50,000."""
RUN_MARK = "#"
DIGEST = 10
"""Hexadecimal digits of a run's digest: among 10,000 runs two are the same once in 20,000 views."""

_TO_DO = "Copy the whole text again from the view that it came from."


def packed(document: Mapping[str, object]) -> str:
    """`document` as a text. Raises `BadValue` where it is too long to be read again."""
    plain = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    found = PREFIX + _letters(zlib.compress(plain, 9))
    if len(plain) > MOST_BYTES or len(found) > MOST_CHARACTERS:
        raise BadValue(
            f"The view is too large for a text: {len(plain):,} bytes, at most {MOST_BYTES:,} fit. Shorten it."
        )
    return found


def unpacked(text: str) -> dict[str, object]:
    """The document that `packed` made `text` of.

    Raises:
        BadValue: for anything else.
    """
    if not isinstance(text, str):
        raise BadValue(f"A view is a text that begins with {PREFIX!r}, got {type(text).__name__}. {_TO_DO}")
    letters = _without_prefix(text.strip())
    try:
        document = json.loads(_unfolded(_bytes_of(letters)).decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        raise error if isinstance(error, BadValue) else BadValue(f"The text of the view is damaged. {_TO_DO}") from None
    if not isinstance(document, dict):
        raise BadValue(f"The text holds no view but {_quoted(document)}. {_TO_DO}")
    return document


def run_mark(key: str) -> str:
    """What stands for the run `key` in a text: short, and telling nothing of where the run is kept."""
    if re.fullmatch(f"{RUN_MARK}[0-9a-f]{{{DIGEST}}}", key):
        return key  # a mark already: of a run that was not at hand when the text was read
    return RUN_MARK + hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:DIGEST]


def condition_document(condition: Condition) -> object:
    """`condition` as JSON: a list of values, or an object with the ends that are not open."""
    if isinstance(condition, OneOf):
        return list(condition.values)
    ends = {"from": condition.low, "to": condition.high}
    open_ends = {"from": float("-inf"), "to": float("inf")}
    return {name: end for name, end in ends.items() if end != open_ends[name]}


def condition_of(name: str, document: object) -> Condition:
    """The condition that `condition_document` wrote; what its values are is checked elsewhere. Raises `BadValue`."""
    if isinstance(document, list):
        return OneOf(tuple(document))
    if isinstance(document, dict) and document.keys() <= {"from", "to"}:
        return Between(document.get("from", float("-inf")), document.get("to", float("inf")))
    raise BadValue(f"The condition on {name!r} is neither a range nor a list of values: {_quoted(document)}.")


def shortened(text: str, most: int) -> str:
    """`text` in at most `most` letters, an ellipsis for what was left out."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _letters(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _without_prefix(text: str) -> str:
    if len(text) > MOST_CHARACTERS:
        raise BadValue(f"The text of a view has at most {MOST_CHARACTERS:,} letters, this has {len(text):,}. {_TO_DO}")
    if text.startswith(PREFIX):
        return text.removeprefix(PREFIX)
    if later := re.match(r"anb(\d{1,9})\.", text, re.ASCII):
        raise BadValue(f"The view was written in version {later[1]} of the format, this astuner_nb reads 1. Update it.")
    raise BadValue(f"A view is a text that begins with {PREFIX!r}, got {_quoted(text)}. {_TO_DO}")


def _bytes_of(letters: str) -> bytes:
    data = base64.b64decode(letters + "=" * (-len(letters) % 4), b"-_", validate=True)
    if _letters(data) != letters:
        raise ValueError("a letter has bits that mean nothing")
    return data


def _unfolded(data: bytes) -> bytes:
    inflating = zlib.decompressobj()
    try:
        plain = inflating.decompress(data, MOST_BYTES + 1)
    except zlib.error as error:
        raise ValueError(str(error)) from None
    if len(plain) > MOST_BYTES:
        raise BadValue(f"The text of the view unfolds to more than {MOST_BYTES:,} bytes. No view is that large.")
    if not inflating.eof or inflating.unused_data:
        raise ValueError("cut off, or followed by something")
    return plain


def _quoted(value: object) -> str:
    return shortened(ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value), 60)
