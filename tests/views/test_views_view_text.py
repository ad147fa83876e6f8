"""A view as one short text: there and back, and nothing else gets in."""

import base64
import json
import math
import time
import zlib
from dataclasses import fields

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue
from astuner_nb.core.states import RunState
from astuner_nb.trackers.where import Between, OneOf
from astuner_nb.views.options.text import MOST_BYTES, PREFIX, run_mark
from astuner_nb.views.options.values import BANDS
from astuner_nb.views.options.view_options import CHECKS, ViewOptions

from ..trackers.places import MadeRun

HOSTILE = [
    "__import__('os').system('x')",
    "</script><b>",
    "\ud800",
    "\U0001f680",
    "a\x00b",
    "名前",
    '"}',
    "$(x)",
    "\r\n",
]
RUNS = [MadeRun(name) for name in ("a", "b", 'c"; #', "d\ud83d", "#0123456789")]

names = (st.text(min_size=1, max_size=12) | st.sampled_from(HOSTILE)).filter(str.strip)
keys = st.sampled_from([run.key for run in RUNS])
numbers = st.floats(allow_nan=False)
ranges = st.tuples(numbers, numbers).map(lambda ends: Between(*sorted(ends)))
scalars = st.none() | st.booleans() | st.integers() | numbers | st.text(max_size=8)
choices = st.lists(scalars, max_size=4).map(lambda found: OneOf(tuple(found)))
amounts = st.one_of(
    st.tuples(st.sampled_from(["ema", "twema"]), st.floats(0, 0.999)),
    st.tuples(st.sampled_from(["gaussian", "mean"]), st.floats(0.1, 1e5)),
)
unique = st.lists(names, max_size=3, unique=True).map(tuple)


@st.composite
def views(draw):
    """Any view of `RUNS`."""
    smooth, amount = draw(amounts)
    return ViewOptions(
        metrics=draw(unique),
        filters=draw(st.dictionaries(names, ranges | choices, max_size=4)),
        name=draw(st.text(max_size=8)),
        states=draw(st.sets(st.sampled_from(RunState), max_size=2)),
        tags=draw(unique),
        hidden=draw(st.sets(keys, max_size=3)),
        pinned=draw(st.lists(keys, max_size=3)),
        selected=draw(st.lists(keys, max_size=3)),
        baseline=draw(keys | st.just("")),
        color=draw(names),
        group=draw(unique),
        band=draw(st.sampled_from(BANDS)),
        x=draw(names),
        log_x=draw(st.booleans()),
        log_y=draw(st.booleans()),
        smooth=smooth,
        amount=amount,
        clip=draw(st.booleans()),
        sort=(draw(st.text(max_size=8)), draw(st.booleans())),
        columns=draw(unique),
        names=draw(st.dictionaries(keys, names, max_size=3)),
        colors=draw(st.dictionaries(keys, st.just("#0a7bc4"), max_size=3)),
        max_lines=draw(st.integers(0, 10_000)),
    )


def text_of(document, prefix=PREFIX):
    """The text that holds `document`, whatever that is."""
    plain = document if isinstance(document, bytes) else json.dumps(document).encode()
    return prefix + base64.urlsafe_b64encode(zlib.compress(plain, 9)).decode().rstrip("=")


def kinds(view):
    """The kinds of the values that are chosen among: 1, 1.0 and True are equal, and not the same."""
    return {
        name: [type(value) for value in condition.values] if isinstance(condition, OneOf) else None
        for name, condition in view.filters.items()
    }


@given(views())
def test_a_view_comes_back_from_its_text(view):
    read = ViewOptions.from_text(view.to_text()).resolved(RUNS)
    assert read == view
    assert kinds(read) == kinds(view)


@given(views())
def test_a_text_of_runs_that_are_not_at_hand_can_be_handed_on(view):
    unresolved = ViewOptions.from_text(view.to_text()).resolved(RUNS[:1])
    assert ViewOptions.from_text(unresolved.to_text()).resolved(RUNS) == view


def test_every_option_is_checked_and_written():
    assert [one.name for one in fields(ViewOptions)] == list(CHECKS)


def test_texts_are_short_and_tell_nobody_where_runs_are_kept():
    view = ViewOptions().with_filter(lr=(1e-5, 1e-3), kl_loss_coef=(None, 0.1), backbone=["local", "verl"])
    assert len(view.to_text()) < 200
    assert len(ViewOptions().to_text()) < 20
    run = MadeRun("r", place="/home/alice/secret")
    text = ViewOptions().with_baseline(run).to_text()
    assert b"alice" not in zlib.decompress(base64.urlsafe_b64decode(text.removeprefix(PREFIX) + "==="))
    many = ViewOptions().with_hidden(*[MadeRun(f"run-{number}") for number in range(1000)])
    assert len(many.to_text()) < 10_000


@given(views(), st.data())
def test_a_text_with_another_letter_is_refused_or_says_the_same(view, data):
    text = view.to_text()
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="utf-8") | st.sampled_from("-_Aa0=+/ ."))
    changed = text[:place] + other + text[place + 1 :]
    assume(changed.strip() != text)
    try:
        read = ViewOptions.from_text(changed)
    except BadValue:
        return
    assert read == ViewOptions.from_text(text)  # bits between the last block and the checksum: they say nothing


@given(views(), st.data())
def test_a_text_that_was_cut_or_doubled_is_refused(view, data):
    text = view.to_text()
    end = data.draw(st.integers(0, len(text) - 1))
    for damaged in (text[:end], text + text[end:], text[: end + 1] + text[end:]):
        with pytest.raises(BadValue):
            ViewOptions.from_text(damaged)


@given(st.text() | st.text().map(lambda text: PREFIX + text) | st.binary().map(text_of))
def test_garbage_is_refused(text):
    with pytest.raises(BadValue):
        ViewOptions.from_text(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.dictionaries(st.sampled_from(list(CHECKS)), json_values, min_size=1, max_size=3))
def test_values_of_the_wrong_kind_are_refused_or_right(document):
    try:
        view = ViewOptions.from_text(text_of(document))
    except BadValue:
        return
    assert ViewOptions.from_text(view.to_text()).resolved([]) == ViewOptions.from_text(view.to_text())
    assert all(type(getattr(view, name)) is type(getattr(ViewOptions(), name)) for name in CHECKS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with 'anb1.', got ''"),
        ("anb1.", "damaged"),
        (text_of({}, prefix="anb2."), "version 2 .* reads 1. Update"),
        (text_of({}, prefix="ANB1."), "begins with 'anb1.'"),
        (text_of({"later": 1}), "option 'later', unknown"),
        (text_of({"__class__": 1}), "option '__class__', unknown"),
        (text_of([1]), r"no view but \[1\]"),
        (text_of({"smooth": "x"}), "no view that can be shown: smooth must be one of"),
        (text_of({"filters": {"lr": {"from": 2, "to": 1}}}), "range of 'lr' must be two numbers"),
        (text_of({"filters": {"lr": {"from": 2, "then": 1}}}), "neither a range nor a list"),
        (text_of({"filters": {"lr": [[1]]}}), r"values wanted of 'lr'.*got \[1\]"),
        (text_of({"filters": {"lr": [math.nan]}}), "got nan"),
        (text_of({"band": "x" * 100_000}), "band must be one of"),
        (text_of({"hidden": "abc", "colors": {"a": "javascript:x"}}), "must be a colour"),
        (text_of(b"[" * 100_000), "damaged"),
        (text_of(b"9" * 5_000), "damaged"),
        (text_of(b'{"max_lines":' + b"9" * 5_000 + b"}"), "damaged"),
        (text_of(b"\xff{}"), "damaged"),
        (text_of(b" " * (MOST_BYTES + 1)), "unfolds to more than"),
        (PREFIX + "A" * 200_000, "at most 200,000 letters"),
    ],
)
def test_what_is_wrong_is_said_in_one_sentence(text, words):
    with pytest.raises(BadValue, match=words) as caught:
        ViewOptions.from_text(text)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("given", [None, 7, b"anb1.", ["anb1."]])
def test_what_is_no_text_is_refused(given):
    with pytest.raises(BadValue, match="A view is a text"):
        ViewOptions.from_text(given)


def test_a_text_that_would_unfold_to_gigabytes_costs_nothing():
    packing = zlib.compressobj(9)
    bomb = b"".join(packing.compress(b" " * 10**6) for _ in range(100)) + packing.flush()
    text = PREFIX + base64.urlsafe_b64encode(bomb).decode().rstrip("=")
    begin = time.perf_counter()
    with pytest.raises(BadValue, match="unfolds to more than"):
        ViewOptions.from_text(text)
    assert time.perf_counter() - begin < 1.0


def test_a_view_that_could_not_be_read_again_is_not_written():
    with pytest.raises(BadValue, match="too large for a text"):
        ViewOptions(name="x" * MOST_BYTES).to_text()


def test_spaces_around_a_pasted_text_do_no_harm():
    view = ViewOptions().with_x("time")
    assert ViewOptions.from_text(f"\n  {view.to_text()}\n") == view


def test_a_run_whose_key_looks_like_a_mark_is_found():
    run = MadeRun("x")
    object.__setattr__(run, "id", "y")
    view = ViewOptions().with_pinned(run_mark("z"), run)
    assert ViewOptions.from_text(view.to_text()).resolved([run]).pinned == (run_mark("z"), run.key)
