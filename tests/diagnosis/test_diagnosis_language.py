"""What is read off curves, in Chinese: every kind of finding, with the same numbers."""

import re

import pytest

import astuner_nb as anb
from astuner_nb.core.language import language_of
from astuner_nb.core.said import Said
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.rule import Rule
from astuner_nb.diagnosis.rules import ORDER, RULES

from .curves import half
from .scores import trained

ZH = language_of("zh")
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e[+-]?\d+)?")
WORD = re.compile(r"(?<!\d)[A-Za-z][A-Za-z_]*")
KEPT = {"KL", "NaN", "lr", "kl_loss_coef", "max_response_length", "clip_ratio", "keep_best", "rollout", "nats", "token"}
KEPT |= {"success_rate", "reward", "aliases", "with_metrics", "KEY"}
"""What stays as it is: names, units, code."""


def reports():
    runs = half("tuning")[::7]  # some of each family
    yield from (anb.diagnose(run.history, config=run.config) for run in runs)
    yield from (run.report() for run in trained("tuning")[::3])
    yield anb.diagnose(History({}))
    for run in runs[:3]:
        last = max(float(series.time[-1]) for series in run.history.values())
        yield anb.diagnose(run.history, state=RunState.RUNNING, now=last + 1e5)


@pytest.fixture(scope="module")
def found():
    return [finding for report in reports() for finding in report.findings]


def test_every_kind_is_among_them(found):
    assert {finding.kind for finding in found} == set(ORDER)


def test_every_text_phrase_and_advice_is_said_in_chinese_with_the_same_numbers(found):
    for finding in found:
        for english in filter(None, (finding.text, finding.advice, finding.phrase)):
            chinese = ZH.of(english)
            assert isinstance(english, Said), english
            assert set(WORD.findall(chinese)) <= KEPT | {finding.metric}, (english, chinese)
            assert sorted(NUMBER.findall(chinese)) == sorted(NUMBER.findall(english)), (english, chinese)


def test_a_report_in_chinese_has_the_same_kinds_and_numbers():
    run = trained("tuning")[0]
    english = run.report()
    chinese = english.in_language("zh")
    assert [one.kind for one in chinese.findings] == [one.kind for one in english.findings]
    assert [one.evidence for one in chinese.findings] == [one.evidence for one in english.findings]
    assert re.search("[\u4e00-\u9fff]", chinese.phrase)
    assert not re.search("[\u4e00-\u9fff]", str(english))
    assert "证据" in chinese._repr_html_()


def test_diagnose_takes_a_language_and_refuses_others():
    assert anb.diagnose(History({}), language="zh").phrase == "没有可读的奖励"
    assert anb.diagnose(History({}), rules=(), language="zh").phrase == "没有可说的"
    with pytest.raises(anb.BadValue, match="language must be 'en' or 'zh'"):
        anb.diagnose(History({}), language="fr")


def test_a_rule_of_somebody_else_stays_as_it_was_written():
    def find(_):
        yield Finding("own", 0, 1, Severity.ALARM, "flat", advice="Run {n} </b>", phrase="Run")

    report = anb.diagnose(History({}), rules=(*RULES, Rule("own", ("own",), (), find)), language="zh")
    assert (report.findings[0].text, report.findings[0].advice, report.phrase) == ("flat", "Run {n} </b>", "Run")
