"""Runs on a W&B server 100 ms away, beside the loops that people write with its client: `python -m benchmarks cloud`.

The server is the one of the tests and stands on this machine: what is measured are requests and round trips.
Takes about a minute.
"""

from __future__ import annotations

import os
import statistics
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import astuner_nb as anb
from benchmarks.run_store import seconds
from tests.servers.wandb_memory import BEGAN, StoredRun, steps
from tests.servers.wandb_server import WandbServer

LATENCY_S = 0.1
ROUNDS, RUNS, STEPS = 3, 20, 1_000
LISTED = 60
KEYS = ["reward", "loss", "kl", "entropy", "val/acc"]
URI = "wandb://acme/grpo"
Row = tuple[str, str, str, str, str, str]
"""What, ours, the peer, the peer's, the ratio, the target."""


def fill(server: WandbServer) -> None:
    """Sixty runs of five metrics, one of which is logged at every 50th step only."""
    for index in range(LISTED):
        rows = list(steps(STEPS, **{key: lambda step: step / 7 for key in KEYS[:4]}))
        for row in rows[::50]:
            row["val/acc"] = row["_step"] / STEPS
        made = BEGAN + timedelta(hours=index)
        config = {"lr": 1e-6 * index, "model": {"name": "qwen"}}
        server.add(StoredRun(f"r{index}", f"run {index}", config=config, rows=rows, created=made))


def use(server: WandbServer, folder: Path) -> None:
    """Point this process's client at `server`, and all that it writes at `folder`."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        del os.environ[name]
    os.environ |= {f"WANDB_{name}": str(folder / name) for name in ("DIR", "CACHE_DIR", "CONFIG_DIR")}
    os.environ |= {"WANDB_BASE_URL": server.url, "WANDB_API_KEY": server.key, "WANDB_ERROR_REPORTING": "false"}


def counted(server: WandbServer, work: Callable[[], object]) -> tuple[float, int]:
    """Seconds of `work`, and how many requests it made."""
    before = len(server.requests)
    took = seconds(work)
    return took, len(server.requests) - before


def loop(api: Any, keys: list[list[str]]) -> int:
    """The plain loop: a call for each of `keys` of each run. Returns how many points it got."""
    found = 0
    for run in api.runs("acme/grpo", order="-created_at")[:RUNS]:
        frames = [run.history(keys=each, samples=1_500) for each in keys]
        found += sum(int(frame[key].notna().sum()) for frame in frames for key in KEYS if key in frame)
    return found


def histories(folder: Path) -> int:
    """The same through this package, nothing of it on disk yet."""
    os.environ["ASTUNER_CACHE"] = tempfile.mkdtemp(dir=folder)
    read = anb.runs(URI)[:RUNS].histories(KEYS)
    return sum(len(series) for history in read.values() for series in history.values())


def against_loops(server: WandbServer, api: Any, folder: Path) -> list[Row]:
    """Histories of twenty runs, listing included."""
    ways: dict[str, Callable[[], int]] = {
        "ours": lambda: histories(folder),
        "a call a metric": lambda: loop(api, [[key] for key in KEYS]),
        "a call a run": lambda: loop(api, [KEYS]),
    }
    points = {name: work() for name, work in ways.items()}  # also a warm-up: both clients are connected now
    measured: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, work in ways.items():
            api.flush()
            measured[name].append(counted(server, work))
    took = {name: statistics.median(each[0] for each in rounds) for name, rounds in measured.items()}
    requests = {name: rounds[-1][1] for name, rounds in measured.items()}

    def told(name: str) -> str:
        return f"{took[name]:.2f} s, {requests[name]} requests, {points[name]:,} points"

    what = f"histories of {RUNS} runs × {len(KEYS)} metrics"
    return [
        (what, told("ours"), f"`run.history`, {name}", told(name), f"{took['ours'] / took[name]:.2f}", target)
        for name, target in (("a call a metric", "≤ 0.25"), ("a call a run", ""))
    ]


def a_request_a_run(server: WandbServer, folder: Path) -> Row:
    """How many requests the histories take beside the listing."""
    os.environ["ASTUNER_CACHE"] = tempfile.mkdtemp(dir=folder)
    found = anb.runs(URI)[:RUNS]
    _, requests = counted(server, lambda: found.histories(KEYS))
    return (
        "history requests a run",
        f"{requests / RUNS:g}",
        "one a metric",
        str(len(KEYS)),
        f"{requests / RUNS / 5:.2f}",
        "1",
    )


def second_opening(server: WandbServer, folder: Path) -> Row:
    """What the same histories cost once they are on the disk."""
    os.environ["ASTUNER_CACHE"] = tempfile.mkdtemp(dir=folder)
    found = anb.runs(URI)[:RUNS]
    first, _ = counted(server, lambda: found.histories(KEYS))
    before = len(server.requests)
    again = seconds(lambda: anb.runs(URI)[:RUNS].histories(KEYS))
    histories = sum("History" in request.operation for request in server.requests[before:])
    return (
        "second opening of finished runs, listing included",
        f"{again:.2f} s, {histories} history requests",
        "the first, histories alone",
        f"{first:.2f} s",
        f"{again / first:.2f}",
        "0 requests",
    )


def listing(server: WandbServer, api: Any) -> Row:
    """Sixty runs with their configurations."""
    ours, our_requests = counted(server, lambda: [run.config for run in anb.runs(URI)])
    api.flush()
    theirs, their_requests = counted(server, lambda: [run.config for run in api.runs("acme/grpo")])
    what = f"list {LISTED} runs with their configurations"
    mine, peer = (
        f"{took:.2f} s, {requests} requests" for took, requests in ((ours, our_requests), (theirs, their_requests))
    )
    return (what, mine, "`api.runs()`, then `run.config`", peer, f"{ours / theirs:.2f}", "≤ 3 requests")


def main() -> None:
    """Print the table."""
    import wandb

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = stack.enter_context(WandbServer(latency_s=LATENCY_S))
        fill(server)
        use(server, folder)
        stack.callback(wandb.teardown)
        api = wandb.Api(timeout=60)
        rows = [
            *against_loops(server, api, folder),
            a_request_a_run(server, folder),
            second_opening(server, folder),
            listing(server, api),
        ]
    print("| what | ours | peer | peer's | ratio | target |\n|---|---|---|---|---|---|")
    for row in rows:
        print(f"| {' | '.join(row)} |")


if __name__ == "__main__":
    main()
