"""Every English sentence that a panel can say has a Chinese one, and both have the same places."""

import ast
import re
from functools import cache
from pathlib import Path

import ipywidgets as ipw
import pytest

import astuner_nb as anb
from astuner_nb.backbones.local import SPACE
from astuner_nb.core.language import Language, language_of
from astuner_nb.core.metrics import KNOWN
from astuner_nb.core.said import places
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.findings import Severity
from astuner_nb.widgets import mattered_page, runs_table
from astuner_nb.widgets.comparison_panel import ComparisonPanel
from astuner_nb.widgets.panel import Panel

PACKAGE = Path(anb.__file__).parent
SAYING = {"said", "counted", "language", "_language", "say", "Said"}
"""What a sentence is given to, to be said."""
ZH = language_of("zh")
PLACE = re.compile(r"\{\w+\}")


def is_words(text):
    """Whether there is something to translate in a template besides its places."""
    return bool(re.search("[A-Za-z]", PLACE.sub("", text)))


def constants(tree):
    """Name → its value, of what stands at the top of a module."""
    found = {}
    for node in tree.body:
        target = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
        if isinstance(target, ast.Name) and getattr(node, "value", None) is not None:
            found[target.id] = node.value
    return found


def literals(node, known):
    """All texts that an argument can be."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.IfExp):
        return literals(node.body, known) + literals(node.orelse, known)
    if isinstance(node, ast.Subscript):
        return literals(node.value, known)
    if isinstance(node, ast.Tuple):
        return [text for one in node.elts for text in literals(one, known)]
    if isinstance(node, ast.Dict):
        return [text for one in node.values for text in literals(one, known)]
    if isinstance(node, ast.Name) and node.id in known:
        return literals(known[node.id], {})
    return []


def said_in(path):
    """The sentences that a module says, as far as they stand in it."""
    tree = ast.parse(path.read_text("utf-8"))
    known = constants(tree)
    nodes = list(ast.walk(tree))
    for assigned in (node for node in nodes if isinstance(node, ast.Assign)):
        names = [target.id for target in assigned.targets if isinstance(target, ast.Name)]
        known = {**dict.fromkeys(names, assigned.value), **known}
    for call in (node for node in nodes if isinstance(node, ast.Call)):
        name = getattr(call.func, "id", getattr(call.func, "attr", ""))
        if name in SAYING:
            for argument in call.args[: 3 if name == "counted" else 1]:
                yield from literals(argument, known)


@cache
def all_said():
    return sorted({text for path in PACKAGE.rglob("*.py") for text in said_in(path) if is_words(text)})


def told_in(page):
    """What a page says: all that is told, and titles of columns."""
    texts = set(re.findall(r"tell\('([^']+)'", page))
    for chosen in re.findall(r"tell\(([^()]*\? [^()]*?)[,)]", page):
        texts |= set(re.findall(r"[?:] '([^']+)'", chosen))
    return texts


class Asked(dict):
    """A table of texts that notes what it has no words for."""

    def __init__(self, texts):
        super().__init__(texts)
        self.missing = set()

    def get(self, template, default=None):
        if template not in self and is_words(template):
            self.missing.add(template)
        return super().get(template, default)


@pytest.fixture
def asked():
    """A language like Chinese, of which is known afterwards what it was asked in vain."""
    return Language("zh", Asked(ZH.texts), ZH.pages)


def test_the_scan_finds_sentences_of_all_rooms():
    found = all_said()
    assert len(found) > 150
    assert {"Run", "flat", "All {n} runs are shown.", "opening …", "{metric} best", "Take away {word}"} <= set(found)


def test_every_sentence_in_the_package_has_a_chinese_one():
    assert [text for text in all_said() if text not in ZH.texts] == []


def test_metrics_sliders_states_and_severities_have_chinese_names():
    words = [metric.title for metric in KNOWN.values()] + [severity.name.lower() for severity in Severity]
    words += [text for param in SPACE.values() for text in (param.help, param.unit) if text] + list(RunState)
    assert [text for text in words if text not in ZH.texts] == []


@pytest.mark.parametrize(("name", "module"), [("table", runs_table), ("mattered", mattered_page)])
def test_a_page_is_sent_what_it_says_and_no_more(name, module):
    source = module.page_module()
    assert told_in(source) - ZH.pages[name].keys() == set()
    columns = re.findall(r"id: '\w+', title: '([^']+)'", source)
    assert [title for title in columns if title not in ZH.pages[name]] == []
    unused = {text for text in ZH.pages[name] if f"'{text}'" not in source} - set(RunState)
    assert unused == set()


def test_both_languages_have_the_same_places():
    tables = [ZH.texts, *ZH.pages.values()]
    pairs = [(english, chinese) for table in tables for english, chinese in table.items()]
    assert [english for english, chinese in pairs if places(english) != places(chinese)] == []
    assert [english for english, chinese in pairs if not chinese.strip()] == []


def test_no_table_holds_what_nobody_says():
    source = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    spaced = re.sub(r'"\s*\n\s*"', "", source)  # a sentence over two lines
    words = {*(metric.title for metric in KNOWN.values()), *(severity.name.lower() for severity in Severity)}
    assert [text for text in ZH.texts if text not in words and text not in spaced] == []


def test_both_panels_say_nothing_without_chinese_words(store, asked):
    made = [trained_run(store, number) for number in range(3)]
    lab = anb.Lab("math_agent.yaml")
    view = anb.compare(*made)
    for one, panel in ((lab, Panel(lab, asked)), (view, ComparisonPanel(view, view.monitor, view.overlaid, asked))):
        one.monitor.step()
        shown = one.view if one is lab else one
        shown.select(made[0].key)
        for change in (lambda v: v.group("seed"), lambda v: v.group().y(log=True), lambda v: v.filter(lr=(1, 2))):
            change(shown)
            one.monitor.step()
            one.monitor.step()
        for tab in range(4):
            details(panel.widget).selected_index = tab
            one.monitor.step()
        panel.close()
        one.close()
    assert asked.texts.missing == set()


def test_a_chinese_panel_speaks_chinese(store, monkeypatch):
    trained_run(store, 1)
    monkeypatch.setenv("ASTUNER_LANGUAGE", "zh")
    lab = anb.Lab("math_agent.yaml")
    lab.monitor.start = lambda: None
    widgets = list(all_below(lab.panel.widget))
    lab.monitor.step()
    lab.monitor.step()
    told = " ".join(str(getattr(one, name, "")) for one in widgets for name in ("description", "value", "tooltip"))
    for words in ("运行", "对数 x", "学习率", "筛选", "叠加", "math_agent"):
        assert words in told, words
    (row,) = next(one for one in widgets if hasattr(one, "rows")).whole()["rows"]
    assert any("学" in str(part) or "收敛" in str(part) for part in row)
    titles = [one.layout.title.text for one in all_below(lab.panel.widget) if isinstance(one, anb.LiveFigure)]
    assert titles[0].startswith("<b>奖励</b>")
    assert "成功率" in titles[1]
    lab.close()


def test_two_panels_may_speak_two_languages_and_scripts_stay_english(store):
    run = trained_run(store, 1)
    chinese, english = anb.compare(run, language="zh"), anb.compare(run, language="en")
    for view in (chinese, english):
        view.monitor.start = lambda: None
        view.monitor.step()
    heads = [html_of(view.panel.widget) for view in (chinese, english)]
    assert "以前的运行" in heads[0]
    assert "earlier runs" in heads[1]
    assert list(chinese.table().columns) == list(english.table().columns)
    assert not re.search("[\u4e00-\u9fff]", chinese.findings().to_csv())
    chinese.close()
    english.close()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_hyper_parameters_that_are_called_like_our_columns_stay_as_they_are(store, tmp_path, language):
    for number in (1, 2):
        config = {"severity": number, "state": number, "start": number, "text": f"t{number}", "the last": number}
        anb.init(project="p", name=f"run {number}", config=config, store=store).finish()
    view = anb.compare(*anb.runs())
    page = shown_in(view.to_html(tmp_path / "report.html", language=language).read_text("utf-8"))
    for name in ("severity", "start", "text", "the last", "config.state"):
        assert re.search(rf"\b{name}\b", page), name
    view.close()


def shown_in(page):
    """The text of an HTML page, without its scripts and what stands in tags."""
    return re.sub(r"<(script|style|code)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)


def test_a_report_and_pictures_are_in_the_language_that_is_asked_for(store, tmp_path):
    made = [trained_run(store, number) for number in range(2)]
    view = anb.compare(*made).group("source").smooth("ema")
    page = view.to_html(tmp_path / "report.html", language="zh").read_text("utf-8")
    names = {
        "run",
        "runs",
        "reward",
        "success_rate",
        "loss",
        "kl",
        "lr",
        "seed",
        "ema",
        "url",
        "note",
        "group",
        "source",
    }
    english = set(re.findall("[a-z_]{2,}", re.sub("KL|UTC|astuner_nb|nats/token", "", shown_in(page))))
    assert english - names - {*view.findings()["kind"]} == set()
    for words in ("比较", "曲线说明了什么", "有什么差别", "均值和标准差", "奖励", "reward 最新", "已完成"):
        assert words in shown_in(page), words
    assert '<html lang="zh">' in page
    for picture in (view.to_svg("zh"), view.to_image(tmp_path / "all.svg", language="zh").read_text("utf-8")):
        assert "成功率" in picture
    plain = shown_in(view.to_html(tmp_path / "english.html").read_text("utf-8"))
    assert not re.search("[\u4e00-\u9fff]", view.to_svg() + plain)
    with pytest.raises(anb.BadValue, match="language must be"):
        view.to_html(tmp_path / "no.html", language="fr")
    view.close()


@pytest.mark.parametrize("make", [lambda name: anb.Lab(language=name), lambda name: anb.compare(language=name)])
@pytest.mark.parametrize("name", ["fr", "", "zh-CN", 3])
def test_another_language_is_refused_in_one_sentence(store, make, name):
    with pytest.raises(anb.BadValue, match="language must be 'en' or 'zh', got"):
        make(name)


def test_the_environment_is_checked_too_and_an_argument_goes_before_it(store, monkeypatch):
    monkeypatch.setenv("ASTUNER_LANGUAGE", "klingon")
    with pytest.raises(anb.BadValue, match=r"klingon.*ASTUNER_LANGUAGE"):
        anb.compare()
    anb.compare(language="en").close()
    monkeypatch.setenv("ASTUNER_LANGUAGE", "")
    anb.compare().close()


def trained_run(store, seed):
    """A run of the lab's project that learns: no process, the records alone."""
    run = anb.init(project="math_agent", name=f"run {seed}", config={"lr": 10.0**-seed, "seed": seed}, store=store)
    for step in range(60):
        reward = min(1.0, step / 30) + 0.01 * (step % 3)
        run.log({"reward": reward, "success_rate": min(1.0, reward), "loss": -0.1 * (step % 2), "kl": 0.001}, step=step)
    run.finish()
    return next(one for one in anb.runs() if one.name == f"run {seed}")


def all_below(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from all_below(child)


def html_of(root):
    return " ".join(one.value for one in all_below(root) if isinstance(one, ipw.HTML))


def details(root):
    return next(one for one in all_below(root) if isinstance(one, ipw.Tab))
