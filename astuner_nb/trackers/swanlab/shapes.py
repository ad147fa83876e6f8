"""What the answers of a SwanLab server must look like; its client takes anything else for "nothing there"."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from typing import Any

Complaint = str
"""What is wrong with an answer, e.g. `no list of runs`; empty where nothing is."""


def complaint(path: str, content: bytes, parsed: Callable[[], Any]) -> Complaint:
    """What is wrong with the answer to `path` (below `/api`; empty for the table that an export links to)."""
    if not path:
        return table_complaint(content)
    rule = next((rule for pattern, rule in RULES if re.fullmatch(pattern, path)), None)
    if rule is None:
        return ""
    try:
        answer = parsed()
    except ValueError:
        return "something that is not JSON"
    what, fits = rule
    return "" if fits(answer) else what


def table_complaint(content: bytes) -> Complaint:
    """What is wrong with an exported table: a head of 1 + 2 n names, then rows of as many cells."""
    head, _, rest = content.partition(b"\n")
    width = _width(head)
    if width < 3 or width % 2 == 0:
        return "no table of points"
    last = content[content.rfind(b"\n") + 1 :]
    return "half a table of points" if rest and last and _width(last) < width else ""


def _width(line: bytes) -> int:
    """How many cells a line has, 0 where it is no line of a table."""
    try:
        return len(next(csv.reader([line.decode("utf-8", "replace")]), []))
    except csv.Error:
        return 0


def _is_login(answer: Any) -> bool:
    return (
        isinstance(answer, dict)
        and isinstance(answer.get("sid"), str)
        and isinstance(user := answer.get("userInfo"), dict)
        and isinstance(user.get("username"), str)
        and bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z", str(answer.get("expiredAt"))))
    )


def _is_listing(answer: Any) -> bool:
    return isinstance(answer, list) and all(isinstance(run, dict) for run in answer)


def _has_text(name: str) -> Callable[[Any], bool]:
    return lambda answer: isinstance(answer, dict) and isinstance(answer.get(name), str) and bool(answer[name])


def _has_keys(answer: Any) -> bool:
    return isinstance(answer, dict) and _are_texts(answer.get("keys"))


def _has_links(answer: Any) -> bool:
    links = answer.get("urls") if isinstance(answer, dict) else None
    return bool(links) and _are_texts(links) and all(re.match("https?://[^/]", link) for link in links or ())


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _has_points(answer: Any) -> bool:
    return isinstance(answer, list) and all(
        isinstance(one, dict)
        and isinstance(one.get("key"), str)
        and isinstance(points := one.get("metrics"), list)
        and all(isinstance(point, dict) for point in points)
        for one in answer
    )


RULES: list[tuple[str, tuple[Complaint, Callable[[Any], bool]]]] = [
    ("/login/api_key", ("something that is no login", _is_login)),
    ("/project/[^/]+/[^/]+", ("something that is no project", _has_text("cuid"))),
    ("/project/[^/]+/[^/]+/runs/shows", ("something that is no list of runs", _is_listing)),
    ("/project/[^/]+/[^/]+/runs/[^/]+", ("something that is no run", _has_text("cuid"))),
    ("/house/metrics/scalar/keys", ("something that is no list of metrics", _has_keys)),
    ("/house/metrics/scalar", ("something that is no list of points", _has_points)),
    ("/house/metrics/scalar/export", ("something that is no export", _has_text("cosKey"))),
    ("/files/presigned/get", ("a link that cannot be followed", _has_links)),
]
