"""Which runs a view shows, how many of how many, and what they are called."""

import pytest

from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.configs import config_of_all
from astuner_nb.views.tables.notes import NO_NOTES, RunNotes
from astuner_nb.views.tables.shown import counts, labels, left, pinned_first, shown

from ..trackers.places import MadeRun

RUNS = [
    MadeRun("grpo-1", config={"learning_rate": 1e-5, "backbone": "local"}, tags=("good",), state="finished"),
    MadeRun("grpo-2", config={"learning_rate": 1e-3, "backbone": "verl"}, state="failed"),
    MadeRun("ppo", config={"lr": "text", "other": None}, state="running"),
]
CONFIG_OF = config_of_all(RUNS)
WRITTEN = {RUNS[2].key: RunNotes(name="my best", tags=("mine",))}


def notes_of(run):
    return WRITTEN.get(run.key, NO_NOTES)


def names(view, **more):
    return [run.name for run in shown(RUNS, view, CONFIG_OF, **more)]


@pytest.mark.parametrize(
    ("wanted", "left"),
    [
        ({}, ["grpo-1", "grpo-2", "ppo"]),
        ({"lr": (1e-6, 1e-4)}, ["grpo-1"]),
        ({"lr": (1e-6, 1), "backbone": "verl"}, ["grpo-2"]),
        ({"learning_rate": (None, None)}, ["grpo-1", "grpo-2"]),
        ({"lr": "text"}, ["ppo"]),
        ({"lr": []}, []),
        ({"other": None}, ["ppo"]),
        ({"state": ["failed", "running"]}, ["grpo-2", "ppo"]),
        ({"name": "grpo-*"}, ["grpo-1", "grpo-2"]),
        ({"name": "my*"}, ["ppo"]),
        ({"name": "ppo"}, ["ppo"]),
        ({"tag": "mine"}, ["ppo"]),
        ({"tag": ["mine", "good"]}, []),
    ],
)
def test_all_conditions_must_fit(wanted, left):
    assert names(ViewOptions().with_filter(**wanted), notes_of=notes_of) == left


def test_hidden_runs_are_not_shown_and_are_left():
    view = ViewOptions().with_hidden(RUNS[0]).with_filter(name="grpo-*")
    assert names(view) == ["grpo-2"]
    assert left(RUNS, view, CONFIG_OF) == RUNS[:2]


def test_a_state_that_is_known_is_not_read_again():
    assert names(ViewOptions().with_filter(state="lost"), state_of=lambda run: "lost") == ["grpo-1", "grpo-2", "ppo"]


@pytest.mark.parametrize(
    ("view", "words"),
    [
        (ViewOptions(), "All 3 runs are shown."),
        (ViewOptions().with_filter(lr=(0, 1)), "2 of 3 runs are left."),
        (ViewOptions().with_hidden(RUNS[0]), "2 of 3 runs are left, 1 hidden."),
        (ViewOptions().with_hidden(*RUNS), "0 of 3 runs are left, 3 hidden. All that fit are hidden."),
        (
            ViewOptions().with_filter(lr=(5, 6), name="grpo*"),
            "0 of 3 runs are left. Without the condition on lr (5 … 6) there would be 2.",
        ),
        (
            ViewOptions().with_filter(state="lost"),
            "0 of 3 runs are left. Without the condition on the state (lost) there would be 3.",
        ),
        (
            ViewOptions().with_filter(backbone="none", tag="\u202ebad\n"),
            "0 of 3 runs are left. Letting go of one condition is not enough; clear them all to begin again.",
        ),
    ],
)
def test_how_many_are_left_is_one_sentence_with_a_way_out(view, words):
    assert counts(RUNS, view, CONFIG_OF).words == words


def test_of_nothing_nothing_is_left():
    assert counts([], ViewOptions(), CONFIG_OF).words == "There are no runs."
    assert counts(RUNS[:1], ViewOptions(), CONFIG_OF).words == "The only run is shown."


def test_no_two_runs_are_called_the_same():
    runs = [
        MadeRun("a", id="1"),
        MadeRun("a", id="1", source="wandb"),
        MadeRun("b", id="1", place="x"),
        MadeRun("b", id="2", place="y"),
        MadeRun("c", id="1", place="u"),
        MadeRun("c", id="1", place="v"),
        MadeRun("c", id="1", place="w"),
        MadeRun("c (2)", id="9"),
        MadeRun("d", id="1", place="z"),
    ]
    found = labels(runs, ViewOptions().with_run_name(runs[8], "mine"))
    assert list(found) == [run.key for run in runs]
    assert list(found.values())[:6] == ["a · made", "a · wandb", "b · 1", "b · 2", "c", "c (2)"]
    assert found[runs[8].key] == "mine"
    assert len(set(found.values())) == len(runs)


def test_pinned_runs_come_first_in_the_order_of_pinning():
    view = ViewOptions().with_pinned(RUNS[2], RUNS[1], "gone")
    assert pinned_first(RUNS, view) == [RUNS[2], RUNS[1], RUNS[0]]
