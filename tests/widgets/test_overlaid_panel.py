"""Other sources in a panel, without a browser: cards, curves under canonical names, links, hostile text."""

import ipywidgets as ipw
import pytest

import astuner_nb as anb
from astuner_nb.recorder import write_json_atomic
from astuner_nb.trackers.history_cache import HistoryCache

from ..trackers.places import MadeRun, Server, cloud_run

pytestmark = pytest.mark.usefixtures("nothing_left")

VERL = {"critic/score/mean": {0: 0.25, 1: 0.5}, "actor/kl_loss": {0: 0.5}, "timing_s/step": {0: 9.0}}
HOSTILE = "<img src=x onerror=alert(1)>"


def all_below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_below(child)


class Seen:
    """A panel as a person finds it."""

    def __init__(self, shown):
        self.shown = shown
        self.root = shown.panel.widget

    def parts(self, kind):
        return [part for part in all_below(self.root) if isinstance(part, kind)]

    def curves(self):
        figures = {figure.layout.title.text: figure for figure in self.parts(anb.LiveFigure)}
        return {
            title.split("</b>")[0].removeprefix("<b>"): sorted((trace.name, list(trace.y)) for trace in figure.data)
            for title, figure in figures.items()
        }

    def html(self):
        return "".join(part.value for part in self.parts(ipw.HTML))

    def table(self):
        return next(part for part in all_below(self.root) if hasattr(part, "rows"))

    def button(self, word, number=0):
        return [part for part in self.parts(ipw.Button) if part.description == word][number]


@pytest.fixture
def compared():
    """`compared(*what)`: a comparison with its panel, whose turns the test takes itself."""
    opened = []

    def open_one(*what, **options):
        comparison = anb.compare(*what, **options)
        comparison.monitor.start = lambda: None
        opened.append(comparison)
        seen = Seen(comparison)
        comparison.monitor.step()
        return comparison, seen

    yield open_one
    for comparison in opened:
        comparison.close()


def test_runs_of_several_sources_meet_in_figures_by_canonical_name(compared):
    trl = {"train/reward": {0: 0.1, 5: 0.2}, "train/kl": {0: 0.3}}
    _, seen = compared([MadeRun("verl", VERL)], [MadeRun("trl", trl, source="other")])
    assert seen.curves() == {
        "reward": [("#1 verl", [0.25, 0.5]), ("#2 trl", [0.1, 0.2])],
        "KL divergence": [("#1 verl", [0.5]), ("#2 trl", [0.3])],
        "time per step": [("#1 verl", [9.0])],
    }
    assert [(row.source, row.alive) for row in seen.table().rows] == [("other", False), ("made", False)]


def test_the_name_a_tracker_has_for_a_metric_is_shown_on_hover(compared):
    _, seen = compared([MadeRun("verl", VERL)], metrics=["reward"])
    (figure,) = seen.parts(anb.LiveFigure)
    assert "critic/score/mean" in figure.data[0].hovertemplate
    assert figure.layout.height > 300  # one figure alone has room


def test_metrics_that_nobody_knows_are_shown_where_there_are_no_others(compared):
    _, seen = compared([MadeRun("x", {f"own/{index}": {0: index} for index in range(9)})])
    assert list(seen.curves()) == [f"own/{index}" for index in range(6)]


def test_picking_a_run_describes_it_and_runs_nobodys_html(compared):
    run = MadeRun(HOSTILE, {HOSTILE: {0: 1.0}, **VERL}, config={HOSTILE: HOSTILE}, url="https://x.y/z?a=1&b='2'")
    comparison, seen = compared([run], [MadeRun("bad", VERL, url="javascript:alert(1)")])
    rows = {row.name: row for row in seen.table().rows}
    assert rows[HOSTILE].url == run.url
    assert rows["bad"].url == ""
    seen.table()._heard(None, {"verb": "pick", "key": run.key, "value": {"add": False}}, [])
    comparison.monitor.step()
    assert "reward ← critic/score/mean" in seen.html()
    assert "href='https://x.y/z?a=1&amp;b=&#x27;2&#x27;'" in seen.html()
    assert "<img" not in seen.html()
    assert all("<img" not in str(trace.name) for figure in seen.parts(anb.LiveFigure) for trace in figure.data)


def test_a_uri_is_typed_opened_in_the_background_and_told_in_its_card(compared, tmp_path, wait_for):
    comparison, seen = compared()
    field = seen.parts(ipw.Text)[0]
    field.value = f"runs:{tmp_path}/none"
    wait_for(lambda: (comparison.monitor.step(), "There is no run store" in seen.html())[1])
    assert "role='alert'" in seen.html()
    retry, cancel = seen.button("Retry"), seen.button("Cancel")
    assert (retry.layout.display, cancel.layout.display) == (None, "none")
    anb.RunStore(tmp_path / "none").create("p", "now it is there", {})
    retry.click()
    wait_for(lambda: (comparison.monitor.step(), len(seen.table().rows))[1] == 1)
    assert "1 run" in seen.html()
    assert "There is no run store" not in seen.html()
    assert retry.layout.display == "none"


def test_a_uri_that_is_none_is_said_beside_the_field(compared):
    comparison, seen = compared()
    field = seen.parts(ipw.Text)[0]
    field.value = "wanbd://a/b"
    comparison.monitor.step()
    assert "did you mean wandb://a/b" in seen.html()
    assert field.value == "wanbd://a/b"  # to be mended, not typed again


def test_a_line_that_failed_can_be_taken_away(compared, tmp_path, wait_for):
    comparison, seen = compared(f"runs:{tmp_path}/none")
    wait_for(lambda: (comparison.monitor.step(), "There is no run store" in seen.html())[1])
    seen.button("").click()
    comparison.monitor.step()
    comparison.monitor.step()
    assert "There is no run store" not in seen.html()


def test_a_server_that_fails_is_told_in_the_row_and_the_others_are_drawn(compared, tmp_path, wait_for):
    cache = HistoryCache(tmp_path / "kept")
    bad = cloud_run(Server(fail=anb.ServerFailed("it failed with 500")), cache, "bad")
    comparison, seen = compared([cloud_run(Server(VERL), cache, "good"), bad])
    wait_for(lambda: (comparison.monitor.step(), "reward" in seen.curves())[1])
    wait_for(lambda: (comparison.monitor.step(), "it failed" in str(seen.table().rows))[1])
    assert [name for name, _ in seen.curves()["reward"]] == ["#2 good"]


def test_a_lab_tells_where_its_runs_are_logged_to(store):
    lab = anb.Lab()
    lab.monitor.start = lambda: None
    try:
        seen = Seen(lab)
        run = lab.store.create("math_agent", "x", {}, loggers=["console", "swanlab"])
        run.files.loggers.mkdir()
        note = {"logger": "swanlab", "state": "done", "text": "Logged <offline>; upload later.", "sent": 3, "t": 1.0}
        write_json_atomic(run.files.logger_status("swanlab"), {**note, "url": "https://swanlab.cn/@a/b/runs/c"})
        write_json_atomic(run.files.exit, {"code": 0, "stopped": False, "t": 0})
        lab.monitor.follow(run)
        lab.monitor.step()
        seen.shown.panel._loggers._look_at = 0
        lab.monitor.step()
        assert "swanlab: Logged &lt;offline&gt;; upload later." in seen.html()
        assert "href='https://swanlab.cn/@a/b/runs/c'" in seen.html()
        assert run.url == "https://swanlab.cn/@a/b/runs/c"
    finally:
        lab.close()
