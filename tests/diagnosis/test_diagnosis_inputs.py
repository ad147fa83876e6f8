"""What can be handed over: a run, a history under any trainer's names, a table; and what cannot."""

import importlib
import math
import sys

import numpy as np
import pandas as pd
import pytest

from astuner_nb.core.aliases import DEFAULT_ALIASES
from astuner_nb.core.errors import BadValue
from astuner_nb.core.series import History, Series
from astuner_nb.diagnosis import rule as rules_module
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.recorder import Recorder, create_run_directory
from astuner_nb.store.run import Run

STEPS = np.arange(1, 101, dtype=float)
RISE = np.interp(STEPS, [20, 50], [0.1, 0.9]) + 0.02 * np.random.default_rng(0).normal(size=100)


def history(**curves):
    return History({name.replace("__", "/"): Series(name, STEPS, value, STEPS) for name, value in curves.items()})


def test_a_run_of_the_store(store):
    files = create_run_directory(store, "p", "one", {"trainer_common": {"kl_loss_coef": 1.0}})
    recorder = Recorder(files.directory)
    for step, value in zip(STEPS, 0.4 * RISE, strict=True):
        recorder.log({"critic/success_rate": float(np.clip(value, 0, 1))}, step=int(step))
    recorder.close()
    report = diagnose(Run(files.directory), state="finished")
    assert report.phrase == "held back by KL"
    assert report.findings[0].metric == "success_rate"


def test_names_of_any_trainer_line_up():
    ours, verl = diagnose(history(reward=RISE)), diagnose(history(critic__score__mean=RISE))
    assert ours == verl
    mine = DEFAULT_ALIASES.with_metrics({"reward": ["env/return"]})
    assert diagnose(history(env__return=RISE), aliases=mine) == ours
    assert diagnose(history(env__return=RISE)).phrase == "no reward to read"


def test_a_table_by_its_index_or_its_column():
    by_index = pd.DataFrame({"reward": RISE, "note": "text"}, index=STEPS)
    by_column = pd.DataFrame({"step": STEPS, "reward": RISE})
    assert diagnose(by_index) == diagnose(by_column) == diagnose(history(reward=RISE))
    assert diagnose(by_column.sample(frac=1, random_state=0)) == diagnose(by_column)


def test_empty_cells_of_a_table_are_nan_only_where_the_others_are_full():
    sparse = np.where(STEPS % 10 == 0, RISE, math.nan)
    lost = np.where(STEPS > 70, math.nan, 0.1)
    report = diagnose(
        pd.DataFrame({"step": STEPS, "reward": RISE, "val/reward": sparse, "other": sparse, "loss": lost})
    )
    (nan,) = report.of("nan")
    assert (nan.metric, nan.start, nan.alarm) == ("loss", 71, True)


def test_nan_at_the_end_is_an_alarm_and_one_that_passes_a_warning():
    lasting, passing = RISE.copy(), RISE.copy()
    lasting[30:], passing[30] = math.nan, math.inf
    report = diagnose(history(reward=RISE, grad_norm=lasting))
    assert report.phrase == "NaN at 31"
    (found,) = diagnose(history(reward=RISE, grad_norm=passing)).of("nan")
    assert found.severity == 1
    (of_ones_own,) = diagnose(history(reward=RISE, mine=lasting)).of("nan")
    assert of_ones_own.severity == 0


@pytest.mark.parametrize(
    ("state", "waited_s", "silent"),
    [("running", 240, True), ("running", 20, False), ("finished", 240, False), (None, 240, False)],
)
def test_silence_is_of_runs_that_go_on(state, waited_s, silent):
    report = diagnose(history(reward=RISE), state=state, now=float(STEPS[-1] + waited_s))
    assert bool(report.of("silence")) is silent
    assert (report.phrase == "silent for 4 min") is silent


def test_silence_is_measured_by_the_runs_own_gaps():
    slow = Series("reward", STEPS, RISE, 60 * STEPS)
    last = float(60 * STEPS[-1])
    assert not diagnose(History({"reward": slow}), state="running", now=last + 500).of("silence")
    assert diagnose(History({"reward": slow}), state="running", now=last + 700).of("silence")


def test_a_restarted_run_counts_with_what_came_last():
    again = Series(
        "reward",
        np.append(STEPS, STEPS[50:]),
        np.append(np.where(STEPS > 50, math.nan, RISE), RISE[50:]),
        np.full(150, math.nan),
    )
    report = diagnose(History({"reward": again}))
    assert not report.of("nan")
    assert report == diagnose(history(reward=RISE))


@pytest.mark.parametrize(
    "what", [None, 3, "runs:x", [1, 2], {"reward": [1]}, pd.DataFrame({"reward": [1.0]}, index=["a"])]
)
def test_what_has_no_curves_is_refused(what):
    with pytest.raises(BadValue, match="Give"):
        diagnose(what)


@pytest.mark.parametrize(
    "bad", [{"state": "gone"}, {"now": math.nan}, {"now": "now"}, {"thresholds": 3}, {"config": 3}, {"before": "x"}]
)
def test_a_bad_argument_is_refused(bad):
    with pytest.raises(BadValue, match="Give"):
        diagnose(history(reward=RISE), **bad)


def test_rules_of_other_packages_are_asked(tmp_path, monkeypatch):
    info = tmp_path / "teaching-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: teaching\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[astuner_nb.rules]\nmine = teaching_rules:MINE\nbroken = nowhere:X\n")
    (tmp_path / "teaching_rules.py").write_text(
        "from astuner_nb.diagnosis.findings import Finding, Severity\n"
        "from astuner_nb.diagnosis.rule import MAIN, Rule\n"
        "PRAISE = Finding('praise', 1, 1, Severity.NOTE, 'well done')\n"
        "MINE = Rule('mine', ('praise',), (MAIN,), lambda case: [PRAISE])\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    importlib.invalidate_caches()
    rules_module.announced.cache_clear()
    try:
        report = diagnose(history(reward=RISE))
        assert report.of("praise")
        assert ["could not be loaded" in trouble for trouble in report.troubles] == [True]
        assert not diagnose(history(reward=RISE), rules=()).findings
    finally:
        rules_module.announced.cache_clear()
        sys.modules.pop("teaching_rules", None)
