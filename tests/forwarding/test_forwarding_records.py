"""The record-wise tail: whatever pieces a log arrives in, the same records come out."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.forwarding.environment import QUIET, forwarder_environment
from astuner_nb.forwarding.records import RecordTail
from astuner_nb.store.tail import MetricsTail
from astuner_nb.trackers.sinks import nested

VALUES = st.one_of(
    st.integers(-5, 5), st.floats(), st.booleans(), st.none(), st.text(max_size=3), st.sampled_from(["NaN", "Infinity"])
)
ROWS = st.lists(
    st.dictionaries(
        st.sampled_from(["step", "t", "step_", "t_", "a", "b/c", "", "运行"]), st.one_of(VALUES, st.lists(VALUES))
    ),
    max_size=8,
)
JUNK = st.sampled_from([b"", b" ", b"{", b"[1]", b"null", b"\xff\xfe", b'{"a": 1', b"3"])


def read_in_pieces(data, cuts):
    """The records of a log that grows up to each of `cuts` in turn."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "metrics.jsonl"
        tail, records = RecordTail(path), []
        assert list(tail.read()) == []
        for end in [*sorted(cuts), len(data)]:
            path.write_bytes(data[:end])
            records += tail.read()
        followed = MetricsTail(path)
        return records, followed.read_all()


@given(rows=ROWS, junk=st.lists(JUNK, max_size=3), cuts=st.lists(st.integers(0, 400), max_size=6))
def test_records_are_those_of_the_metrics_tail_however_the_log_grows(rows, junk, cuts):
    lines = [json.dumps(row).encode() for row in rows]
    data = b"".join(line + b"\n" for line in [*lines[:2], *junk, *lines[2:]])
    records, history = read_in_pieces(data, [cut for cut in cuts if cut < len(data)])
    points = {}
    for record in records:
        assert record.step >= 0
        for name, value in record.values.items():
            points.setdefault(name, []).append(value)
    assert points.keys() == history.keys()
    for name, values in points.items():
        assert _same(values, history[name].value.tolist())


def test_steps_and_times_are_kept_and_missing_ones_counted_on(tmp_path):
    path = tmp_path / "metrics.jsonl"
    rows = [
        {"step": 4, "t": 9.5, "x": 1},
        {"x": 2},
        {"step": "five", "x": 3},
        {"step": -2, "x": 4},
        {"step": 4, "x": 5},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    records = list(RecordTail(path).read())
    assert [record.step for record in records] == [4, 5, 6, 7, 4]
    assert records[0].time_s == 9.5
    assert math.isnan(records[1].time_s)


def test_a_log_that_is_replaced_begins_again(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1, "x": 1}\n')
    tail = RecordTail(path)
    assert [record.step for record in tail.read()] == [1]
    path.write_text('{"step": 2, "x": 1}\n{"step": 3, "x": 1}\n')
    assert [record.step for record in tail.read()] == [2, 3]
    assert list(tail.read()) == []


def test_a_line_longer_than_a_chunk_is_read_whole(tmp_path):
    path = tmp_path / "metrics.jsonl"
    row = {f"metric {i}": i for i in range(40_000)}
    path.write_text(json.dumps(row) + "\n" + '{"x": 1}\n')
    records = list(RecordTail(path).read())
    assert [len(record.values) for record in records] == [40_000, 1]


@given(
    st.dictionaries(st.lists(st.sampled_from(["a", "b", "c", ""]), min_size=1, max_size=4).map(".".join), st.integers())
)
def test_nesting_a_configuration_loses_nothing(flat):
    def flatten(section, prefix=""):
        for name, value in section.items():
            if isinstance(value, dict):
                yield from flatten(value, f"{prefix}{name}.")
            else:
                yield f"{prefix}{name}", value

    assert dict(flatten(nested(flat))) == flat


def test_a_forwarder_gets_its_own_keys_and_no_others():
    base = {
        "PATH": "/bin",
        "SWANLAB_API_KEY": "s",
        "SWANLAB_MODE": "online",
        "SWANLAB_RUN_ID": "other",
        "SWANLAB_ROOT": "here",
        "WANDB_API_KEY": "w",
        "WANDB_SERVICE": "3-1-unix-x",
        "WANDB_RESUME": "must",
        "WANDB_DIR": "there",
        "WANDB_CACHE_DIR": "/cache",
        "HF_TOKEN": "h",
        "ASTUNER_RUN_DIR": "/run",
        "TENSORBOARD_DIR": "boards",
        "FORCE_COLOR": "1",
    }
    swanlab, wandb, boards = (forwarder_environment(base, name) for name in ("swanlab", "wandb", "tensorboard"))
    assert {"SWANLAB_API_KEY", "SWANLAB_MODE"} <= swanlab.keys()
    assert swanlab["SWANLAB_ROOT"] == str(Path("here").absolute())
    assert wandb["WANDB_CACHE_DIR"] == "/cache"
    assert boards["TENSORBOARD_DIR"] == str(Path("boards").absolute())
    for env, own in ((swanlab, "SWANLAB"), (wandb, "WANDB"), (boards, "TENSORBOARD")):
        assert not {"HF_TOKEN", "ASTUNER_RUN_DIR", "FORCE_COLOR", "WANDB_SERVICE", "WANDB_RESUME"} & env.keys()
        assert not {"SWANLAB_RUN_ID", "WANDB_DIR"} & env.keys()
        others = {"SWANLAB", "WANDB"} - {own}
        assert not [name for name in env if name.partition("_")[0] in others]
        assert {name for name in QUIET if name.startswith(own)} <= env.keys()


def _same(left, right):
    return len(left) == len(right) and all(a == b or (a != a and b != b) for a, b in zip(left, right, strict=True))
