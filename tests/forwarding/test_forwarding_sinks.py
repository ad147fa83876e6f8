"""The sinks of SwanLab, W&B and TensorBoard keep the contract of all sinks; read back by the package's own readers."""

from __future__ import annotations

from astuner_nb.core.states import RunState
from astuner_nb.trackers.opening import runs

from ..contracts.sink import RUN, SinkContract, T


class TestSwanLabSink(SinkContract):
    """Offline, as it is without a key."""

    logger = "swanlab"
    later_wins = False

    def read_back(self, directory):
        (run,) = runs(f"swanlab:{directory / 'swanlog'}")
        return run

    def test_it_says_how_many_values_swanlab_left_out(self, sink, directory):
        sink("open", RUN, str(directory))
        sink("write", 1, T, {"x": 1.0, "y": 1.0})
        assert sink("remark") == ""
        sink("write", 1, T, {"x": 2.0, "z": 1.0})
        assert "1 later ones" in sink("remark")
        sink("close", "finished")


class TestWandbSink(SinkContract):
    """Offline, as it is without a key."""

    logger = "wandb"
    holds_back = 1
    renamed = {"_step": "step_"}  # noqa: RUF012

    def read_back(self, directory):
        (run,) = runs(f"wandb:{directory / 'wandb'}")
        return run

    def test_where_steps_go_back_the_true_step_stands_beside_the_values(self, sink, directory, wait_for):
        sink("open", RUN, str(directory))
        for step in (1, 2, 1, 1, 2, 5, 6):
            sink("write", step, T, {"x": float(step)})
        assert "3 records" in sink("remark")
        sink("close", "finished")
        wait_for(lambda: self.read_back(directory).state is RunState.FINISHED, what="the run's end")
        assert self.values(directory, "x") == {1: 1.0, 2: 2.0, 3: 1.0, 4: 2.0, 5: 5.0, 6: 6.0}
        assert self.values(directory, "step") == {3: 1.0, 4: 2.0, 5: 5.0, 6: 6.0}


class TestTensorBoardSink(SinkContract):
    """It knows no network."""

    logger = "tensorboard"

    def read_back(self, directory):
        (run,) = runs(f"tensorboard:{directory / 'tensorboard'}")
        return run

    def ends(self, state):
        return {RunState(state), RunState.LOST, RunState.FAILED, RunState.FINISHED} - (
            {RunState.FAILED} if state == "finished" else set()
        )
