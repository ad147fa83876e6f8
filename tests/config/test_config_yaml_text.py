"""Strict YAML: what is refused, in which words, and that text and values go round."""

from __future__ import annotations

import math
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.config.loader import load_config
from astuner_nb.config.yaml_text import dump, parse
from astuner_nb.core.errors import BadConfig

BOMB = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 30)
)

BAD = [
    ("", "empty"),
    ("# only a comment\n", "empty"),
    ("astuner\n  project_name: a\n", "Line 1, 'astuner', lacks its colon: write 'astuner:'."),
    ("astuner:\n  trainer_common\n    seed: 1\n", "Line 2, 'trainer_common', lacks its colon"),
    ("astuner\n", "lacks its colon"),
    ("astuner：\n  seed: 1\n", "full-width colon"),
    ("astuner:\n\tseed: 1\n", "Line 2, column 1: found character '\\t'"),
    ("astuner:\n\tseed: 1\n", "spaces, never with tabs"),
    ("astuner: [1, 2\n", "Line 2, column 1"),
    ("astuner:\n  data: {}\n  a: 'x\n", "Line 4"),
    ("- astuner\n", "no sections"),
    ("astuner:\n  a: 1\n  b: 2\n  a: 3\n", "Line 4, column 3: the key 'a' stands here again, first in line 2"),
    ("astuner:\n  rollout:\n    num_repeat: 4\n  rollout:\n    num_repeat: 8\n", "Line 4, column 3: the key 'rollout'"),
    ("astuner: {a: 1, 'a': 2}\n", "the key 'a' stands here again"),
    ("astuner: !!python/object/apply:os.system ['echo hi']\n", "'!!python/object/apply:os.system'"),
    ("astuner:\n  model: !!python/name:os.system\n", "Line 2, column 10: the tag"),
    ("astuner: !mine {a: 1}\n", "'!mine'"),
    ("astuner: !!set {a, b}\n", "'!!set'"),
    ("astuner: !!binary aGk=\n", "'!!binary'"),
    ("astuner: !!int\n", "'' cannot be read"),
    ("astuner: !!bool maybe\n", "'maybe' cannot be read"),
    ("astuner: !!float [1]\n", "Line 1, column 10"),
    ("astuner: !!map 5\n", "Line 1, column 10"),
    ("astuner: !!int abc\n", "'abc' cannot be read"),
    (f"astuner: {{a: {'9' * 5000}}}\n", "cannot be read"),
    (f"astuner: {{a: 0x{'f' * 400}}}\n", "astuner.a has more than 300 digits"),
    ("astuner:\n  [1, 2]: x\n", "cannot be a key"),
    ("astuner: &a\n  b: *a\n", "an alias holds itself"),
    (BOMB, "more than 50000 values with its aliases written out"),
    ("astuner: *nowhere\n", "undefined alias"),
    ("[" * 3000, "nests deeper"),
    ("astuner:\n---\nastuner:\n", "single document"),
    ("astuner:\n  a: \x00\n", "Line 2: the character U+0000"),
    ("rollout:\n  num_repeat: 4\n", "There is no root section astuner (or ajet, astune)"),
    ("astunr:\n  seed: 1\n", "Did you mean 'astuner' by 'astunr'?"),
    ("astuner:\n  a: 1\najet:\n  a: 1\n", "the root sections astuner and ajet. Keep one"),
    ("astuner: 5\n", "must be a section with keys of its own, got 5"),
    ("astuner:\n  rollout:\n    num_repeat:8\n", "Put a space behind the colon."),
    ("astuner: [a]\n", "must be a section with keys of its own, got ['a']"),
]


@pytest.mark.parametrize(("text", "words"), BAD)
def test_bad_texts_are_refused_in_words(text: str, words: str) -> None:
    with pytest.raises(BadConfig) as caught:
        load_config(text if "\n" in text else text + "\n")
    assert words in str(caught.value)
    assert str(caught.value).startswith("The text cannot be used. ")


def test_the_tag_is_never_followed(tmp_path: Path) -> None:
    mark = tmp_path / "made"
    with pytest.raises(BadConfig):
        load_config(
            f"astuner: !!python/object/apply:pathlib.Path.touch [!!python/object/apply:pathlib.Path ['{mark}']]\n"
        )
    assert not mark.exists()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-4", 1e-4),
        ("3E5", 3e5),
        ("-2.5e3", -2500.0),
        (".5e1", 5.0),
        ("1.0e-06", 1e-6),
        ("16", 16),
        ("'1e-4'", "1e-4"),
        ("2026-01-02", "2026-01-02"),
        ("=", "="),
        ("yes", True),
        ("012", "012"),
        ("1:30", "1:30"),
        ("0x1F", 31),
        ("1_000", 1000),
        ("0", 0),
        (".inf", math.inf),
        ("<<", "<<"),
        ("~", None),
        ("${now:%H-%M}", "${now:%H-%M}"),
        ("!!str 5", "5"),
    ],
)
def test_scalars(text: str, value: object) -> None:
    parsed = parse(f"a: {text}\n")["a"]
    assert parsed == value
    assert type(parsed) is type(value)


def test_anchors_and_merges_are_written_out_and_share_nothing() -> None:
    parsed = parse("base: &b {x: 1, y: [2]}\none: {<<: *b, x: 3}\ntwo: *b\n")
    assert parsed == {"base": {"x": 1, "y": [2]}, "one": {"x": 3, "y": [2]}, "two": {"x": 1, "y": [2]}}
    assert parsed["two"] is not parsed["base"]
    assert parsed["one"]["y"] is not parsed["base"]["y"]
    assert "&" not in dump(parsed)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(10**20), 10**20) | st.floats(allow_nan=False) | texts
documents = st.dictionaries(
    texts,
    st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)),
    max_size=5,
)


@given(documents)
def test_what_is_written_reads_back_the_same(document: dict[str, object]) -> None:
    text = dump(document)
    assert parse(text) == document
    assert yaml.safe_load(text) == document, "a plain YAML reader sees the same"


WORDS = """
astuner: ajet: data: rollout:{ } num_repeat: lr: logger: - , [ ] ? : # &a *a <<: ' " --- % ! | >
!!int !!bool !!float !!null !!str !!map !!seq !!merge 1 1e9 0x 0b .inf ~ yes x 配置 ✨
"""
TOKENS = ["\n", "\n", "\n ", "\n   ", "\t", *WORDS.split()]
PIECES = st.lists(st.sampled_from(TOKENS) | texts, max_size=15).map(" ".join)


@given(st.text(max_size=60) | PIECES | PIECES.map("astuner:\n  ".__add__))
def test_garbage_raises_nothing_but_our_error(text: str) -> None:
    with suppress(BadConfig):
        load_config(text + "\n")
