"""What mattered, without a browser: what the page is told, what a person's acts become, what is computed where."""

import json
import math
import threading
from collections import deque
from dataclasses import replace

import ipywidgets as ipw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ipywidgets.widgets.widget import _remove_buffers

from astuner_nb.core.errors import BadValue
from astuner_nb.views.mattered.outcomes import MOST_AXES, ShownRun
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.summaries import from_extremes
from astuner_nb.widgets.importance_work import ImportanceWork
from astuner_nb.widgets.mattered import KEPT_GENERATIONS, Mattered

pytestmark = pytest.mark.usefixtures("nothing_left")

HOSTILE = "<img src=x onerror=alert(1)>"
VIEW = ViewOptions()


def run(number, reward=None, **config):
    reward = float(number) if reward is None else reward
    summary = {
        "reward": from_extremes(reward - 1, -9.0, reward, 5, "higher"),
        "custom": from_extremes(3.0 * number, 0.0, 9.0, 5, "neither"),
    }
    config = {"lr": 10.0 ** -(number + 1), "seed": number, "path": f"/x/{number}", "same": 1, **config}
    return ShownRun(f"made:here#{number}", f"run {number} {HOSTILE}", "#0a7bc4", config, summary)


class Person:
    """A widget, the commands that its observers left, and what was selected."""

    def __init__(self):
        self.commands = deque()
        self.selections = []
        self.changes = []
        self.mattered = Mattered(self.later, self.selections.append)
        self.page = self.mattered.widget
        self.page.observe(lambda change: self.changes.append(change["name"]))

    def later(self, act):
        return lambda *arguments: self.commands.append(lambda: act(*arguments))

    def turn(self):
        """What the monitor does in a turn."""
        while self.commands:
            self.commands.popleft()()

    def does(self, verb, value=None):
        """A message of the page, and the turn after it."""
        self.page._handle_custom_msg({"verb": verb, "value": value}, [])
        self.turn()

    def told(self):
        """The names of what the page was told since the last time."""
        told, self.changes = self.changes, []
        return sorted(told)

    def axes(self):
        return [axis["name"] for axis in self.page.axes]


def numbers(axis):
    return np.frombuffer(axis["values"], "<f8").tolist()


@pytest.fixture
def person():
    person = Person()
    yield person
    person.mattered.close()


@pytest.fixture
def runs():
    return tuple(run(number) for number in range(25))


def test_the_page_gets_runs_axes_and_the_outcome(person, runs):
    person.mattered.paint(runs, VIEW)
    page = person.page
    assert isinstance(page, ipw.Widget)
    assert page.runs["labels"][3] == f"run 3 {HOSTILE}"
    assert set(page.runs["colours"]) == {"#0a7bc4"}
    assert person.axes() == ["lr", "seed"]
    assert (page.axes[0]["kind"], page.axes[0]["log"]) == ("log", True)
    assert numbers(page.axes[1]) == list(range(25))
    assert page.outcome["name"] == "reward best"
    assert page.across["name"] == "lr"
    assert page.menu["outcomes"] == ["reward best", "reward last", "custom last"]
    assert page.menu["names"] == ["lr", "seed", "path"]
    assert page.menu["words"] == "1 more hyper-parameter varies; choose which have an axis."


def test_what_is_the_same_is_not_sent_again(person, runs):
    person.mattered.paint(runs, VIEW)
    person.told()
    person.mattered.paint(runs, VIEW)
    person.mattered.paint(tuple(map(replace, runs)), ViewOptions())
    assert person.told() == []
    person.mattered.paint(runs, VIEW.with_selected(runs[4].key, "elsewhere"))
    assert person.told() == ["selected"]
    assert person.page.selected == [4]


def test_of_a_run_that_grows_only_the_outcome_is_sent(person, runs):
    person.mattered.paint(runs, VIEW)
    person.told()
    grown = replace(runs[0], summary=run(0, reward=99.0).summary)
    person.mattered.paint((grown, *runs[1:]), VIEW)
    assert person.told() == ["outcome"]
    assert numbers(person.page.outcome)[0] == 99.0


def test_runs_that_come_and_go_are_another_generation(person, runs):
    person.mattered.paint(runs[:9], VIEW.with_selected(runs[8].key))
    first = person.page.runs["generation"]
    person.mattered.paint(runs[5:9], VIEW.with_selected(runs[8].key))
    assert person.page.runs["generation"] == first + 1
    assert person.page.selected == [3]
    assert len(numbers(person.page.axes[0])) == 4


def test_runs_without_an_outcome_are_left_out_and_counted(person, runs):
    person.mattered.paint((replace(runs[0], summary={}), run(1, reward=math.nan), *runs[2:]), VIEW)
    assert len(person.page.runs["labels"]) == 23
    assert person.page.menu["words"].startswith("2 of 25 runs are left out: no reward best")


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        ((), "No runs are shown."),
        ((replace(run(0), summary={}),), "None of these runs has a metric yet."),
        ((run(0),), "No hyper-parameter varies among these runs."),
    ],
    ids=["no runs", "no metric", "one run"],
)
def test_where_there_is_nothing_to_see_it_says_why(person, shown, words):
    person.mattered.paint(shown, VIEW)
    assert person.page.menu["words"] == words
    assert person.page.across == {}
    person.does("compute")
    person.does("select", {"generation": 1, "places": [0]})


# ---- what a person does


def test_a_selection_names_runs_by_the_list_that_the_page_had(person, runs):
    person.mattered.paint(runs, VIEW)
    old = person.page.runs["generation"]
    person.mattered.paint(runs[10:], VIEW)
    person.does("select", {"generation": old, "places": [2, 0]})
    person.does("select", {"generation": old + 1, "places": [0, 99, -1]})
    person.does("select", {"generation": old, "places": []})
    assert person.selections == [[runs[2].key, runs[0].key], [runs[10].key], []]
    for count in range(11, 11 + KEPT_GENERATIONS):
        person.mattered.paint(runs[count:], VIEW)
    person.does("select", {"generation": old, "places": [1]})
    assert len(person.selections) == 3  # nobody knows any more who that was


def test_an_observer_only_leaves_a_command(person, runs):
    person.mattered.paint(runs, VIEW)
    person.told()
    person.page._handle_custom_msg({"verb": "outcome", "value": "custom last"}, [])
    assert person.told() == []
    person.turn()
    assert person.told() == ["menu", "outcome"]
    assert numbers(person.page.outcome) == [3.0 * number for number in range(25)]


def test_a_chosen_outcome_comes_back_when_it_is_there_again(person, runs):
    person.mattered.paint(runs, VIEW)
    person.does("outcome", "custom last")
    without = tuple(replace(one, summary={"reward": one.summary["reward"]}) for one in runs)
    person.mattered.paint(without, VIEW)
    assert person.page.menu["outcome"] == "reward best"
    person.mattered.paint(runs, VIEW)
    assert person.page.menu["outcome"] == "custom last"


def test_axes_are_chosen_and_let_go(person):
    many = tuple(run(number, **{f"p{n}": n * number for n in range(1, 40)}) for number in range(3))
    person.mattered.paint(many, VIEW)
    assert len(person.axes()) == MOST_AXES
    person.does("axes", ["p39", "path"])
    assert person.axes() == ["p39", "path"]
    assert person.page.menu["chosen"]
    person.does("axes", [f"p{n}" for n in range(1, 40)])
    assert len(person.axes()) == MOST_AXES
    person.does("axes", [])
    assert person.axes()[0] == "lr"
    assert not person.page.menu["chosen"]


def test_the_scatter_takes_any_hyper_parameter_that_varies(person, runs):
    person.mattered.paint(runs, VIEW)
    person.does("across", "path")
    assert person.page.across["kind"] == "category"
    person.does("across", "same")
    assert person.page.across["name"] == "lr"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
PLACES = st.fixed_dictionaries({"generation": ANYTHING | st.just(1), "places": ANYTHING | st.lists(st.integers())})


@given(st.sampled_from(["outcome", "axes", "across", "select", "nonsense"]), ANYTHING | PLACES)
def test_whatever_the_page_says_does_no_harm(verb, value):
    person = Person()
    shown = tuple(run(number) for number in range(3))
    person.mattered.paint(shown, VIEW)
    person.does(verb, value)
    assert {key for keys in person.selections for key in keys} <= {one.key for one in shown}
    assert person.page.runs["labels"]
    person.mattered.close()


def test_all_that_is_sent_is_json_and_bytes(person):
    odd = {"lr": math.nan, "huge": 10**400, "inf": -math.inf, "none": None, "text": HOSTILE * 20, HOSTILE: True}
    person.mattered.paint((run(0, **odd), run(1), run(2, reward=1e308)), VIEW)
    state, _, buffers = _remove_buffers(person.page.get_state())
    sent = json.dumps({key: value for key, value in state.items() if key not in ("layout",)}, allow_nan=False)
    assert HOSTILE in sent
    assert len(buffers) == len(person.page.axes) + 2


# ---- importance


def computed(person, wait_for):
    """Take turns until the computation has ended; what the page is told of it."""

    def ended():
        person.turn()
        return person.page.importance["state"] in ("ready", "refused")

    wait_for(ended, 60, "the computation's end")
    return person.page.importance


def test_importance_is_computed_when_asked_and_says_of_what(person, runs, wait_for):
    pytest.importorskip("optuna")
    person.mattered.paint(runs, VIEW)
    assert person.page.importance["state"] == "idle"
    person.does("compute")
    assert person.page.importance["state"] == "computing"
    person.does("compute")  # pressed twice: once is enough
    told = computed(person, wait_for)
    assert {name for name, _ in told["bars"]} == {"lr", "seed"}
    assert sum(share for _, share in told["bars"]) == pytest.approx(1)
    assert told["words"] == "Of 2 hyper-parameters with an axis above, for reward best of 25 runs."
    assert not told["old"]
    person.does("outcome", "reward last")
    assert person.page.importance["old"]
    assert "compute it again" in person.page.importance["words"]


def test_importance_of_few_runs_is_refused_in_its_sentence(person, runs, wait_for):
    person.mattered.paint(runs[:4], VIEW)
    person.does("compute")
    told = computed(person, wait_for)
    assert told["state"] == "refused"
    assert told["words"] == "Importance needs 8 runs with an outcome, there are 4. Add runs."
    assert told["bars"] == []


class Desk:
    """Where a computation delivers its answer."""

    def __init__(self):
        self.commands, self.told = deque(), 0
        self.work = ImportanceWork(lambda act: lambda *a: self.commands.append(lambda: act(*a)), self.tell)

    def tell(self):
        self.told += 1


@pytest.mark.parametrize(
    ("error", "words"),
    [(BadValue("Too few."), "Too few."), (ZeroDivisionError("oh"), "could not be computed: ZeroDivisionError('oh')")],
)
def test_an_error_in_the_thread_is_a_sentence(error, words, wait_for):
    desk = Desk()

    def fail():
        raise error

    desk.work.ask(fail, "these")
    wait_for(lambda: desk.commands)
    assert desk.work.answer.state == "computing"  # until the monitor's thread hears of it
    desk.commands.popleft()()
    assert (desk.work.answer.state, desk.told) == ("refused", 1)
    assert words in desk.work.answer.words


def test_a_computation_runs_in_a_thread_of_its_own_and_is_forgotten_after_closing(wait_for):
    desk, go, ran_in = Desk(), threading.Event(), []

    def compute():
        ran_in.append(threading.current_thread())
        assert go.wait(30)
        return {"lr": 1.0}

    desk.work.ask(compute, "these")
    desk.work.ask(compute, "those")
    desk.work.close()
    go.set()
    wait_for(lambda: desk.commands)
    desk.commands.popleft()()
    assert (desk.work.answer.state, desk.told) == ("computing", 0)
    assert ran_in != [threading.current_thread()]
    assert len(ran_in) == 1
    desk.work.ask(compute, "these")
    assert len(ran_in) == 1


def test_closing_closes_the_widget(runs):
    person = Person()
    person.mattered.paint(runs, VIEW)
    person.mattered.close()
    assert person.page.comm is None
