"""Makes the small histories that `notebooks/02_overlay.ipynb` opens: `python scripts/make_histories.py`.

Six runs of the built-in training are made, and five of them are told again by the real clients, each under the names
that another trainer uses: to SwanLab as AgentJet logs, to W&B as TRL does, to TensorBoard as verl does. Takes about two
minutes; needs the extra `test`. What the clients would say of this machine is switched off, and looked for at the end.
"""

from __future__ import annotations

import getpass
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from astuner_nb.lab import Lab
from astuner_nb.store.run import Run

HOME = Path(__file__).parents[1] / "notebooks" / "histories"
STEPS = 120

AGENTJET = {
    "reward": "critic/real_reward",
    "success_rate": "critic/success_rate",
    "loss": "actor/pg_loss",
    "response_length": "response_length/mean",
    "kl": "actor/kl_loss",
    "entropy": "actor/entropy",
    "grad_norm": "actor/grad_norm",
}
TRL = {
    "reward": "train/reward",
    "success_rate": "train/rewards/accuracy_reward/mean",
    "loss": "train/loss",
    "response_length": "train/completions/mean_length",
    "kl": "train/kl",
    "reward_std": "train/reward_std",
    "clip_frac": "train/clip_ratio/region_mean",
}
VERL = {
    "reward": "critic/score/mean",
    "val/success_rate": "val-core/additions/acc/mean@1",
    "loss": "actor/pg_loss",
    "response_length": "response_length/mean",
    "kl": "actor/kl_loss",
    "clip_frac": "actor/pg_clipfrac",
}

SWANLAB = """
import json, sys, swanlab
told = json.load(sys.stdin)
swanlab.init(mode="offline", project="math-agent", name=told["name"], config=told["config"], tags=["agentjet"],
             log_dir=told["place"])
for step, values in told["rows"]:
    swanlab.log(values, step=step)
swanlab.finish()
"""
WANDB = """
import json, os, sys, wandb
told = json.load(sys.stdin)
os.makedirs(told["place"], exist_ok=True)
settings = wandb.Settings(x_disable_meta=True, x_disable_stats=True, host="demo", username="demo", disable_git=True,
                          console="off", save_code=False, x_save_requirements=False)
run = wandb.init(mode="offline", project="math-agent", name=told["name"], config=told["config"], tags=["trl"],
                 dir=told["place"], settings=settings)
for step, values in told["rows"]:
    run.log(values, step=step)
run.finish()
"""
TENSORBOARD = """
import json, os, socket, sys
socket.gethostname = lambda: "demo"
from tensorboardX import SummaryWriter
told = json.load(sys.stdin)
with SummaryWriter(os.path.join(told["place"], told["name"])) as writer:
    for step, values in told["rows"]:
        for name, value in values.items():
            writer.add_scalar(name, value, step)
"""
QUIET = {
    "SWANLAB_PROBE_MONITOR": "false",
    "SWANLAB_PROBE_HARDWARE": "false",
    "SWANLAB_PROBE_RUNTIME": "false",
    "SWANLAB_PROBE_REQUIREMENTS": "false",
    "SWANLAB_PROBE_GIT": "false",
    "SWANLAB_PROBE_CONDA": "false",
    "SWANLAB_TERMINAL_PROXY_TYPE": "none",
    "SWANLAB_INTERACTIVE": "0",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
}
"""What keeps the clients from describing this machine."""


def train(lab: Lab, **values: object) -> Run:
    """One finished run."""
    run = lab.start(**{"total_steps": STEPS, "save_freq": 0, "rollout_freq": 0, "test_freq": 10, **values})
    assert lab.wait(run, timeout_s=300) == "finished", run.log_tail()
    return run


def tell(client: str, run: Run, name: str, names: Mapping[str, str], config: Mapping[str, object], place: Path) -> None:
    """Have `client`, a program, log `run` again under other `names`."""
    rows: dict[int, dict[str, float]] = {}
    for metric, key in names.items():
        series = run.history()[metric]
        for step, value in zip(series.step, series.value, strict=True):
            rows.setdefault(int(step), {})[key] = round(float(value), 6)
    with tempfile.TemporaryDirectory() as elsewhere:  # the clients write down where they write
        inside = f"{elsewhere}/{place.name}"
        told = {"name": name, "config": config, "place": inside, "rows": sorted(rows.items())}
        env = {
            **os.environ,
            **QUIET,
            "SWANLAB_ROOT": elsewhere,
            "WANDB_CONFIG_DIR": elsewhere,
            "WANDB_CACHE_DIR": elsewhere,
        }
        subprocess.run(
            [sys.executable, "-c", client], input=json.dumps(told), text=True, cwd=elsewhere, env=env, check=True
        )
        shutil.copytree(inside, place, dirs_exist_ok=True, ignore=_links)


def _links(folder: str, names: list[str]) -> list[str]:
    return [name for name in names if Path(folder, name).is_symlink()]


def main() -> None:
    """Make them anew."""
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as place:
        lab = Lab(runs=place)
        for lr, name in ((1e-4, "ajet-lr-1e-4"), (3e-4, "ajet-lr-3e-4")):
            run = train(lab, lr=lr, seed=1)
            config = {
                "ajet": {"trainer_common": {"optim": {"lr": lr}, "kl_loss_coef": 0.01}, "rollout": {"num_repeat": 8}}
            }
            tell(SWANLAB, run, name, AGENTJET, config, HOME / "swanlog")
        for lr, beta in ((1e-4, 0.1), (1e-2, 0.01)):
            run = train(lab, lr=lr, kl_loss_coef=beta, seed=2)
            config = {"learning_rate": lr, "beta": beta, "num_generations": 8, "temperature": 1.0}
            tell(WANDB, run, f"trl-lr-{lr:g}-beta-{beta:g}", TRL, config, HOME)
        run = train(lab, lr=3e-3, seed=3)
        tell(TENSORBOARD, run, "verl-lr-3e-3", VERL, {}, HOME / "tensorboard")
        ours = Lab(runs=HOME / "store")
        train(ours, lr=1e-4, num_repeat=16, name="local, 16 answers")
        for one in (lab, ours):
            one.close()
    clean()


def clean() -> None:
    """Take away what a history does not need, and fail where something tells of this machine."""
    for pattern in (
        "**/.gitignore",
        "**/debug*",
        "**/requirements.txt",
        "**/latest-run",
        "**/logs",
        "**/supervisor.log",
        "**/launch.json",
        "**/job.json",
        "**/metrics.npz",
        "**/loggers",
    ):
        for path in HOME.glob(pattern):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    here = {str(Path.home()), str(Path(__file__).parents[1]), f"/{getpass.getuser()}/", sys.prefix}
    here |= {host for host in [socket.gethostname()] if len(host) > 4}  # a shorter one stands in any binary file
    for path in filter(Path.is_file, HOME.rglob("*")):
        told = [word for word in here if word.encode() in path.read_bytes()]
        assert not told, f"{path} tells of this machine: {told}"
    total = sum(path.stat().st_size for path in HOME.rglob("*") if path.is_file())
    sys.stdout.write(f"{total / 1000:.0f} kB in {HOME}\n")


if __name__ == "__main__":
    main()
