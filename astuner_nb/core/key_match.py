"""Who may have which key: names claim keys, by their exact text or by a pattern, and no key goes to two."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_STARS = re.compile(r"\*+")


@dataclass(frozen=True)
class Claim:
    """`name` may stand for `key`."""

    name: str
    key: str
    """A key, or a pattern: `*` is any text without the separator, `**` any text."""
    beside: tuple[str, ...] = ()
    """Where there are any: keys of which one must be there too."""


@dataclass(frozen=True)
class _Pattern:
    """The keys of one shape."""

    prefix: str
    """How every one of them begins."""
    whole: re.Pattern[str]

    def only(self, ordered: Sequence[str]) -> str | None:
        """The one of the sorted keys that has this shape; None where none has, or several."""
        only = None
        for place in range(bisect_left(ordered, self.prefix), len(ordered)):
            key = ordered[place]
            if not key.startswith(self.prefix):
                break
            if self.whole.fullmatch(key):
                if only is not None:
                    return None
                only = key
        return only


class Claims:
    """Claims in their order: an earlier one goes before a later one.

    A key that one name claims by its exact text is never given to another, nor found by a pattern.

    Args:
        claims: those of one name in the order in which its keys are preferred.
        separator: what `*` does not step over.
    """

    def __init__(self, claims: Iterable[Claim], separator: str = "/") -> None:
        self._owner: dict[str, str] = {}
        self._claims: list[tuple[Claim, _Pattern | None]] = []
        for claim in claims:
            if "*" in claim.key:
                self._claims.append((claim, _pattern(claim.key, separator)))
            elif self._owner.setdefault(claim.key, claim.name) == claim.name:
                self._claims.append((claim, None))

    def settle(self, keys: Iterable[str]) -> dict[str, str]:
        """Name → the one of `keys` that it gets; names that get none are left out. Their order does not matter."""
        present = set(keys)
        ordered = sorted(present)
        got: dict[str, str] = {}
        gone: set[str] = set()
        for claim, pattern in self._claims:
            if claim.name in got or (claim.beside and present.isdisjoint(claim.beside)):
                continue
            key = self._found(claim, pattern, present, ordered)
            if key is not None and key not in gone:
                got[claim.name] = key
                gone.add(key)
        return got

    def _found(self, claim: Claim, pattern: _Pattern | None, present: set[str], ordered: Sequence[str]) -> str | None:
        if pattern is None:
            return claim.key if claim.key in present else None
        key = pattern.only(ordered)
        return None if key in self._owner else key


def _pattern(key: str, separator: str) -> _Pattern:
    """`key` with its stars read. What a `*` found is not given up again, so that no hostile key takes long."""
    first, *pieces = _STARS.split(key)
    whole = re.escape(first)
    for place, (star, piece) in enumerate(zip(_STARS.findall(key), pieces, strict=True), 1):
        text = ".*?" if len(star) > 1 else f"[^{re.escape(separator)}]*?"
        last = place == len(pieces)
        whole += f"{text}{re.escape(piece)}" if last or len(star) > 1 else f"(?>{text}{re.escape(piece)})"
    return _Pattern(first, re.compile(whole, re.DOTALL))
