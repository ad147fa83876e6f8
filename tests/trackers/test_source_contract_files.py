"""Each source that reads files, under the shared contract."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from astuner_nb.recorder import Recorder, create_run_directory, write_json_atomic

from ..contracts.source import CONFIG, HOSTILE, ROWS, Kept, SourceContract

SWANLAB = """
import json, sys, swanlab
for name, rows, config in json.load(sys.stdin):
    swanlab.init(mode="offline", project="p", name=name, config=config, log_dir="swanlog")
    for step, values in rows:
        swanlab.log(values, step=step)
    swanlab.finish()
"""
WANDB = """
import json, sys, wandb
for name, rows, config in json.load(sys.stdin):
    run = wandb.init(mode="offline", project="p", name=name, config=config, dir=".")
    for step, values in rows:
        run.log(values, step=step)
    run.finish()
"""
QUIET = {
    "SWANLAB_PROBE_MONITOR": "false",
    "SWANLAB_TERMINAL_PROXY_TYPE": "none",
    "WANDB_SILENT": "true",
    "WANDB_CONSOLE": "off",
    "WANDB_ERROR_REPORTING": "false",
}


def by_step(name: str) -> list[tuple[int, dict[str, float]]]:
    steps = sorted({step for points in ROWS[name].values() for step in points})
    return [(step, {metric: points[step] for metric, points in ROWS[name].items() if step in points}) for step in steps]


def told(client: str, place: Path) -> None:
    """Have a real client log `ROWS`."""
    runs = [(name, by_step(name), CONFIG if name == "a" else {}) for name in ROWS]
    env = {**os.environ, **QUIET, "SWANLAB_ROOT": str(place / "home"), "WANDB_CONFIG_DIR": str(place / "home")}
    subprocess.run([sys.executable, "-c", client], input=json.dumps(runs), text=True, cwd=place, env=env, check=True,
                   capture_output=True)  # fmt: skip


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    root = tmp_path_factory.mktemp("store")
    for name in ROWS:
        files = create_run_directory(root / "good", "p", name, CONFIG if name == "a" else {})
        with Recorder(files.directory) as run:
            for step, values in by_step(name):
                run.log(values, step=step)
        write_json_atomic(files.exit, {"code": 0, "stopped": False, "t": run_time(files.meta)})
    damaged = create_run_directory(root / "bad", "p", "x")
    damaged.meta.write_bytes(b"{")
    return Kept(f"runs:{root}/good", f"runs:{root}/none", f"runs:{root}/bad")


class TestStore(SourceContract):
    @pytest.fixture
    def kept(self, store):
        return store


def run_time(meta: Path) -> float:
    return json.loads(meta.read_text())["created"] + 1


@pytest.fixture(scope="module")
def swan_lab_files(tmp_path_factory):
    place = tmp_path_factory.mktemp("swanlab")
    told(SWANLAB, place)
    bad = place / "bad" / "run-20260101_000000-abcdefgh"
    bad.mkdir(parents=True)
    (bad / "run-abcdefgh.swanlab").write_bytes(b"no run file at all" * 9)
    return Kept(f"swanlab:{place}/swanlog", f"swanlab:{place}/none", f"swanlab:{place}/bad")


class TestSwanLabFiles(SourceContract):
    @pytest.fixture
    def kept(self, swan_lab_files):
        return swan_lab_files


@pytest.fixture(scope="module")
def wandb_files(tmp_path_factory):
    place = tmp_path_factory.mktemp("wandb")
    told(WANDB, place)
    bad = place / "bad" / "offline-run-20260101_000000-abcdefgh"
    bad.mkdir(parents=True)
    (bad / "run-abcdefgh.wandb").write_bytes(b"no run file at all" * 9)
    return Kept(f"wandb:{place}/wandb", f"wandb:{place}/none", f"wandb:{place}/bad")


class TestWandbFiles(SourceContract):
    @pytest.fixture
    def kept(self, wandb_files):
        return wandb_files


@pytest.fixture(scope="module")
def tensor_board_files(tmp_path_factory):
    from tensorboardX import SummaryWriter

    root = tmp_path_factory.mktemp("tensorboard")
    folders = {"a": "a", HOSTILE: "zz 'b' <script>"}
    for name, folder in folders.items():
        with SummaryWriter(str(root / "logs" / folder)) as writer:
            for step, values in by_step(name):
                for metric, value in values.items():
                    writer.add_scalar(metric, value, step)
    (root / "bad").mkdir()
    (root / "bad" / "events.out.tfevents.1.x").write_bytes(b"no event file" * 20)
    return Kept(
        f"tensorboard:{root}/logs",
        f"tensorboard:{root}/none",
        f"tensorboard:{root}/bad",
        names=folders,
        keeps_config=False,
        states=frozenset({"finished", "running"}),
    )


class TestTensorBoardFiles(SourceContract):
    @pytest.fixture
    def kept(self, tensor_board_files):
        return tensor_board_files


@pytest.fixture(scope="module")
def verl_file(tmp_path_factory):
    root = tmp_path_factory.mktemp("verl")
    lines = [json.dumps({"step": step, "data": values}) for step, values in by_step("a")]
    (root / "a.jsonl").write_text("\n".join(lines) + "\n")
    (root / "bad.jsonl").write_text("no json at all\n" * 5)
    return Kept(
        f"verl:{root}/a.jsonl",
        f"verl:{root}/none.jsonl",
        f"verl:{root}/bad.jsonl",
        one_run=True,
        keeps_config=False,
        states=frozenset({"finished", "running", "lost"}),
    )


class TestVerlFile(SourceContract):
    @pytest.fixture
    def kept(self, verl_file):
        return verl_file


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory):
    import pandas as pd

    root = tmp_path_factory.mktemp("csv")
    pd.DataFrame([{"step": s, **values} for s, values in by_step("a")]).to_csv(root / "a.csv", index=False)
    (root / "bad.csv").write_bytes(b'step,reward\n1,"2\n\x00\xff')
    return Kept(
        f"csv:{root}/a.csv", f"csv:{root}/none.csv", f"csv:{root}/bad.csv",
        one_run=True, keeps_config=False,
        keeps_nan=False, states=frozenset({"finished", "running", "lost"}),
    )  # fmt: skip


class TestCsvFile(SourceContract):
    @pytest.fixture
    def kept(self, csv_file):
        return csv_file


@pytest.fixture(scope="module")
def parquet_file(tmp_path_factory):
    import pandas as pd

    root = tmp_path_factory.mktemp("parquet")
    pd.DataFrame([{"step": s, **values} for s, values in by_step("a")]).to_parquet(root / "a.parquet")
    (root / "bad.parquet").write_bytes((root / "a.parquet").read_bytes()[:-40])
    return Kept(
        f"parquet:{root}/a.parquet", f"parquet:{root}/none.parquet", f"parquet:{root}/bad.parquet",
        one_run=True, keeps_config=False,
        keeps_nan=False, states=frozenset({"finished", "running", "lost"}),
    )  # fmt: skip


class TestParquetFile(SourceContract):
    @pytest.fixture
    def kept(self, parquet_file):
        return parquet_file
