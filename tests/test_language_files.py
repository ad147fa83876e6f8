"""What is taken away in Chinese: a report and pictures say nothing in English but what runs brought along."""

import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import numpy as np
import pytest

import astuner_nb as anb
from astuner_nb.core.language import language_of
from astuner_nb.views.files.legend import MOST_IN_LEGEND
from astuner_nb.views.files.report import figure_of
from astuner_nb.views.files.svg import svg
from astuner_nb.views.pictures.words import in_language
from astuner_nb.views.tables.columns import ON_REQUEST
from astuner_nb.widgets.words import differences

from .views.made_pictures import line, picture

ZH = language_of("zh")
KINDS = "plateau_converged|plateau_low|plateau_capped|rise|collapse|drop|oscillation"
DATA = f"{KINDS}|reward|success_rate|loss|kl|response_length|lr|seed|clean|sweep|runs|kl_loss_coef"
TERMS = "NaN|ema|KL|UTC|astuner_nb|token|nats|tokens"
KNOWN = re.compile(rf"\b(?:{DATA}|{TERMS})\b|\d[\d.e+-]*")


class Texts(HTMLParser):
    """What a person reads in a document: texts, tooltips and labels, but for code."""

    def __init__(self, document):
        super().__init__()
        self.said, self.language, self._inside = [], "", ""
        self.feed(document)

    def handle_starttag(self, tag, attrs):
        self._inside, told = tag, dict(attrs)
        self.language = told.get("lang", self.language)
        self.said += [told[name] for name in ("title", "aria-label") if name in told]

    def handle_endtag(self, tag):
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data):
        if self._inside not in ("script", "style", "code"):
            self.said.append(data)


def english(texts):
    """The texts in which a word is left that is no data."""
    return [text for text in texts if re.search("[A-Za-z]{2,}", KNOWN.sub("", text))]


@pytest.fixture
def view(store):
    """Four runs of which one collapses, seen in every way that is told about."""
    for seed in range(4):
        run = anb.init(project="sweep", name=f"clean {seed}", config={"lr": 10.0**-seed, "seed": seed}, store=store)
        for step in range(60):
            reward = min(1.0, step / 25) * (0.2 if seed == 3 and step > 40 else 1) + 0.01 * (step % 3)
            run.log({"reward": reward, "success_rate": min(1.0, reward), "loss": -0.1 * (step % 2)}, step=step)
        run.finish()
    return anb.compare(anb.runs(f"runs:{store}"))


def test_a_report_in_chinese_has_no_english_but_data(view, tmp_path):
    view.group("lr").smooth("ema").read().y(log=True).baseline(view.runs[0]).columns("project", "loss @ 100")
    document = view.to_html(tmp_path / "zh.html", language="zh").read_text("utf-8")
    page = Texts(document)
    assert page.language == "zh"
    assert english(page.said) == []
    for words in ("比较", "有什么差别", "排序", "曲线说明了什么", "超参数", "已完成", "备注", "reward 最新", "均值"):
        assert words in document, words


def test_columns_on_request_have_chinese_heads(view, tmp_path):
    document = view.columns(*ON_REQUEST).to_html(tmp_path / "zh.html", language="zh").read_text("utf-8")
    assert {"项目", "结束于", "编号"} <= set(Texts(document).said)


def test_the_differences_are_called_so_in_chinese(view):
    assert "aria-label='差别'" in differences(view.diff(), 0, False, ZH)


def test_the_buttons_of_figures_are_chinese(view, tmp_path):
    assert '"Pan": "\\u5e73\\u79fb"' in view.to_html(tmp_path / "zh.html", language="zh").read_text("utf-8")
    assert 'id="buttons">{}<' in view.to_html(tmp_path / "en.html").read_text("utf-8")


def test_the_same_report_in_english_is_what_it_was(view, tmp_path):
    document = view.to_html(tmp_path / "en.html").read_text("utf-8")
    assert '<html lang="en">' in document
    assert "<h1>Comparison</h1>" in document
    assert not re.search("[\u4e00-\u9fff]", document.partition("<script")[0])


def test_a_title_is_a_persons_own(view, tmp_path):
    assert "<h1>My runs</h1>" in view.to_html(tmp_path / "a.html", "My runs", language="zh").read_text("utf-8")


@pytest.mark.parametrize(("language", "usual"), [("en", "Comparison"), ("zh", "比较")])
def test_an_empty_title_is_none_and_the_usual_one_stands_where_none_is_given(view, tmp_path, language, usual):
    given, empty = (
        view.to_html(tmp_path / "a.html", title, language=language).read_text("utf-8") for title in (None, "")
    )
    assert f"<h1>{usual}</h1>" in given
    assert "<h1>" not in empty
    assert f"<title>{usual}</title>" in empty  # of the browser's tab, which is to have one


def test_nothing_to_show_is_said_in_chinese(tmp_path):
    page = Texts(anb.compare([]).to_html(tmp_path / "none.html", language="zh").read_text("utf-8"))
    assert {"没有显示的运行。", "没有不同的超参数。", "没有显示的图。"} <= set(page.said)
    assert english(page.said) == []


def test_pictures_in_chinese(view, tmp_path):
    for document in (view.to_svg(language="zh"), view.to_image(tmp_path / "a.svg", language="zh").read_text("utf-8")):
        texts = [*ET.fromstring(document).itertext(), ET.fromstring(document).get("aria-label")]
        assert "奖励" in texts
        assert english(texts) == []
    assert "奖励" not in view.to_svg()


@pytest.mark.parametrize("way", ["to_html", "to_image", "to_svg"])
@pytest.mark.parametrize("language", ["fr", "", "zh-CN", 3])
def test_another_language_is_refused_before_anything_is_read(view, tmp_path, way, language):
    path = [tmp_path / "a.svg"] if way != "to_svg" else []
    with pytest.raises(anb.BadValue, match="language must be 'en' or 'zh', got"):
        getattr(view, way)(*path, language=language)
    assert not (tmp_path / "a.svg").exists()


def test_columns_of_numbers_keep_their_names(view, tmp_path):
    head = view.to_csv(tmp_path / "a.csv").read_text("utf-8").splitlines()[0]
    assert head == "key,run,group,metric,step,value"
    assert "reward last" in view.table().columns


def test_what_a_picture_says_of_itself_is_chinese_too():
    shown = [
        picture(line([1], [1])),
        picture(line([1, 2], [3, 3])),
        picture(),
        picture(line([1, 2], [np.nan, np.nan])),
        picture(line([1, 2, 3], [-1, 1, 2]), log_y=True),
    ]
    legend = [(f"#{number}", "#112233") for number in range(MOST_IN_LEGEND + 3)]
    texts = list(ET.fromstring(svg(shown, legend, language=ZH)).itertext())
    assert {"目前只有一个点。", "一直是 3。", "没有可显示的曲线。", "没有有限的值。", "……另有 3 个"} <= set(texts)
    assert ET.fromstring(svg([], language=ZH)).get("aria-label") == "没有图"
    assert "一个不大于" not in texts
    assert "1 个不大于 0 的点不在对数轴上。" in texts


def test_a_long_chinese_sentence_is_broken_and_not_cut():
    sentence = "没有运行带有超参数，也没有别的可说的。" * 4
    shown = picture(line([1, 2], [0, 1]), message=sentence)
    lines = [text for text in ET.fromstring(svg([shown, shown, shown])).itertext() if set(text) <= set(sentence)]
    assert "".join(lines) == sentence * 3
    assert len(lines) > 3
    assert not [text for text in lines if text[0] in "，。"]
    below = figure_of(in_language(shown, ZH)).layout.annotations[0].text
    assert below.replace("<br>", "") == sentence
