"""The table without a browser: what travels, what a page makes of it, and what is let in."""

import json
import random
import subprocess
from array import array
from dataclasses import replace

import pytest

from astuner_nb.core.aliases import Aliases
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.tables.summaries import summaries, table_metrics
from astuner_nb.views.tables.table import Look, TableRow, TableRows, rows
from astuner_nb.widgets.runs_table import OF_ALL, OF_RUNS, PAGE, PARTS, RunsTable, page_module

from ..trackers.places import MadeRun

NAMES = Aliases()
VIEW = ViewOptions()


class Sent(RunsTable):
    """A table that keeps what it sends to its page."""

    def __init__(self):
        self.messages, self.heard = [], []
        super().__init__(lambda *said: self.heard.append(said))

    def send(self, content, buffers=None):
        self.messages.append((content, buffers or []))

    def said(self, **message):
        self._heard(self, message, [])
        return self.heard[-1] if self.heard else None


@pytest.fixture
def table():
    with_page = Sent()
    yield with_page
    with_page.close()


def made(count):
    draw = random.Random(count)
    return [
        MadeRun(
            f"run-{number}",
            {"reward": {step: draw.random() for step in range(30)}, "kl": {0: 0.1, 1: draw.random()}},
            config={"lr": 10 ** draw.uniform(-6, -3), "seed": number % 5, "batch": 8 + number % 3},
        )
        for number in range(count)
    ]


class Shown:
    """Runs in a table, as a comparison keeps them there."""

    def __init__(self, table, count):
        self.table, self.runs = table, made(count)
        histories = {run.key: NAMES.canonicalised(run.history()) for run in self.runs}
        self.found = summaries(histories, table_metrics(histories, VIEW, NAMES), NAMES)

    def show(self, view=VIEW, words="", looks=lambda run: Look()):
        found = rows(self.runs, view, self.found, names=NAMES, looks=looks)
        self.table.show(found, words)
        return found


def size(message):
    content, buffers = message
    return len(json.dumps(content, separators=(",", ":")).encode()) + sum(map(len, buffers))


# What travels.


def test_nothing_is_sent_where_nothing_changed(table):
    shown = Shown(table, 5)
    shown.show(words="5 runs")
    shown.show(words="5 runs")
    assert len(table.messages) == 1


def test_a_filter_over_a_thousand_runs_travels_as_numbers(table):
    shown = Shown(table, 1000)
    shown.show()
    for view in (VIEW.with_filter(lr=(1e-5, 1e-3)), VIEW, VIEW.with_sort("reward last", True)):
        shown.show(view, f"{view.sort} of 1,000")
        content, buffers = table.messages[-1]
        assert "rows" not in content
        assert len(array("H", buffers[0])) == len(table.rows)
        assert size(table.messages[-1]) <= 5_000
    assert len(table.messages) == 4


def test_of_a_row_that_changed_only_the_changed_parts_travel(table):
    found = Shown(table, 50).show()
    first = found.rows[0]
    cells = list(first.cells)
    cells[2] = 0.5
    changed = replace(first, progress="7/9", cells=tuple(cells))
    table.show(replace(found, rows=(changed, *found.rows[1:])))
    assert table.messages[-1] == ({"rows": [[0, {"cells": [2, 0.5], "progress": "7/9"}]], "seq": 2}, [])


def test_with_a_baseline_only_differences_are_sent_for_the_metrics_are_there(table):
    shown = Shown(table, 20)
    before = shown.show()
    found = shown.show(VIEW.with_baseline(shown.runs[3]))
    content, _ = table.messages[-1]
    deltas = {place for place, kind in enumerate(found.kinds) if kind == "delta"}
    assert deltas
    assert [content["cells_from"][place] for place in deltas] == [-1] * len(deltas)
    assert len(before.columns) == len(found.columns) - len(deltas)
    for _, parts in content["rows"]:
        assert set(parts["cells"][::2]) <= deltas


def test_a_run_that_comes_back_has_what_changed_while_it_was_away(table):
    found = Shown(table, 3).show()
    table.show(replace(found, rows=found.rows[1:]))
    away = replace(found.rows[0], note="written meanwhile")
    table.show(replace(found, rows=(away, *found.rows[1:])))
    assert table.messages[-1][0]["rows"] == [[0, {"note": "written meanwhile"}]]
    assert table.rows[0].note == "written meanwhile"


def test_all_of_it_is_plain_json_of_a_bearable_size(table):
    Shown(table, 1000).show(words="all")
    whole = json.dumps(table.whole(), allow_nan=False, separators=(",", ":"))
    assert len(whole) < 600_000
    assert json.loads(whole)["order"] == list(range(1000))


# What a page makes of it: the page's own module, fed with what Python sent.

FOLLOW = """
import { Rows } from '%s';
import { readFileSync } from 'node:fs';
const told = [];
for (const { state, messages } of JSON.parse(readFileSync(0, 'utf8'))) {
  const page = new Rows(state);
  for (const [content, buffers] of messages) {
    if (!page.apply(content, buffers.map(bytes => Uint8Array.from(bytes)))) throw new Error('a gap');
    told.push(JSON.stringify([page.head, page.words, page.order.map(number => Object.values(page.all[number]))]));
  }
}
console.log(JSON.stringify(told));
"""


def random_table(draw):
    titles = draw.sample(["lr", "seed", "reward last", "Δ reward last", "kl best"], draw.randint(0, 5))
    ids = draw.sample(range(12), draw.randint(0, 12))
    return TableRows(
        tuple(titles),
        tuple("delta" if "Δ" in one else "metric" for one in titles),
        ("higher",) * len(titles),
        tuple(random_row(draw, number, len(titles)) for number in ids),
        (draw.choice(["", *titles]), draw.random() < 0.5),
        draw.choice(["", "grpo"]),
    )


TEXTS = ("name", "state", "note", "progress", "what_changed", "reading", "severity", "parent")


def random_row(draw, number, width):
    cells = tuple(draw.choice([None, 1, 0.5, -2.5, "NaN", True, "<b>"]) for _ in range(width))
    texts = {part: draw.choice(["", "a", "</td>"]) for part in TEXTS}
    flags = {part: draw.random() < 0.3 for part in ("pinned", "hidden", "selected", "baseline", "alive")}
    return TableRow(
        key=f"key {number}", source="made", tags=tuple(draw.sample("xyz", draw.randint(0, 3))), group="", created="",
        url="", color="", cells=cells, spark=tuple(draw.choice([None, 0.1]) for _ in range(draw.randint(0, 4))),
        mark=f"#{number}", swatch="#112233", drawn="line", detail="", **texts, **flags,
    )  # fmt: skip


def test_a_page_that_hears_every_message_has_the_table_after_each():
    draw, stories, expected = random.Random(4), [], []
    for _ in range(60):
        table = Sent()
        for _ in range(draw.randint(0, 2)):
            table.show(random_table(draw))
        story = {"state": json.loads(json.dumps(table.whole())), "messages": []}
        table.messages.clear()
        for _ in range(draw.randint(1, 8)):
            now, words = random_table(draw), draw.choice(["", "some words"])
            before = len(table.messages)
            table.show(now, words)
            if len(table.messages) > before:
                listed = [[getattr(row, part) for part in PARTS] for row in now.rows]
                expected.append(json.loads(json.dumps([now.head(), words, listed])))
        story["messages"] = [[content, [list(one) for one in buffers]] for content, buffers in table.messages]
        stories.append(story)
        table.close()
    code = FOLLOW % (PAGE / "rows.mjs").as_uri()
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code], input=json.dumps(stories), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    told = [json.loads(one) for one in json.loads(done.stdout)]
    assert len(told) > 100
    assert told == expected


def test_the_modules_of_the_page_are_one_that_parses():
    source = page_module()
    assert "import " not in source.replace("// ", "").split("export default")[0]
    subprocess.run(["node", "--input-type=module", "--check"], input=source, text=True, check=True)


# What a person does.

GOOD = {
    "show": True, "pick": {"add": False}, "stop": None, "pin": True, "baseline": False, "rename": "n",
    "color": "#0a7bc4", "note": "", "tags": ["a"], "sort": "lr", "search": "x", "show_all": False,
}  # fmt: skip


@pytest.mark.parametrize("verb", [*OF_RUNS, *OF_ALL])
def test_each_verb_is_handed_on_with_its_run_and_value(table, verb):
    found = Shown(table, 2).show()
    key = "" if verb in OF_ALL else found.rows[1].key
    assert table.said(verb=verb, key=key, value=GOOD[verb]) == (verb, key, GOOD[verb])


@pytest.mark.parametrize(
    "message",
    [
        {"verb": "pin", "key": "nobody", "value": True},
        {"verb": "pin", "key": "", "value": True},
        {"verb": "pin", "value": True},
        {"verb": "pin", "key": ["made:here#run-0"], "value": True},
        {"verb": "sort", "key": "made:here#run-0", "value": "lr"},
        {"verb": "close", "key": "made:here#run-0", "value": None},
        {"verb": ["pin"], "key": "made:here#run-0", "value": True},
        {"verb": "pin", "key": "made:here#run-0", "value": 1},
        {"verb": "color", "key": "made:here#run-0", "value": "red;background:url(x)"},
        {"verb": "color", "key": "made:here#run-0", "value": "#0A7BC4\n"},
        {"verb": "pick", "key": "made:here#run-0", "value": {"add": 1}},
        {"verb": "pick", "key": "made:here#run-0", "value": {"add": True, "all": True}},
        {"verb": "tags", "key": "made:here#run-0", "value": ["a", 1]},
        {"verb": "note", "key": "made:here#run-0", "value": "x" * 3000},
        {},
    ],
)
def test_what_is_no_verb_of_a_run_that_is_there_is_passed_over(table, message):
    Shown(table, 1).show()
    assert table.said(**message) is None


def test_a_page_that_missed_a_message_asks_for_all(table):
    asked = []
    table.send_state = asked.append
    table.said(verb="again")
    assert asked == ["_table"]
    assert table.heard == []
