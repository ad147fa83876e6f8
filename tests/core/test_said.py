"""Sentences with their templates: an English text to everybody, and data stays data in every language."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.said import Said, counted, filled, joined, places, said

BACKWARDS = Language("zh", {"{a} then {b}": "{b} vor {a}", "Run": "Lauf", "flat": "flach"})
HOSTILE = ["{b}", "{a}", "{", "}", "{{a}}", "%s", "{0}", "{a.__class__}", "{a!r:>99}", "</b>", "\0", "运行", "Run", ""]


@pytest.mark.parametrize("evil", HOSTILE)
def test_what_a_value_brings_along_is_never_read(evil):
    sentence = said("{a} then {b}", a=evil, b="x")
    assert sentence == f"{evil} then x"
    assert BACKWARDS(sentence) == f"x vor {evil}"
    assert ENGLISH(sentence) == sentence


@given(st.text(), st.text())
def test_values_stand_in_both_languages_as_they_are(one, other):
    sentence = said("{a} then {b}", a=one, b=other)
    assert (str(sentence), BACKWARDS(sentence)) == (f"{one} then {other}", f"{other} vor {one}")


def test_only_sentences_of_ours_are_translated():
    assert BACKWARDS.of("Run") == "Run"  # the name of a run
    assert BACKWARDS(said("{a} then {b}", a="Run", b=said("flat"))) == "flach vor Run"
    assert BACKWARDS("Run") == "Lauf"
    assert BACKWARDS("{a} and so on", a=3) == "3 and so on"  # no words for it: English


@given(st.text(), st.dictionaries(st.text("abc{}", max_size=3), st.text(), max_size=3))
def test_no_template_and_no_value_raises(template, values):
    assert isinstance(filled(template, values), str)
    assert places(template) >= places(filled(template, {}))


def test_a_sentence_is_a_text():
    sentence = said("{a} then {b}", a=1, b=said("flat"))
    assert sentence == "1 then flat"
    assert hash(sentence) == hash("1 then flat")
    assert json.dumps(sentence) == '"1 then flat"'
    for again in (copy.copy(sentence), copy.deepcopy(sentence), pickle.loads(pickle.dumps(sentence))):
        assert (again, BACKWARDS(again)) == (sentence, "flach vor 1")
    assert type(BACKWARDS(sentence)) is type(ENGLISH(sentence)) is str


def test_sentences_in_a_row_are_translated_each():
    row = joined([said("Run"), "", said("flat"), "Run"])
    assert (row, BACKWARDS.of(row)) == ("Run flat Run", "Lauf flach Run")
    assert joined(["", ""]) == ""


def test_other_values_are_put_in_wherever_they_stand():
    row = joined([said("{a} then {b}", a="x", b="y"), said("Run")])
    assert isinstance(row, Said)
    assert row.having(a="z", c="not there") == "z then y Run"


@pytest.mark.parametrize(("count", "text"), [(0, "0 runs"), (1, "1 run"), (2, "2 runs"), (1234, "1,234 runs")])
def test_counts_have_their_own_words(count, text):
    assert counted(count, "{n} run", "{n} runs") == text
