"""What every launcher must do. A new one subclasses `LauncherContract` and gives it a `launcher` fixture."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from astuner_nb.core.errors import JobError
from astuner_nb.core.protocols import JobSpec
from astuner_nb.core.states import RunState
from astuner_nb.recorder import RUN_DIRECTORY_VARIABLE

FOREVER = "import time\nopen('ready', 'w').close()\nwhile True: time.sleep(0.01)"


def python(source: str, **options: object) -> JobSpec:
    """A job that runs `source` in a bare interpreter of its own."""
    return JobSpec((sys.executable, "-S", "-c", source), **options)


class LauncherContract:
    """Real jobs in a real directory, through nothing but the protocol."""

    @pytest.fixture
    def directory(self, tmp_path):
        """A run directory whose name is no easy one for shells."""
        return tmp_path / "run 'a'; \"x\" $(touch y)"

    @pytest.fixture
    def forever(self, launcher, directory, wait_for):
        """A job that runs until it is stopped."""
        job = launcher.start(python(FOREVER), directory)
        wait_for(lambda: (directory / "ready").exists() and job.poll().state is RunState.RUNNING)
        yield job
        job.stop()
        assert job.wait(30).state.ended
        job.close()

    def test_a_job_that_ends_well_is_finished(self, launcher, directory):
        status = launcher.start(python("print('hello')"), directory).wait(30)
        assert (status.state, status.code, status.alive) == (RunState.FINISHED, 0, False)
        assert (directory / "output.log").read_text() == "hello\n"

    def test_another_exit_code_is_a_failure_in_words(self, launcher, directory):
        status = launcher.start(python("raise SystemExit(3)"), directory).wait(30)
        assert (status.state, status.code) == (RunState.FAILED, 3)
        assert "3" in status.detail

    def test_a_command_that_does_not_exist_fails_with_its_name(self, launcher, directory):
        status = launcher.start(JobSpec(("/no/such-command",)), directory).wait(30)
        assert (status.state, status.code) == (RunState.FAILED, 127)
        assert "/no/such-command" in status.detail

    def test_a_directory_of_work_that_does_not_exist_fails_with_its_name(self, launcher, directory):
        status = launcher.start(python("", cwd=Path("/no/such-directory")), directory).wait(30)
        assert (status.state, status.code) == (RunState.FAILED, 127)
        assert "/no/such-directory" in status.detail

    @pytest.mark.parametrize("argv", [(), ("a\0b",)])
    def test_a_command_that_is_none_is_refused(self, launcher, directory, argv):
        with pytest.raises(JobError):
            launcher.start(JobSpec(argv), directory)

    def test_it_works_in_the_run_directory_and_gets_its_variables(self, launcher, directory):
        show = (
            f"import os; print(os.getcwd()); print(os.environ['{RUN_DIRECTORY_VARIABLE}']); print(os.environ['MINE'])"
        )
        launcher.start(python(show, env={"MINE": '1 = "x"'}), directory).wait(30)
        assert (directory / "output.log").read_text().splitlines() == [str(directory), str(directory), '1 = "x"']

    def test_it_works_where_it_is_told(self, launcher, directory, tmp_path):
        launcher.start(python("import os; print(os.getcwd())", cwd=tmp_path), directory).wait(30)
        assert (directory / "output.log").read_text() == f"{tmp_path}\n"

    def test_a_prompt_fails_instead_of_hanging(self, launcher, directory):
        status = launcher.start(python("input('key? ')"), directory).wait(30)
        assert (status.state, status.code) == (RunState.FAILED, 1)
        assert "EOFError" in (directory / "output.log").read_text()

    def test_a_directory_holds_one_job(self, launcher, forever):
        with pytest.raises(JobError, match="already holds a job"):
            launcher.start(python(""), forever.directory)
        assert forever.poll().state is RunState.RUNNING

    def test_a_directory_that_cannot_be_made_is_refused(self, launcher, tmp_path):
        (tmp_path / "file").write_text("")
        with pytest.raises(JobError, match="cannot be used"):
            launcher.start(python(""), tmp_path / "file" / "run")

    def test_stop_ends_it(self, forever):
        forever.stop()
        assert forever.wait(30).state is RunState.STOPPED

    def test_stopping_again_or_after_the_end_does_nothing(self, forever):
        for _ in range(3):
            forever.stop()
        ended = forever.wait(30)
        forever.stop()
        assert forever.poll() == ended

    def test_stopping_what_ended_by_itself_leaves_it_as_it_was(self, launcher, directory):
        job = launcher.start(python(""), directory)
        ended = job.wait(30)
        job.stop()
        assert job.poll() == ended
        assert ended.state is RunState.FINISHED

    def test_waiting_ends_at_its_deadline(self, forever):
        assert forever.wait(0.0).state is RunState.RUNNING

    def test_another_handle_sees_and_does_the_same(self, launcher, forever):
        other = launcher.attach(forever.directory)
        assert (other.directory, other.poll()) == (forever.directory, forever.poll())
        other.stop()
        assert forever.wait(30) == other.wait(30)
        other.close()

    def test_there_is_nothing_to_attach_to_without_a_directory(self, launcher, directory):
        with pytest.raises(JobError, match="no run"):
            launcher.attach(directory)

    def test_closing_the_handle_leaves_the_job(self, launcher, forever):
        forever.close()
        assert launcher.attach(forever.directory).poll().state is RunState.RUNNING

    def test_a_key_reaches_the_job_and_no_file(self, launcher, directory):
        key = "sk-" + os.urandom(12).hex()
        spec = python("import os, sys; sys.exit(os.environ['MY_API_KEY'] != sys.argv[1])", env={"MY_API_KEY": key})
        status = launcher.start(JobSpec((*spec.argv, key), env=spec.env), directory).wait(30)
        assert status.state is RunState.FINISHED
        assert not [path for path in directory.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
