"""New values reach a run that goes on: once, in order, on record, whatever else stands in the file."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from astuner_nb import recorder as module
from astuner_nb.recorder import NewLines, Recorder, RunFiles, create_run_directory, request_change

ASKING = """
import sys
from astuner_nb.recorder import RunFiles, request_change
for n in range(150):
    request_change(RunFiles(sys.argv[1]), {sys.argv[2]: n})
"""


@pytest.fixture
def files(tmp_path: Path) -> RunFiles:
    return create_run_directory(tmp_path, "p", "n", {"lr": 0.1, "width": 8})


def on_record(files: RunFiles) -> list[tuple[int, dict[str, Any]]]:
    return [(row["step"], row["values"]) for row in map(json.loads, files.changes.read_text().splitlines())]


def test_a_change_is_taken_once_and_is_on_record(files: RunFiles) -> None:
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == {}
        assert not files.changes.exists()
        request = request_change(files, {"lr": 0.01})
        assert run.take_changes(2) == {"lr": 0.01}
        assert run.take_changes(3) == {}
        assert run.config == {"lr": 0.01, "width": 8}
    (row,) = map(json.loads, files.changes.read_text().splitlines())
    assert row | {"t": 0} == {"step": 2, "values": {"lr": 0.01}, "t": 0, "request": request}
    assert {oct(path.stat().st_mode & 0o777) for path in files.directory.iterdir()} == {"0o600"}


def test_a_scheduled_change_waits_for_its_step_and_a_late_one_does_not(files: RunFiles) -> None:
    request_change(files, {"lr": 0.5}, at_step=5)
    with Recorder(files.directory) as run:
        assert [run.take_changes(step) for step in (3, 4, 5, 6)] == [{}, {}, {"lr": 0.5}, {}]
        request_change(files, {"lr": 0.7}, at_step=2)
        assert run.take_changes(7) == {"lr": 0.7}


def test_the_later_request_counts(files: RunFiles) -> None:
    for lr in (1, 2, 3):
        request_change(files, {"lr": lr, f"only {lr}": lr})
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == {"lr": 3, "only 1": 1, "only 2": 2, "only 3": 3}
    assert [values["lr"] for _, values in on_record(files)] == [1, 2, 3]


def test_what_is_refused_is_on_record_and_changes_nothing(files: RunFiles) -> None:
    def accept(values: dict[str, Any]) -> None:
        if values["lr"] < 0:
            raise ValueError(f"lr = {values['lr']} is out of range.")
        values.clear()  # it is handed a copy

    request_change(files, {"lr": -1})
    request_change(files, {"lr": 2})
    request_change(files, {"width": 3})
    with Recorder(files.directory) as run:
        assert run.take_changes(1, accept) == {"lr": 2}
        assert run.config == {"lr": 2, "width": 8}
    rows = [json.loads(line) for line in files.changes.read_text().splitlines()]
    assert [row.get("refused") for row in rows] == ["lr = -1 is out of range.", None, "'lr'"]


def test_another_process_knows_what_was_settled_and_what_still_waits(files: RunFiles) -> None:
    request_change(files, {"lr": 0.01})
    request_change(files, {"lr": -1})
    request_change(files, {"lr": 0.02}, at_step=9)
    with Recorder(files.directory) as run:
        run.take_changes(1, lambda values: 1 / (values["lr"] + 1))
    with open(files.changes, "ab") as file:
        file.write(b'{"step": 2, "values": {"lr"')  # it was killed over this
    with Recorder(files.directory) as run:
        assert run.config["lr"] == 0.01
        assert run.take_changes(2) == {}
        assert run.take_changes(9) == {"lr": 0.02}
    assert on_record(files) == [(1, {"lr": 0.01}), (1, {"lr": -1}), (9, {"lr": 0.02})]


def test_a_line_typed_by_hand_is_taken_once(files: RunFiles) -> None:
    files.change_requests.write_text('{"values": {"lr": 1}}\n{"values": {"lr": 2}, "at_step": null, "id": 7}\n')
    for expected in ({"lr": 2}, {}):
        with Recorder(files.directory) as run:
            assert run.take_changes(1) == expected


GARBAGE = (
    b"", b"nonsense", b"[1]", b"{}", b'{"values": {}}', b'{"values": [1]}', b'{"values": {"lr": [1]}}', b"\xff\xfe\x00",
    b'{"values": {"lr": NaN}}', b'{"values": {"lr": 1e999}}', b'{"values": {"lr": 99999999999999999999}}',
    b'{"values": {"lr": 1}, "at_step": "3"}', b'{"values": {"lr": 1}, "at_step": true}', b"[" * 100_000,
    b'{"values": {"lr": ' + b"9" * 5_000 + b"}}", b"x" * 300_000, b'{"values": {"lr": "' + b"y" * 600_000 + b'"}}',
)  # fmt: skip


def test_garbage_between_requests_is_passed_over(files: RunFiles) -> None:
    for number, garbage in enumerate(GARBAGE):
        with open(files.change_requests, "ab") as file:
            file.write(garbage)  # no line break: the next request is not spoilt
        request_change(files, {"n": number})
    with Recorder(files.directory) as run:
        taken = [run.take_changes(step) for step in range(20)]
    assert [values["n"] for _, values in on_record(files)] == list(range(len(GARBAGE)))
    assert [values for values in taken if values][-1] == {"n": len(GARBAGE) - 1}


@pytest.mark.parametrize("place", ["directory", "pipe", "link to itself", "no run"])
def test_what_is_no_file_costs_nothing(files: RunFiles, place: str, capfd: pytest.CaptureFixture[str]) -> None:
    if place == "directory":
        files.change_requests.mkdir()
    elif place == "pipe":
        os.mkfifo(files.change_requests)
    elif place == "link to itself":
        files.change_requests.symlink_to(files.change_requests)
    run = Recorder(files.directory if place != "no run" else files.directory / "gone")
    assert [run.take_changes(step) for step in range(3)] == [{}] * 3
    assert capfd.readouterr().err.count("\n") <= 1


def test_a_file_that_was_cut_or_replaced_is_read_anew_and_nothing_taken_twice(files: RunFiles) -> None:
    request_change(files, {"lr": 1})
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == {"lr": 1}
        kept = files.change_requests.read_bytes()
        files.change_requests.write_bytes(b"")
        assert run.take_changes(2) == {}
        request_change(files, {"lr": 2})
        assert run.take_changes(3) == {"lr": 2}
        other = files.directory / "other"
        other.write_bytes(kept + b'{"id": "new", "values": {"lr": 3}}\n')
        other.replace(files.change_requests)
        assert run.take_changes(4) == {"lr": 3}


def test_what_cannot_be_put_on_record_waits(files: RunFiles, capfd: pytest.CaptureFixture[str]) -> None:
    request_change(files, {"lr": 1})
    files.changes.mkdir()
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == run.take_changes(2) == {}
        assert run.config["lr"] == 0.1
        files.changes.rmdir()
        assert run.take_changes(3) == {"lr": 1}
    assert on_record(files) == [(3, {"lr": 1})]
    assert capfd.readouterr().err.count("cannot be taken for now") == 1


def test_a_flood_of_requests_is_taken_in_portions(files: RunFiles) -> None:
    files.change_requests.write_text('{"values":{"lr":1}}\n' * 50_000)
    run = Recorder(files.directory)
    run.take_changes(1)
    run.close()
    assert len(on_record(files)) <= module.MOST_WAITING
    later = Recorder(files.directory)
    for step in range(2, 12):
        later.take_changes(step)
    request_change(files, {"lr": 7})
    assert later.take_changes(12)["lr"] == 7
    later.close()


def test_two_that_ask_at_the_same_time_do_not_mix(files: RunFiles) -> None:
    asking = [subprocess.Popen([sys.executable, "-c", ASKING, str(files.directory), who]) for who in ("a", "b")]
    assert [process.wait(60) for process in asking] == [0, 0]
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == {"a": 149, "b": 149}
    taken = [values for _, values in on_record(files)]
    assert [values["a"] for values in taken if "a" in values] == list(range(150))
    assert len(taken) == 300


def test_a_full_disk_is_said_to_who_asks(files: RunFiles) -> None:
    code = (
        "import resource, sys; from astuner_nb.recorder import RunFiles, request_change\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))\n"
        "try: request_change(RunFiles(sys.argv[1]), {'lr': 1, 'note': 'x' * 100})\n"
        "except OSError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(files.directory)], capture_output=True, text=True)
    assert "No space left" in done.stdout or "File too large" in done.stdout, done.stderr
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] != 60
    request_change(files, {"lr": 2})
    with Recorder(files.directory) as run:
        assert run.take_changes(1) == {"lr": 2}


@given(content=st.binary(max_size=300), step=st.integers(-5, 1 << 70))
def test_any_content_is_harmless(tmp_path_factory: pytest.TempPathFactory, content: bytes, step: int) -> None:
    files = RunFiles(tmp_path_factory.mktemp("run"))
    files.change_requests.write_bytes(content)
    files.changes.write_bytes(content[::-1])
    run = Recorder(files.directory)
    assert isinstance(run.take_changes(step), dict)
    run.close()


@given(
    lines=st.lists(st.binary(max_size=90).map(lambda line: line.replace(b"\n", b" "))),
    cuts=st.lists(st.integers(0, 99)),
)
def test_lines_are_found_however_they_came(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes], cuts: list[int]
) -> None:
    """With looks of 64 bytes: all lines shorter than that, each once, in order, with where they begin."""
    path = tmp_path_factory.mktemp("lines") / "lines"
    content = b"".join(line + b"\n" for line in lines)
    found, reader = [], NewLines(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LOOK_BYTES", 64)
        for cut in [*sorted(cuts), len(content)]:
            with open(path, "ab") as file:
                file.write(content[path.stat().st_size : cut])
            found += reader.read_all()
    assert all(content[start : start + len(line) + 1] == line + b"\n" for start, line in found)
    assert [line for _, line in found if len(line) < 64] == [line for line in lines if len(line) < 64]
