"""Strict YAML: text → plain values and back. No tag is followed, nothing is silently dropped.

Differences from PyYAML's safe loader, all of them in favour of the reader: a key that stands twice is refused, `1e-4`
is a number (YAML 1.1 wants `1.0e-4`), `012` and `1:30` are not secretly 10 and 90, a date stays text, and anchors may
not blow a small file up.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from yaml.constructor import ConstructorError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import ParserError
from yaml.scanner import ScannerError

from astuner_nb.config.plain import plain
from astuner_nb.core.errors import BadConfig

MOST_VALUES = 50_000
"""Keys and values a file may hold once its aliases are written out; real files hold a few hundred."""

_TAG = "tag:yaml.org,2002:"
_PLAIN_TAGS = frozenset(_TAG + name for name in ("null", "bool", "int", "float", "str", "seq", "map", "merge"))
_INT = re.compile(r"[-+]?(0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)$")
_FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?)$"
    r"|[-+]?\.(inf|Inf|INF)$|\.(nan|NaN|NAN)$"
)
_OWN_RULE = frozenset(_TAG + name for name in ("int", "float", "timestamp", "value"))
"""Plain scalars that are not resolved as PyYAML does: the first two by our patterns, the others not at all."""


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader, its number and date rules mended; a value it cannot make names its line."""

    def construct_object(self, node: Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except (ValueError, ArithmeticError, LookupError) as problem:
            raise ConstructorError(None, None, f"{node.value[:40]!r} cannot be read", node.start_mark) from problem


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _OWN_RULE]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_TAG + "int", _INT, list("-+0123456789"))
_Loader.add_implicit_resolver(_TAG + "float", _FLOAT, list("-+.0123456789"))
_Loader.add_constructor(_TAG + "merge", lambda loader, node: str(node.value))  # `a: <<` is text


class _Dumper(yaml.SafeDumper):
    """Quotes whatever any reader, ours or a plain YAML 1.1 one, could take for something else; writes no anchors."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _text_node(dumper: _Dumper, text: str) -> ScalarNode:
    """Text with an exotic line break is quoted: other styles would read back as a space."""
    return dumper.represent_scalar(_TAG + "str", text, style='"' if re.search("[\x85\u2028\u2029]", text) else None)


_Dumper.add_representer(str, _text_node)
_Dumper.add_implicit_resolver(_TAG + "float", _FLOAT, list("-+.0123456789"))


def parse(text: str) -> Any:
    """What `text` holds: dicts, lists and scalars. None for an empty text.

    Raises:
        BadConfig: for bad YAML (line, column, hint), a key that stands twice, a tag that asks for an object,
            aliases that blow up. The message is a clause to stand behind the file's name.
    """
    try:
        return _parse(text)
    except yaml.reader.ReaderError as problem:
        raise BadConfig(_unreadable(text, problem)) from None
    except yaml.MarkedYAMLError as problem:
        raise BadConfig(_bad_yaml(text, problem)) from None
    except RecursionError:
        raise BadConfig("It nests deeper than a configuration can. Flatten it.") from None


def dump(value: Any) -> str:
    """`value` as YAML text, keys in their order."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096)


def colon_hint(text: str) -> str:
    """A sentence on the first key that lacks its colon; empty where none does."""
    if wide := re.search(r"^\s*\w+：", text, re.MULTILINE):
        return f" Line {_line(text, wide.end())} has a full-width colon '：': YAML wants ': '."
    if bare := re.search(r"^[ ]*([A-Za-z_]\w*)[ ]*(?:#.*)?(?:\r?\n|$)", text, re.MULTILINE):
        line = _line(text, bare.start(1))
        return f" Line {line}, '{bare[1]}', lacks its colon: write '{bare[1]}:'."
    return ""


def _parse(text: str) -> Any:
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return None
        _weigh(node, {})
        return plain(loader.construct_document(node))
    finally:
        loader.dispose()


def _weigh(node: Node, weights: dict[int, int]) -> int:
    """How many values `node` holds with aliases written out. Checks tags and keys on the way.

    Each node is looked at once (`weights` remembers), so a bomb is weighed, not exploded.
    """
    if weights.get(id(node)) == 0:
        raise _refusal(node, "an alias holds itself; write the value out instead")
    if id(node) not in weights:
        weights[id(node)] = 0  # under way: meeting it again is a cycle
        _check_tag(node)
        weights[id(node)] = 1 + sum(_weigh(child, weights) for child in _children(node))
    if weights[id(node)] > MOST_VALUES:
        raise _refusal(node, f"it holds more than {MOST_VALUES} values with its aliases written out; shorten it")
    return weights[id(node)]


def _children(node: Node) -> list[Node]:
    if isinstance(node, MappingNode):
        _check_keys(node)
        return [part for pair in node.value for part in pair]
    return list(node.value) if isinstance(node, SequenceNode) else []


def _check_tag(node: Node) -> None:
    if node.tag not in _PLAIN_TAGS:
        tag = node.tag.replace(_TAG, "!!")
        raise _refusal(node, f"the tag {tag!r} asks for an object; only plain values are read, take the tag out")


def _check_keys(node: MappingNode) -> None:
    seen: dict[tuple[str, str], Node] = {}
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            raise _refusal(key, "a list or a section cannot be a key; put quotes around it")
        first = seen.setdefault((key.tag, key.value), key)
        if first is not key:
            line = first.start_mark.line + 1
            raise _refusal(key, f"the key {key.value!r} stands here again, first in line {line}; keep one of the two")


def _refusal(node: Node, problem: str) -> ConstructorError:
    return ConstructorError(None, None, problem, node.start_mark)


def _bad_yaml(text: str, problem: yaml.MarkedYAMLError) -> str:
    mark = problem.problem_mark or problem.context_mark
    where = f"Line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
    return f"{where}{_clause(problem)}.{_hint(text, problem)}"


def _clause(problem: yaml.MarkedYAMLError) -> str:
    what = problem.problem or problem.context or "this cannot be read"
    return f"{problem.context} {what}" if what.startswith("but ") else what


def _hint(text: str, problem: yaml.MarkedYAMLError) -> str:
    if "\\t" in str(problem.problem):
        return " YAML indents with spaces, never with tabs."
    if not isinstance(problem, ScannerError | ParserError):
        return ""
    return colon_hint(text) or " Compare its indentation, colons, quotes and brackets with the lines around it."


def _unreadable(text: str, problem: yaml.reader.ReaderError) -> str:
    line = _line(text, problem.position)
    return f"Line {line}: the character U+{problem.character:04X} cannot stand in YAML. Take it out."


def _line(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1
