"""What a training process uses to write its run: one file, standard library only, Python 3.10 and later.

Training engines live in environments of their own; copy this file there or import it from the package. It is also
the one home of the run directory's format: the names of its files, how a record is encoded, who a process is. ::

    run = init(project="demo", config={"lr": 1e-3})
    run.log({"reward": 0.3}, step=1)
    run.finish()

A record is one line of `metrics.jsonl`, `{"step":1,"t":1763910000.5,"reward":0.3}`, written by one system call before
`log` returns: a killed process loses nothing that was acknowledged. Nothing here raises into training; what cannot be
written is counted in `Recorder.lost`, and one sentence on stderr says why.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import re
import reprlib
import socket
import stat
import sys
import threading
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

RUN_DIRECTORY_VARIABLE = "ASTUNER_RUN_DIR"
"""Set by a launcher: `init()` then records into that directory instead of making a new one."""
STORE_VARIABLE = "ASTUNER_RUNS"
"""Where runs are kept; `./runs` where it is not set."""
SCRIPT = "script"
"""The backbone of a run that no launcher started."""
CONSOLE = "console"
"""The logger that is the job's own output: a line for each record."""
SPOKEN = ("reward", "success_rate", "loss", "response_length", "kl", "val/success_rate")
"""What stands in such a line where a record has any of it; else its first so many numbers."""
BEST = "best.json"
"""Beside the checkpoints: which of them is the best, {"step", "metric", "value"}."""
MASK = "***"
"""What stands in `meta.json` in place of a secret."""
LOOK_BYTES = 1 << 18
"""How much of the requests for changes is read before one step at most; no longer line is a request."""
MOST_WAITING = 1_000
"""How many changes may be scheduled for later steps at once."""
SYNC_S = 2.0
"""Seconds between two fdatasync: what a power cut may cost. A kill costs nothing."""

SECRET = r"key(?!word|board)|token(?!i[sz])|secret|passw|passphrase|credential"
"""What in a name says that it stands for a secret, whatever the case: `WANDB_API_KEY`, `HF_TOKEN`, `db_password`."""
_SECRET = re.compile(SECRET, re.IGNORECASE)
_OWN_NAME = re.compile(r"(step|t|step_given)_*")
_encode = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False).encode
_brief = reprlib.Repr()
_brief.maxstring = _brief.maxother = 200


class RunFiles:
    """The names of the files of one run directory. Pure arithmetic: touches no disk."""

    def __init__(self, directory: str | os.PathLike[str]) -> None:
        self.directory = Path(directory)
        self.meta = self.directory / "meta.json"
        """Who made the run, with which configuration. Written once, before anything starts."""
        self.config = self.directory / "config.yaml"
        """The whole configuration document, keys of other engines included."""
        self.launch = self.directory / "launch.json"
        """The command, without its environment. Written by the launcher."""
        self.job = self.directory / "job.json"
        """Which processes run it. Written by the supervisor."""
        self.stop_request = self.directory / "stop.request"
        """Its existence is the request to stop."""
        self.exit = self.directory / "exit.json"
        """How it ended; the only proof of an end with a known code. Written last."""
        self.metrics = self.directory / "metrics.jsonl"
        """One JSON object a record: the truth."""
        self.cache = self.directory / "metrics.npz"
        """The same as columns: disposable."""
        self.output = self.directory / "output.log"
        """What the job printed."""
        self.supervisor_log = self.directory / "supervisor.log"
        """What the supervisor itself had to complain about."""
        self.rollouts = self.directory / "rollouts.jsonl"
        """Sample rollouts, one JSON object each."""
        self.function = self.directory / "function.pkl"
        """A function of the user's own, pickled by cloudpickle."""
        self.checkpoints = self.directory / "checkpoints"
        """What it saved of itself, with a step in each name."""
        self.best = self.checkpoints / BEST
        """Which of them is the best, by which metric."""
        self.resumed = self.directory / "resumed"
        """Holds the checkpoint of another run that it went on from, whatever becomes of that run."""
        self.change_requests = self.directory / "changes.requests.jsonl"
        """New values that the job is asked to go on with, one JSON object each. Appended to by anyone."""
        self.changes = self.directory / "changes.jsonl"
        """Which of them it took or refused, and from which step on. Written by the job alone."""
        self.loggers = self.directory / "loggers"
        """What the trackers have of it: status, output and files of each."""

    def logger_status(self, name: str) -> Path:
        """How far the tracker `name` is, and which process serves it. Written by its forwarder."""
        return self.loggers / f"{name}.json"

    def logger_log(self, name: str) -> Path:
        """What the tracker's own package printed."""
        return self.loggers / f"{name}.log"


def write_atomic(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Have `write` fill `path` so that a reader sees the old file or the whole new one, never a part (mode 0600)."""
    temporary = path.with_name(f"{path.name}.tmp.{os.getpid()}.{threading.get_ident()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_json_atomic(path: Path, value: Any) -> None:
    """Write `value` as JSON to `path`, whole or not at all."""
    write_atomic(path, lambda file: file.write(json.dumps(value).encode()))


def read_json(path: Path) -> dict[str, Any] | None:
    """The JSON object in `path`; None where it is missing, unreadable or no object."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def boot_id() -> str:
    """What changes when this machine restarts; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def start_time(pid: int) -> int | None:
    """When process `pid` started, in clock ticks since boot; None where there is no such process or no /proc.

    A pid is reused; a pid with its start time is not. (Field 22 of /proc/PID/stat, proc(5).)
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return None
    return int(fields.rpartition(b")")[2].split()[19])


def identity(supervisor: int, job: int | None) -> dict[str, Any]:
    """The content of `job.json`: which processes, on which boot of which host."""

    def process(pid: int | None) -> dict[str, Any] | None:
        return None if pid is None else {"pid": pid, "start": start_time(pid)}

    return {
        "host": socket.gethostname(),
        "boot_id": boot_id(),
        "supervisor": process(supervisor),
        "job": process(job),
        "t": time.time(),
    }


def line_start(descriptor: int, end: int) -> int:
    """Where the line that reaches to offset `end` begins: just after the last newline before `end`, or 0."""
    while end > 0:
        size = min(end, 1 << 16)
        found = os.pread(descriptor, size, end - size).rfind(b"\n")
        if found >= 0:
            return end - size + found + 1
        end -= size
    return 0


class NewLines:
    """The lines that were appended to a file since the last look. A look costs one stat where there are none."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._offset = 0
        self._inode = 0
        self._read_to = (0, 0)  # inode and size when all of it had been read
        self._in_long_line = False
        self.has_more = False
        """Whether the last look left something for the next one."""

    def read(self) -> list[tuple[int, bytes]]:
        """Whole lines with their offsets, of `LOOK_BYTES` at most; longer lines are passed over. Raises OSError."""
        self.has_more = False
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            return []
        state = (found.st_ino, found.st_size)
        if state == self._read_to or not stat.S_ISREG(found.st_mode):
            return []
        if found.st_ino != self._inode or found.st_size < self._offset:  # another file, or cut
            self._inode, self._offset, self._in_long_line = found.st_ino, 0, False
        start, chunk = self._offset, self._chunk()
        self.has_more = bool(chunk) and start + len(chunk) < found.st_size
        if not self.has_more:
            self._read_to = state
        return self._whole_lines(start, chunk)

    def read_all(self) -> Iterator[tuple[int, bytes]]:
        """Every whole line that there is now with its offset. Raises OSError."""
        yield from self.read()
        while self.has_more:
            yield from self.read()

    def _chunk(self) -> bytes:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        try:
            return os.pread(descriptor, LOOK_BYTES, self._offset)
        finally:
            os.close(descriptor)

    def _whole_lines(self, start: int, chunk: bytes) -> list[tuple[int, bytes]]:
        """The whole lines of `chunk`, which begins at offset `start`; the next look goes on behind them."""
        begin = chunk.find(b"\n") + 1 if self._in_long_line else 0
        end = chunk.rfind(b"\n") + 1
        self._in_long_line = not end and (self._in_long_line or len(chunk) == LOOK_BYTES)
        self._offset = start + (len(chunk) if self._in_long_line else end)
        lines = []
        for line in chunk[begin:end].split(b"\n")[:-1]:
            lines.append((start + begin, line))
            begin += len(line) + 1
        return lines


def request_change(files: RunFiles, values: Mapping[str, Any], at_step: int | None = None) -> str:
    """Ask a run's job to go on with `values`, at once or from `at_step` on. Returns the request's id.

    It is one `write` on an O_APPEND descriptor: two that ask at the same time do not mix. The line break before it ends
    what somebody was killed over. Raises OSError, and ValueError or TypeError for what JSON cannot hold.
    """
    request = {"id": os.urandom(8).hex(), "values": dict(values), "t": time.time()}
    if at_step is not None:
        request["at_step"] = at_step
    line = f"\n{_encode(request)}\n".encode()
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(files.change_requests, flags, 0o600)
    try:
        if os.write(descriptor, line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(files.change_requests))
    finally:
        os.close(descriptor)
    return str(request["id"])


def requested_change(offset: int, line: bytes) -> dict[str, Any] | None:
    """The request in a line of `changes.requests.jsonl` as {"id", "values", "at_step", "t"}; None where it is none.

    One without an id, typed by hand, is known by its place and content. `at_step` is 0 for at once.
    """
    found = _object_in(line)
    values, at_step = found.get("values"), found.get("at_step")
    if not _is_flat(values) or not (at_step is None or type(at_step) is int):
        return None
    name = found.get("id")
    if not isinstance(name, str) or not 0 < len(name) <= 100:
        name = f"{offset}-{zlib.crc32(line):08x}"
    asked = found.get("t")
    return {"id": name, "values": values, "at_step": at_step or 0, "t": asked if _is_number(asked) else 0.0}


def applied_changes(files: RunFiles) -> Iterator[dict[str, Any]]:
    """What stands in `changes.jsonl`: {"step", "values", "t", "request"} each, and "refused" where it was not taken.

    What does not look like that is passed over. Raises OSError.
    """
    for _, line in NewLines(files.changes).read_all():
        found = _object_in(line)
        if type(found.get("step")) is int and _is_flat(found.get("values")) and _is_number(found.get("t")):
            yield found


def default_store() -> Path:
    """Where runs are kept when nobody says otherwise: $ASTUNER_RUNS, else `./runs`."""
    return Path(os.environ.get(STORE_VARIABLE) or "runs").absolute()


def create_run_directory(
    store: str | os.PathLike[str],
    project: str = "default",
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    backbone: str = SCRIPT,
    **more: Any,
) -> RunFiles:
    """A new `<store>/<slug of project>/<run id>/` with its `meta.json`. Raises OSError, leaving no run behind.

    The names as given stand in `meta.json`, with `more`; a run without a name is called by its id, UTC time and
    chance. What a key of `config` gives away as a secret is masked.
    """
    created = time.time()
    stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime(created))
    run_id = f"{stamp}-{int(created % 1 * 1000):03d}-{os.urandom(3).hex()}"
    slug = re.sub(r"[^\w.-]+", "-", str(project))[:60].strip(".-") or "unnamed"
    files = RunFiles(Path(store, slug, run_id))
    meta = {"schema": 1, "id": run_id, "project": str(project), "name": str(name or run_id), "created": created}
    meta |= {"config": _plain(config or {}, ""), "tags": [str(tag) for tag in tags], "backbone": backbone, **more}
    Path(store).mkdir(mode=0o700, parents=True, exist_ok=True)
    files.directory.parent.mkdir(mode=0o700, exist_ok=True)
    files.directory.mkdir(mode=0o700)
    try:
        write_json_atomic(files.meta, meta)
    except BaseException:
        files.directory.rmdir()
        raise
    return files


def init(
    project: str = "default",
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    store: str | os.PathLike[str] | None = None,
) -> Recorder:
    """A recorder: of the run this process was launched for, else of a new run under `store`.

    Never raises for a disk: where no directory can be made, one sentence says so and the records are dropped.
    """
    return begin(project, name, config, tags, store)


def begin(
    project: str = "default",
    name: str | None = None,
    config: Mapping[str, Any] | None = None,
    tags: Iterable[str] = (),
    store: str | os.PathLike[str] | None = None,
    **more: Any,
) -> Recorder:
    """What `init` returns, with `more` in the `meta.json` of a new run."""
    if launched := os.environ.get(RUN_DIRECTORY_VARIABLE):
        return Recorder(launched, config)
    root = default_store() if store is None else Path(store).absolute()
    try:
        script = os.path.basename(sys.argv[0]) if sys.argv else ""
        files = create_run_directory(root, project, name, config, tags, argv0=script, **more)
        write_json_atomic(files.job, identity(os.getpid(), os.getpid()))
        return Recorder(files.directory, config, owns_end=True)
    except (OSError, RecursionError) as error:
        recorder = Recorder(root / "not-recorded", config)
        recorder._warn("lost", f"no run can be made under {root} ({error}); records are dropped. Give init(store=…).")
        return recorder


class Recorder:
    """Records into a run directory. Never raises into training; may be used by several threads, and after a fork.

    Args:
        directory: of a run that a launcher, `init` or `create_run_directory` made.
        config: what `.config` says where `meta.json` does not, or only has a mask.
        owns_end: whether `finish` writes `exit.json`. Under a launcher the supervisor does.
    """

    def __init__(
        self, directory: str | os.PathLike[str], config: Mapping[str, Any] | None = None, owns_end: bool = False
    ) -> None:
        self._files = RunFiles(directory)
        meta = read_json(self._files.meta) or {}
        kept = meta.get("config")
        known = {name: value for name, value in kept.items() if value != MASK} if isinstance(kept, dict) else {}
        self.directory, self.config = self._files.directory, {**(config or {}), **known}
        self.id = str(meta.get("id", self.directory.name))
        self.name = str(meta.get("name", self.id))
        loggers = meta.get("loggers")
        self.console = isinstance(loggers, list) and CONSOLE in loggers
        """Whether each record is also a line of text on stdout."""
        self.lost = 0
        """How many records could not be written."""
        parent = meta.get("parent")
        self._parent: dict[str, Any] = parent if isinstance(parent, dict) else {}
        self._changes = _Changes(self._files)
        self.config.update(self._changes.in_force())
        self._metrics, self._rollouts = _Lines(self._files.metrics), _Lines(self._files.rollouts)
        self._stop = str(self._files.stop_request)
        self._last: int | None = None  # the last step; None until the file was opened
        self._names: dict[Any, str] = {}  # as given → as written
        self._warned: set[str] = set()
        self._lock, self._pid = threading.RLock(), os.getpid()
        self._ending = _Ending(self) if owns_end else None

    def log(self, metrics: Mapping[str, Any] | None = None, /, *, step: Any = None, **more: Any) -> bool:
        """Whether the record was written: `log({"reward": 0.3}, step=1)` or `log(step=1, reward=0.3)`.

        Numbers (numpy's and torch's too), texts, booleans and None are kept, nested mappings become `outer/inner`, of
        anything else its short `repr`. NaN and infinities are written as "NaN", "Infinity" and "-Infinity".

        Args:
            metrics: name → value. A `step` in it counts as the argument where that is not given. Otherwise metrics
                called like a part of the record, `step`, `t`, `step_given`, get a `_` behind them, which readers drop.
            step: a whole number ≥ 0; the last + 1 by default, and for any other, which is kept as `step_given`.
        """
        try:
            with self._guard():
                if self._last is None:
                    self._last = max(_step_of(self._metrics.open()), self.resume_step or -1)
                values: Any = {**(metrics or {}), **more} if step is None or more else metrics or {}
                record = self._start(values.pop("step", None) if step is None else step)
                names = self._names
                for name, value in values.items():
                    if type(value) is float and value - value == 0.0 and name in names:
                        record[names[name]] = value  # the common case: finite, seen before
                    else:
                        self._put(record, name, value)
                self._metrics.append(record)
                self._last = record["step"]
            if self.console:
                _speak(record)
            return True
        except Exception as error:
            return self._lose(error)

    def log_rollouts(self, rows: Iterable[Mapping[str, Any]]) -> bool:
        """Whether all `rows`, mappings of any JSON-like shape, were written: a line of `rollouts.jsonl` each."""
        try:
            written = [self._log_rollout(row) for row in rows]
            return all(written)
        except Exception as error:
            return self._lose(error)

    def take_changes(self, step: int, accept: Callable[[dict[str, Any]], object] | None = None) -> dict[str, Any]:
        """The values to go on with from `step` on, the one about to be made; empty where nobody asked for any. ::

            for step in range(run.resume_step + 1, 201):
                lr = run.take_changes(step).get("lr", lr)

        They stand in `.config` too, and in the run's `changes.jsonl`. Takes a few µs: call it before every step.

        Args:
            step: the number under which the next step is logged.
            accept: called with the values of one request; where it raises, a ValueError with a sentence for instance,
                they are refused, and the training goes on as it was.
        """
        taken: dict[str, Any] = {}
        try:
            with self._guard():
                for request in self._changes.due(int(step)):
                    refused = _refusal(accept, request["values"])
                    self._changes.settle(request, int(step), refused)
                    taken.update({} if refused else request["values"])
        except Exception as error:
            self._warn("changes", f"changes of {self.directory} cannot be taken for now ({error}); training goes on.")
        self.config.update(taken)
        return taken

    @property
    def checkpoints(self) -> Path:
        """Where to save checkpoints, with the step in each name: `run.checkpoints / f"step-{step:06}.pt"`."""
        try:
            self._files.checkpoints.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            self._warn("checkpoints", f"{self._files.checkpoints} cannot be made ({error}). Look at the disk.")
        return self._files.checkpoints

    @property
    def resume_from(self) -> Path | None:
        """The checkpoint to go on from, a file or directory as the earlier run saved it; None at a fresh start."""
        path = self._parent.get("checkpoint")
        if not isinstance(path, str) or not path:
            return None
        held = self._files.resumed / os.path.basename(path)
        return held if held.exists() else Path(path)

    @property
    def resume_step(self) -> int:
        """The steps that had been made at `resume_from`: records begin at the next. 0 at a fresh start."""
        step = self._parent.get("step")
        return step if type(step) is int and step > 0 else 0

    @property
    def stop_requested(self) -> bool:
        """Whether somebody asked the run to end. Takes a µs: look at it every step."""
        return os.path.exists(self._stop)

    def finish(self, state: str | None = None, error: str = "") -> None:
        """Close the run as "finished", "failed" or "stopped"; by default stopped if that was requested, else finished.

        Done at exit of the interpreter if not before, where an uncaught exception is a failure, KeyboardInterrupt a
        stop; but `sys.exit(1)` looks like a good end there: use `with`, or say it. Under a launcher only closes.
        """
        ending, self._ending = self._ending, None
        self.close()
        if ending is None or ending.pid != os.getpid():
            return
        ending.release()
        stopped = state == "stopped" or (state is None and self.stop_requested)
        code = 0 if stopped or state in (None, "finished") else 1
        try:
            write_json_atomic(self._files.exit, {"code": code, "stopped": stopped, "t": time.time(), "error": error})
        except OSError as problem:
            self._warn("exit", f"{self._files.exit} cannot be written ({problem}); the run will read as lost.")

    def close(self) -> None:
        """Bring everything to the disk and let go of the files. A later `log` opens them again."""
        for lines in (self._metrics, self._rollouts, self._changes.settled):
            try:
                with self._guard():
                    lines.close()
            except OSError as error:
                self._warn("close", f"{lines.path} cannot be brought to the disk ({error}). Look at the disk.")

    def __enter__(self) -> Recorder:
        return self

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        self.finish(*_end_by(error))

    def _log_rollout(self, row: Mapping[str, Any]) -> bool:
        try:
            with self._guard():
                self._rollouts.append(_plain(dict(row)))
            return True
        except Exception as error:
            return self._lose(error)

    def _guard(self) -> Any:
        if self._pid != os.getpid():  # a forked child: its lock may be held by a thread that it does not have
            self._lock, self._pid = threading.RLock(), os.getpid()
        return self._lock

    def _start(self, given: Any) -> dict[str, Any]:
        """A record with the step `given`, or the next one, and the time."""
        step = given if type(given) is int else _whole(given)
        if step is not None and 0 <= step < 1 << 53:
            return {"step": step, "t": time.time()}
        record = {"step": (-1 if self._last is None else self._last) + 1, "t": time.time()}
        if given is not None:
            record["step_given"] = _plain(given)
            self._warn("step", f"step must be a whole number ≥ 0, got {_brief.repr(given)}; counted on instead.")
        return record

    def _put(self, record: dict[str, Any], name: Any, value: Any, depth: int = 0) -> None:
        if isinstance(value, Mapping) and depth < 8:
            for inner, item in value.items():
                self._put(record, f"{name}/{inner}", item, depth + 1)
            return
        if name not in self._names:
            self._names[name] = f"{name}_" if _OWN_NAME.fullmatch(str(name)) else str(name)
        try:
            record[self._names[name]] = _scalar(value)
        except Exception:
            record[self._names[name]] = text = _brief.repr(value)
            self._warn(f"of {name}", f"metric {name!r} is no number or text, got {text}; kept as that text, no curve.")

    def _lose(self, error: Exception) -> bool:
        self.lost += 1
        self._warn("lost", f"a record of {self.directory} was not written ({error}); training goes on, see `.lost`.")
        return False

    def _warn(self, what: str, sentence: str) -> None:
        """Say it on stderr, once for each `what`."""
        if what not in self._warned and sys.stderr is not None:
            self._warned.add(what)
            sys.stderr.write(f"astuner: {sentence}\n")


class _Lines:
    """An append-only file of JSON objects, a line each, that is there whole or not at all."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd = self._pid = -1
        self._synced = time.monotonic()

    def open(self) -> bytes:
        """The last whole line, once the torn one of a killed predecessor was cut. Raises OSError."""
        self._take()
        size = os.fstat(self._fd).st_size
        end = line_start(self._fd, size)
        if end < size:
            os.ftruncate(self._fd, end)
        start = line_start(self._fd, end - 1)
        return os.pread(self._fd, end - start, start)

    def append(self, record: Any) -> None:
        """Write `record` by one system call. Raises OSError when it did not go in whole; nothing of it is left then."""
        if self._pid == -1:
            self.open()
        elif self._pid != os.getpid():
            self._take()  # a forked child must not move its parent's offset
        line = (_encode(record) + "\n").encode()
        written = os.write(self._fd, line)
        if written != len(line):
            os.ftruncate(self._fd, os.lseek(self._fd, 0, os.SEEK_CUR) - written)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if time.monotonic() - self._synced > SYNC_S:
            self._sync()

    def close(self) -> None:
        """Let go of the file, all of it on the disk."""
        if self._pid == os.getpid():
            try:
                self._sync()
            finally:
                os.close(self._fd)
                self._pid = -1

    def _take(self) -> None:
        self._fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        self._pid = os.getpid()

    def _sync(self) -> None:
        self._synced = time.monotonic()
        getattr(os, "fdatasync", os.fsync)(self._fd)


class _Changes:
    """What somebody asks a run to change, and what was made of it. Raises OSError where a file cannot be used."""

    def __init__(self, files: RunFiles) -> None:
        self._files = files
        self._requests = NewLines(files.change_requests)
        self.settled = _Lines(files.changes)
        self._known: set[str] = set()  # ids of requests that wait or were settled
        self._waiting: list[dict[str, Any]] = []

    def in_force(self) -> dict[str, Any]:
        """The values that were taken by now, by an earlier process too: what it settled is settled."""
        values: dict[str, Any] = {}
        try:
            for change in applied_changes(self._files):
                self._known.add(str(change.get("request")))
                values.update({} if change.get("refused") else change["values"])
        except OSError:  # then it cannot be written either, which is said
            pass
        return values

    def due(self, step: int) -> list[dict[str, Any]]:
        """The requests for `step` or an earlier one that are not settled, in the order in which they were made."""
        for offset, line in self._requests.read():
            request = requested_change(offset, line)
            if request and request["id"] not in self._known and len(self._waiting) < MOST_WAITING:
                self._known.add(request["id"])
                self._waiting.append(request)
        return [request for request in self._waiting if request["at_step"] <= step]

    def settle(self, request: dict[str, Any], step: int, refused: str) -> None:
        """Write what was made of `request`; until that is on record it waits."""
        change = {"step": step, "values": request["values"], "t": time.time(), "request": request["id"]}
        self.settled.append({**change, "refused": refused} if refused else change)
        self._waiting.remove(request)


class _Ending:
    """Finishes a run when its interpreter exits or dies of an exception, until `release`d."""

    def __init__(self, recorder: Recorder) -> None:
        self.pid = os.getpid()  # a forked child inherits the hooks, not the run
        self._recorder, self._previous = recorder, sys.excepthook
        sys.excepthook = self._on_exception
        atexit.register(recorder.finish)

    def release(self) -> None:
        atexit.unregister(self._recorder.finish)
        if sys.excepthook == self._on_exception:  # else somebody hooked in after us and still calls us
            sys.excepthook = self._previous

    def _on_exception(self, kind: Any, error: BaseException, trace: Any) -> None:
        self._recorder.finish(*_end_by(error))
        self._previous(kind, error, trace)


def _end_by(error: BaseException | None) -> tuple[str | None, str]:
    """The state and the text that a run ends with when `error` ends it."""
    if error is None or (isinstance(error, SystemExit) and error.code in (None, 0)):
        return None, ""
    if isinstance(error, KeyboardInterrupt):
        return "stopped", ""
    return "failed", f"{type(error).__name__}: {error}"


def _refusal(accept: Callable[[dict[str, Any]], object] | None, values: dict[str, Any]) -> str:
    """Why `accept` does not take `values`; empty where it does."""
    try:
        if accept is not None:
            accept(dict(values))
        return ""
    except Exception as error:
        return str(error) or type(error).__name__


def _scalar(value: Any) -> Any:
    """`value` as a JSON number, text, boolean or null. Raises what it raises for anything else."""
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if not isinstance(value, (int, float)):
        value = value.item() if hasattr(value, "item") else value.__float__()
    if isinstance(value, int):
        if -(1 << 63) <= value < 1 << 63:
            return value
        value = float(value) if value.bit_length() < 1024 else float("inf" if value > 0 else "-inf")
    value = float(value)
    return value if value - value == 0.0 else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[repr(value)]


def _speak(record: Mapping[str, Any]) -> None:
    """`record` as a line on stdout; what cannot be printed, e.g. on a full disk, must not end a training."""
    names = [name for name in SPOKEN if name in record]
    if not names:
        numbers = [name for name, value in record.items() if isinstance(value, (int, float))]
        names = [name for name in numbers if not _OWN_NAME.fullmatch(name)][: len(SPOKEN)]
    try:
        words = "  ".join(f"{name} {_short(record[name])}" for name in names)
        sys.stdout.write(f"step {record['step']}  {words}\n")
    except (OSError, ValueError, AttributeError):
        pass


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, (int, float)) else str(value)


def _plain(value: Any, key: str | None = None) -> Any:
    """`value` as JSON can hold it; with a `key`, secrets are masked. A number is none under `key` or `token`."""
    if key and (found := _SECRET.search(key)):
        number = value is None or isinstance(value, (int, float))
        if not number or found[0].lower() not in ("key", "token"):
            return MASK
    if isinstance(value, Mapping):
        return {str(name): _plain(item, None if key is None else str(name)) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item, key) for item in value]
    try:
        return _scalar(value)
    except Exception:
        return _brief.repr(value)


def _whole(step: Any) -> int | None:
    """`step` as an int, None where it is none (booleans and texts are none)."""
    try:
        number = None if isinstance(step, bool) else _scalar(step)
    except Exception:
        return None
    return int(number) if isinstance(number, (int, float)) and number == int(number) else None


def _object_in(line: bytes) -> dict[str, Any]:
    """The JSON object in `line`; empty where there is none."""
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_flat(values: Any) -> bool:
    """Whether `values` is a mapping, not empty, of names to finite numbers, texts, booleans or None."""
    if not isinstance(values, dict) or not values:
        return False
    return all(_is_number(value) or isinstance(value, (str, bool, type(None))) for value in values.values())


def _is_number(value: Any) -> bool:
    """Whether `value` is a finite number that JSON readers of any language take."""
    if type(value) is int:
        return -(1 << 63) <= value < 1 << 63
    return type(value) is float and value - value == 0.0


def _step_of(line: bytes) -> int:
    """The step of a record, -1 where there is none."""
    try:
        return int(json.loads(line)["step"])
    except (ValueError, TypeError, KeyError):
        return -1
