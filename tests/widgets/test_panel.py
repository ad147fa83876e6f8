"""The panel without a browser: what it paints, what its observers leave on the queue, and what closing leaves."""

import ipywidgets as ipw
import pytest
from ipywidgets.widgets import widget as registry

import astuner_nb as anb
from astuner_nb.widgets.sliders import Sliders, control_for, log_steps

pytestmark = pytest.mark.usefixtures("nothing_left")

QUICK = {"total_steps": 20, "train_batch_size": 2, "num_repeat": 2, "test_freq": 10}


def all_below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_below(child)


class Seen:
    """The panel's parts as a person finds them."""

    def __init__(self, lab):
        self.lab = lab
        self.parts = list(all_below(lab.panel.widget))

    def figures(self):
        return [part for part in all_below(self.lab.panel.widget) if isinstance(part, anb.LiveFigure)]

    def table(self):
        return next(part for part in self.parts if hasattr(part, "rows"))

    def button(self, word):
        return next(part for part in self.parts if isinstance(part, ipw.Button) and part.description == word)

    def control(self, name):
        return next(part for part in self.parts if getattr(part, "description", None) == name)

    def presets(self):
        return next(part for part in self.parts if isinstance(part, ipw.Dropdown) and "too hot" in part.options)

    def html(self):
        return "".join(part.value for part in self.parts if isinstance(part, ipw.HTML))


@pytest.fixture
def opened(store):
    """`opened(source)`: a lab with its panel, whose turns the test takes itself."""
    labs = []

    def open_one(source="math_agent.yaml"):
        lab = anb.Lab(source)
        lab.monitor.start = lambda: None
        labs.append(lab)
        seen = Seen(lab)
        lab.monitor.step()
        return lab, seen

    yield open_one
    for lab in labs:
        for run in lab.runs:
            lab.stop(run)
            lab.wait(run, timeout_s=20)
        lab.close()


def test_run_is_a_command_and_its_curves_are_painted_turn_by_turn(opened):
    lab, seen = opened()
    lab.set(**QUICK)
    seen.button("Run").click()
    assert lab.runs == []  # an observer only leaves a command
    lab.monitor.step()
    (run,) = lab.runs
    assert lab.wait(run, timeout_s=60) == "finished"
    lab.monitor.step()
    curves = {trace.mode: len(trace.y) for trace in seen.figures()[0].data if trace.name != "marks"}
    assert curves == {"lines": 20, "markers": 2}
    assert len(seen.figures()) == 5
    (row,) = seen.table().rows
    assert (row.state, row.progress, row.alive) == ("finished", "20/20", False)
    assert (row.key, row.drawn, row.hidden) == (run.key, "line", False)


def test_a_slider_changes_values_and_starts_nothing(opened):
    lab, seen = opened()
    seen.control("lr").value = 3.16227e-4
    seen.control("num_repeat").value = 4
    assert (lab.values["lr"], lab.values["num_repeat"]) == (3.16e-4, 4)
    lab.monitor.step()
    assert lab.runs == []


def test_values_set_by_code_move_the_sliders(opened):
    lab, seen = opened()
    lab.set(lr=2.3456e-3, kl_loss_coef=0.07, seed=5, temperature=0.876)
    lab.monitor.step()
    assert [seen.control(name).value for name in ("lr", "kl_loss_coef", "seed")] == [2.3456e-3, 0.07, 5]
    values = [lab.values[name] for name in ("lr", "kl_loss_coef", "temperature")]
    assert values == [2.3456e-3, 0.07, 0.876]  # not rounded to what the slider shows


def test_a_preset_sets_all_sliders_and_can_be_chosen_again(opened):
    lab, seen = opened()
    lab.set(temperature=0.5)
    for _ in range(2):
        seen.presets().value = "no clip"
        assert {name: lab.values[name] for name in ("lr", "ppo_epochs", "clip_ratio", "temperature")} == {
            "lr": 1e-3, "ppo_epochs": 4, "clip_ratio": 10.0, "temperature": 1.0,
        }  # fmt: skip
        assert seen.presets().value == "presets …"
    assert lab.runs == []


def test_stop_in_the_table_and_stop_above_end_runs(opened, wait_for):
    lab, seen = opened()
    first, second = lab.start(total_steps=1000), lab.start(total_steps=1000)
    wait_for(lambda: first.last_record() and second.last_record(), what="records")
    lab.monitor.step()
    assert seen.button("Stop").disabled is False
    seen.table()._heard(None, {"verb": "stop", "key": first.key, "value": None}, [])
    lab.monitor.step()
    assert lab.wait(first, timeout_s=20) == "stopped"
    assert second.state == "running"
    seen.button("Stop").click()
    lab.monitor.step()
    assert lab.wait(second, timeout_s=20) == "stopped"
    lab.monitor.step()
    assert seen.button("Stop").disabled is True


def test_a_failed_job_opens_its_log_and_hostile_text_is_escaped(opened):
    @anb.experiment()
    def train(run):
        run.log({"<i>loss": 1.0}, step=1)
        raise RuntimeError("<img src=x onerror=alert(1)>")

    lab, seen = opened(train)
    run = lab.start(name="<script>alert(2)</script>")
    assert lab.wait(run, timeout_s=30) == "failed"
    lab.monitor.step()
    assert "<details open>" in seen.html()
    assert "&lt;img src=x onerror=alert(1)&gt;" in seen.html()
    assert "<img" not in seen.html()
    assert "<script" not in seen.html()
    figure = seen.figures()[0]
    assert "<script" not in figure.data[0].name + figure.data[0].hovertemplate
    assert "<i>" not in figure.layout.title.text


def test_an_earlier_failure_does_not_open_its_log_until_it_is_picked(opened, store):
    with pytest.raises(RuntimeError), anb.init(project="math_agent", config={}):
        raise RuntimeError("last week")
    lab, seen = opened()
    assert [row.state for row in seen.table().rows] == ["failed"]
    assert "<details" not in seen.html()
    seen.table()._heard(None, {"verb": "pick", "key": lab.runs[0].key, "value": {"add": False}}, [])
    lab.monitor.step()
    lab.monitor.step()
    assert "<details open>" in seen.html()


def test_a_command_that_is_refused_becomes_a_sentence_and_goes_away_with_the_next_run(opened, store):
    lab, seen = opened()
    lab.set(**QUICK)
    store.parent.mkdir(exist_ok=True)
    store.write_text("no directory")
    seen.button("Run").click()
    lab.monitor.step()
    assert "No run can be made" in seen.html()
    store.unlink()
    seen.button("Run").click()
    lab.monitor.step()
    assert "No run can be made" not in seen.html()


def test_hidden_runs_stay_hidden_and_later_panels_show_the_newest_only(opened, store):
    for number in range(10):
        with anb.init(project="math_agent", name=f"run {number}", config={}) as run:
            run.log({"reward": 0.5}, step=1)
    lab, seen = opened()
    assert len(seen.table().rows) == 10
    assert [row.hidden for row in seen.table().rows] == [False] * 8 + [True] * 2
    names = {trace.name for trace in seen.figures()[0].data}
    assert names == {f"#{number + 1} run {number}" for number in range(2, 10)}
    first, newest = lab.runs[-1].key, lab.runs[0].key
    for key, shown in ((first, True), (newest, False)):
        seen.table()._heard(None, {"verb": "show", "key": key, "value": shown}, [])
    lab.monitor.step()
    visible = {trace.name for trace in seen.figures()[0].data if trace.visible}
    assert visible == {"#1 run 0", *names} - {"#10 run 9"}
    assert [len(trace.y) for trace in seen.figures()[0].data] == [1] * 9


def test_notices_about_the_file_are_shown(opened):
    _, seen = opened({"astuner": {"data": {"train_batch_size": 264}}})
    assert "train_batch_size = 264 lies beyond" in seen.html()


def test_closing_leaves_no_widget(store):
    before = set(registry._instances)
    lab = anb.Lab("math_agent.yaml")
    lab._repr_mimebundle_()
    assert set(registry._instances) - before
    lab.close()
    left = [registry._instances[key] for key in set(registry._instances) - before]
    assert [w for w in left if not isinstance(w, ipw.Layout) and "Style" not in type(w).__name__] == []


SPACE = anb.Space(
    {
        "log": anb.Float(0.1, 1e-3, 10, log=True, unit="s", help="A log one."),
        "leash": anb.Float(0.3, 0, 3, log=True),
        "plain": anb.Float(0.5, 0, 1),
        "count": anb.Int(3, 1, 9),
        "seed": anb.Int(0, 0, 2**31 - 1),
        "width": anb.Choice(32, [16, 32]),
    }
)


def test_each_declaration_gets_the_control_that_fits_it():
    kinds = {name: type(control_for(name, param, param.default)).__name__ for name, param in SPACE.items()}
    assert kinds == {
        "log": "FloatLogSlider", "leash": "SelectionSlider", "plain": "FloatSlider",
        "count": "IntSlider", "seed": "BoundedIntText", "width": "Dropdown",
    }  # fmt: skip
    tooltip = control_for("log", SPACE["log"], 0.1).tooltip
    assert tooltip == "log: A log one. Takes from 0.001 to 10 s; default 0.1."


def test_sliders_start_at_any_value_in_range():
    values = {"log": 0.0123, "leash": 0.007, "plain": 1.0, "count": 9, "seed": 7, "width": 16}
    sliders = Sliders(SPACE, values, lambda name, value: None)
    assert {name: sliders.value(name) for name in SPACE} == values


@pytest.mark.parametrize(
    ("low", "high", "readout"),
    [(0, 1, ".2f"), (0.3, 1.6, ".2f"), (0, 1e-3, ".5f"), (0, 50_000, ".0f"), (0, 1e-9, ".2e")],
)
def test_a_linear_slider_shows_as_many_digits_as_its_steps_have(low, high, readout):
    assert control_for("x", anb.Float(low, low, high), low).readout_format == readout


def test_the_steps_of_a_log_range_from_zero_hold_what_matters():
    steps = log_steps(SPACE["leash"], 0.007)
    assert steps[0] == 0
    assert steps[-1] == 3
    assert {0.007, 0.3} <= set(steps)
    assert steps == sorted(set(steps))
