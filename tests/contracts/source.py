"""What every source must do. A new one subclasses `SourceContract` and gives it a `kept` fixture."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pytest

import astuner_nb as anb
from astuner_nb.core.errors import Cancelled, TrackerError
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.registry import source_for
from astuner_nb.trackers.where import Where

HOSTILE = "run 'b'; \"x\" <script>alert(1)</script> $(touch y)"
REWARD = {step: step / 8 for step in range(12)} | {5: math.nan, 7: math.inf}
KL = {step: step / 16 for step in range(0, 12, 3)}
ROWS = {"a": {"reward": REWARD, "kl": KL}, HOSTILE: {"reward": {0: 0.25, 1: 0.5}}}
"""Run name → metric → step → value, each exact in 32 bits. What a `kept` fixture has to put there, oldest first."""
CONFIG = {"lr": 0.001, "backbone": "local"}
"""Of the run `a`, where the source can keep a configuration."""


@dataclass(frozen=True)
class Kept:
    """Where a source's fixture has put `ROWS`, and what that kind of source cannot keep."""

    uri: str
    missing: str
    """A URI of the same kind behind which there is nothing."""
    damaged: str = ""
    """A URI of the same kind behind which there is garbage; empty where that makes no sense."""
    one_run: bool = False
    """Whether it keeps a single run: `a` alone."""
    names: Mapping[str, str] = field(default_factory=dict)
    """Run name → what it is called there, where that is not the same."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """Metric → its key there, where that is not the same."""
    keeps_config: bool = True
    keeps_nan: bool = True
    """Whether NaN is told apart from a missing value."""
    states: frozenset[str] = frozenset({"finished"})
    """What an ended run may read as."""


class SourceContract:
    """Through the public face alone, but for patience and cancelling."""

    def wanted(self, kept: Kept) -> dict[str, dict[str, dict[int, float]]]:
        rows = {"a": ROWS["a"]} if kept.one_run else ROWS
        return {kept.names.get(name, name): metrics for name, metrics in rows.items()}

    def test_it_finds_the_runs_newest_first(self, kept: Kept) -> None:
        runs = anb.runs(kept.uri)
        assert [run.name for run in runs] == list(reversed(self.wanted(kept)))
        assert runs.complete
        assert not runs.skipped

    def test_a_run_says_who_it_is(self, kept: Kept) -> None:
        for run in anb.runs(kept.uri):
            assert run.source == kept.uri.partition(":")[0]
            assert run.id
            assert run.state in kept.states
            assert isinstance(run.tags, tuple)
            assert isinstance(run.group, str)
            assert run.created is None or run.created.tzinfo is not None
            assert run.finished is None or run.created is None or run.finished >= run.created
        again = anb.runs(kept.uri)
        assert [run.key for run in again] == [run.key for run in anb.runs(kept.uri)]
        assert len({run.key for run in again}) == len(again)

    def test_every_point_is_there_ragged_and_in_order(self, kept: Kept) -> None:
        for run in anb.runs(kept.uri):
            history = run.history(max_points="all")
            wanted = self.wanted(kept)[run.name]
            assert {kept.keys.get(name, name) for name in wanted} <= set(history)
            for name, points in wanted.items():
                series = history[kept.keys.get(name, name)]
                same(series, points if kept.keeps_nan else {s: v for s, v in points.items() if not math.isnan(v)})

    def test_metrics_are_asked_for_by_canonical_name(self, kept: Kept) -> None:
        run = anb.runs(kept.uri)[-1]
        history = run.history(["kl", "reward", "no such metric"])
        assert list(history) == ["kl", "reward"]
        assert history["reward"].key == kept.keys.get("reward", "reward")
        same(history["kl"], KL)

    def test_fewer_points_keep_first_and_last(self, kept: Kept) -> None:
        series = anb.runs(kept.uri)[-1].history(["reward"], max_points=6)["reward"]
        assert len(series) <= 12
        assert (series.step[0], series.step[-1]) == (0, 11)

    def test_following_it_reads_the_same(self, kept: Kept, wait_for) -> None:
        for run in anb.runs(kept.uri):
            tail = run.tail()
            wait_for(lambda tail=tail: (tail.poll(), tail.caught_up)[1], what="the end")
            for key, series in run.history().items():
                if key in tail.history:
                    same(tail.history[key].deduplicated(), dict(zip(series.step, series.value, strict=True)))
            assert set(run.history(["reward"])) == set(run.aliases.pick(tail.history, ["reward"]))
            assert tail.status().state in kept.states

    def test_a_limit_takes_the_newest_and_says_so(self, kept: Kept) -> None:
        if kept.one_run:
            assert anb.runs(kept.uri, limit=1).complete
            return
        newest = anb.runs(kept.uri, limit=1)
        assert [run.name for run in newest] == [kept.names.get(HOSTILE, HOSTILE)]
        assert not newest.complete
        assert [run.name for run in newest.filter(name="a*")] == [kept.names.get("a", "a")]  # asks again

    def test_filters_keep_what_fits(self, kept: Kept) -> None:
        name = kept.names.get("a", "a")
        assert [run.name for run in anb.runs(kept.uri, name=f"{name[:1]}*")] == [name]
        assert len(anb.runs(kept.uri, state="starting")) == 0
        if kept.keeps_config:
            assert [run.name for run in anb.runs(kept.uri, lr=(1e-4, 1e-2), backbone="local")] == [name]
            assert len(anb.runs(kept.uri, lr=(0.1, None))) == 0

    def test_what_is_not_there_is_an_error_of_its_own_kind(self, kept: Kept) -> None:
        with pytest.raises(anb.NotFound) as caught:
            anb.runs(kept.missing)
        assert len(str(caught.value)) < 400

    def test_garbage_is_an_error_and_never_an_empty_result(self, kept: Kept) -> None:
        if kept.damaged:
            with pytest.raises(TrackerError) as caught:
                anb.runs(kept.damaged)[0].history()
            assert not isinstance(caught.value, anb.NotFound)

    def test_it_prints_nothing_and_leaves_the_environment(self, kept: Kept, capfd: pytest.CaptureFixture[str]) -> None:
        before = {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"}
        anb.runs(kept.uri)[0].history()
        assert {name: value for name, value in os.environ.items() if name != "WANDB_SERVICE"} == before
        assert capfd.readouterr() == ("", "")

    def test_it_stops_when_nobody_waits_any_more(self, kept: Kept) -> None:
        patience = Patience(30, kept.uri)
        patience.cancel()
        with pytest.raises(Cancelled):
            patience.call(lambda: source_for(kept.uri).list(Where(), 10, patience), "listing")


def same(series: anb.Series, points: Mapping[float, float]) -> None:
    """Fails where `series` does not hold exactly `points`."""
    assert series.step.tolist() == list(points)
    np.testing.assert_array_equal(series.value, list(points.values()))
