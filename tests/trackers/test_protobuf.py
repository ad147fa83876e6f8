"""The wire format of Protocol Buffers, against a writer and against garbage."""

from __future__ import annotations

import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.trackers.wire.protobuf import Message, fields, signed, varint, zigzag

from .run_file_writer import field, stamp
from .run_file_writer import varint as written

int64 = st.integers(-(2**63), 2**63 - 1)
numbers = st.integers(1, 2**29 - 1)


@given(int64)
def test_whole_numbers_come_back(value: int) -> None:
    found, end = varint(b"\xff" + written(value) + b"\0", 1)
    assert (signed(found), end) == (value, 1 + len(written(value)))
    assert Message(field(7, value)).integer(7) == value


@pytest.mark.parametrize(
    ("wire", "value"), [(0, 0), (1, -1), (2, 1), (3, -2), (2**64 - 1, -(2**63)), (2**64 - 2, 2**63 - 1)]
)
def test_zigzag(wire: int, value: int) -> None:
    assert zigzag(wire) == value


@given(st.floats())
def test_doubles_come_back(value: float) -> None:
    assert repr(Message(field(3, value)).double(3)) == repr(value)


@given(st.lists(st.tuples(numbers, st.integers(0, 2**64 - 1) | st.binary(max_size=300))))
def test_fields_come_back_in_their_order(given_fields: list[tuple[int, int | bytes]]) -> None:
    data = b"".join(field(number, value) for number, value in given_fields)
    assert fields(data) == given_fields


def test_of_a_repeated_single_field_the_last_counts() -> None:
    message = Message(field(1, "a") + field(2, 5) + field(1, "b") + field(2, 6) + field(1, field(1, "inner")))
    assert (message.texts(1)[:2], message.integer(2), message.message(1).text(1)) == (["a", "b"], 6, "inner")
    assert [each.texts(1) for each in Message(field(4, b"") + field(4, field(1, "x"))).messages(4)] == [[], ["x"]]


def test_absent_fields_are_zero_or_empty() -> None:
    message = Message(b"")
    assert (message.integer(1), message.double(1), message.text(1), message.texts(1)) == (0, 0.0, "", [])
    assert (message.zigzag(1), message.raw(1), message.messages(1), message.message(1).text(2)) == (0, b"", [], "")
    assert 1 not in message
    assert message.moment(1) is None


def test_moments() -> None:
    assert Message(field(1, stamp(1.5))).moment(1) == datetime(1970, 1, 1, 0, 0, 1, 500_000, tzinfo=UTC)
    for beyond in (2**62, -(2**62)):
        assert Message(field(1, field(1, beyond))).moment(1) is None


def test_text_that_is_no_utf8_is_marked() -> None:
    assert Message(field(1, b"a\xff\xfeb")).text(1) == "a��b"


@pytest.mark.parametrize(
    "garbage",
    [
        b"\x80",
        b"\xff" * 11,
        b"\x00\x01",
        b"\x0b",  # a group
        b"\x0f\x01",  # no wire type
        b"\x0a\x05abcd",
        b"\x0a" + written(2**63) + b"abcd",
        b"\x09" + bytes(7),
        b"\x0d" + bytes(3),
        b"\x08" + b"\x80" * 10 + b"\x01",
    ],
)
def test_what_is_no_message_is_a_value_error(garbage: bytes) -> None:
    with pytest.raises(ValueError, match=r"byte|field"):
        Message(garbage)


def test_a_field_of_another_type_is_a_value_error() -> None:
    message = Message(field(1, 5) + field(2, "text"))
    for read in (message.text, message.texts, message.raw, message.message, message.messages, message.double):
        with pytest.raises(ValueError, match="field 1 is"):
            read(1)
    for read_number in (message.integer, message.zigzag, message.double):
        with pytest.raises(ValueError, match="field 2 is"):
            read_number(2)


def test_nothing_nested_is_looked_at_before_it_is_asked_for() -> None:
    data = b""
    for _ in range(2_000):
        data = field(1, data)
    message = Message(data)
    for _ in range(1_999):
        message = message.message(1)
    assert message.raw(1) == b""


@given(st.binary(max_size=200))
def test_any_bytes_end_in_fields_or_in_one_error(data: bytes) -> None:
    try:
        found = fields(data)
    except ValueError:
        return
    assert all(0 < number < 2**61 for number, _ in found)
    assert math.fsum(len(value) for _, value in found if isinstance(value, bytes)) <= len(data)
