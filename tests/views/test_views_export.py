"""Curves and tables as files."""

import gzip
import os
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb.core.errors import BadValue, NotInstalled, StoreError
from astuner_nb.views.files.export import LongCurve, inert, long_frame, save_frame, to_csv, to_parquet, write_text

NAN, INF = float("nan"), float("inf")


def curve(x, value, run="#1 a", metric="reward", group="") -> LongCurve:
    return LongCurve(f"key of {run}", run, group, metric, np.asarray(x, float), np.asarray(value, float))


def test_one_row_a_point_in_order():
    frame = long_frame([curve([0, 1], [0.5, NAN], group="lr 1e-4"), curve([0], [INF], "#2 b", "kl")])
    assert frame.columns.tolist() == ["key", "run", "group", "metric", "step", "value"]
    assert frame["step"].dtype == np.int64
    assert frame["run"].tolist() == ["#1 a", "#1 a", "#2 b"]
    assert frame["group"].tolist() == ["lr 1e-4", "lr 1e-4", ""]
    assert frame["value"].tolist()[2] == INF
    assert np.isnan(frame["value"][1])


def test_a_name_that_is_no_valid_text_is_one_in_the_frame():
    assert long_frame([curve([0], [1], "a\ud800")])["run"].tolist() == ["a?"]


def test_the_axis_names_its_column():
    assert long_frame([curve([0.5], [1])], "time")["time"].tolist() == [0.5]
    assert long_frame([curve([0], [1])], "metric").columns.tolist()[3:] == ["metric", "x", "value"]
    assert str(long_frame([curve([0], [1])], "wall")["wall"][0]) == "1970-01-01 00:00:00+00:00"
    assert long_frame([curve([2.0**60, NAN], [1, 2])])["step"].dtype == np.float64


def test_nothing_is_an_empty_frame_with_its_columns(tmp_path):
    frame = long_frame([])
    assert frame.shape == (0, 6)
    assert to_csv(frame, tmp_path / "a.csv").read_text() == "key,run,group,metric,step,value\n"
    assert pd.read_parquet(to_parquet(frame, tmp_path / "a.parquet")).shape == (0, 6)


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "A.CSV", "a.parquet"])
def test_what_is_written_is_what_is_read(tmp_path, name):
    wanted = long_frame([curve([0, 1, 2], [0.1 + 0.2, NAN, INF], 'a, "b"\nc 中文')])
    path = save_frame(wanted, tmp_path / name)
    read = pd.read_parquet(path) if name.endswith("parquet") else pd.read_csv(path, dtype=str, keep_default_na=False)
    assert read["run"].tolist() == wanted["run"].tolist()
    np.testing.assert_array_equal(read["value"].astype(float), wanted["value"])
    assert os.listdir(tmp_path) == [name]


def test_gz_is_compressed_and_the_same(tmp_path):
    frame = long_frame([curve(range(1000), range(1000))])
    plain, packed = to_csv(frame, tmp_path / "a.csv"), to_csv(frame, tmp_path / "a.csv.gz")
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert packed.stat().st_size < plain.stat().st_size / 3


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x"]
)
def test_no_spreadsheet_runs_a_name(tmp_path, text):
    path = to_csv(pd.DataFrame({text: [text], "n": [-1.5]}), tmp_path / "a.csv")
    read = pd.read_csv(path, lineterminator="\n", keep_default_na=False)
    assert read.columns[0] == f"'{text}"
    assert read.iloc[0].tolist() == [f"'{text}", -1.5]


@pytest.mark.parametrize("text", ["-1.5", "+2", "-1e-6", "lr = 3", "", "a-b", "-inf"])
def test_numbers_and_other_texts_stay(text):
    assert inert(text) == text


@given(st.text())
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(text):
    safe = inert(text)
    assert safe in (text, f"'{text}")
    if safe[:1] in ("=", "@", "+", "-"):
        float(safe)


def test_a_table_of_anything_can_be_written(tmp_path):
    frame = pd.DataFrame(
        {
            "mixed": [1, "a", None],
            "tags": [["x", "y"], [], ["\ud800"]],
            "when": pd.to_datetime([0, 1, None], unit="s", utc=True),
            "kept": [True, False, None],
        },
        index=pd.Index(["a", "b", "c"], name="key"),
    )
    frame = pd.concat([frame, frame[["mixed"]]], axis=1)
    for name in ("t.csv", "t.parquet"):
        path = save_frame(frame, tmp_path / name)
        read = pd.read_csv(path, keep_default_na=False) if name == "t.csv" else pd.read_parquet(path)
        assert read.columns.tolist() == ["key", "mixed", "tags", "when", "kept", "mixed (2)"]
        assert read["mixed"].tolist()[:2] == ["1", "a"]
        assert read["tags"].tolist() == ["x, y", "", "?"]


def test_a_file_of_another_kind_is_refused(tmp_path):
    with pytest.raises(BadValue, match=r"written as \.csv, \.csv\.gz, \.parquet, got '.*a\.xlsx'\. Choose"):
        save_frame(long_frame([]), tmp_path / "a.xlsx")


def test_without_pyarrow_there_is_a_sentence_and_no_file(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NotInstalled, match=r"Run `pip install 'astuner-nb\[parquet\]'`, or write it as \.csv\.gz\."):
        to_parquet(long_frame([]), tmp_path / "a.parquet")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("place", ["missing/a.csv", "file/a.csv", "folder", f"{'x' * 300}.csv"])
def test_where_nothing_can_be_written_the_sentence_says_where(tmp_path, place):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"could not be written to '.*'\. Give|could not be written to '.*: .*\. Give"):
        to_csv(long_frame([]), tmp_path / place)
    assert sorted(os.listdir(tmp_path)) == ["file", "folder"]


def test_what_was_there_stays_where_writing_fails(tmp_path, monkeypatch):
    path = write_text(tmp_path / "a.html", "before")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match=r"No space left on device\. Give"):
        write_text(path, "after")
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a.html"]


def test_a_text_is_written_as_utf_8_to_an_absolute_place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert write_text("中文.html", "é\n") == tmp_path / "中文.html"
    assert (tmp_path / "中文.html").read_bytes() == "é\n".encode()
