"""The panel's words: state, notices and log as HTML. Whatever a run brings along is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import TYPE_CHECKING

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.core.protocols import Run
from astuner_nb.core.said import Said
from astuner_nb.trackers.html import linked
from astuner_nb.views.pictures.groups import short

if TYPE_CHECKING:
    import pandas as pd

MOST_REMARKS = 4
LOG_LINES = 40
"""How many of the last lines of output.log are shown."""


def headline(project: str, backbone: str, live: Iterable[str]) -> str:
    """The line above the panel: what is tuned, and what goes on."""
    states = "".join(f"<span class='astuner-live'>{words}</span>" for words in live)
    return f"<span class='astuner-title'>{escape(project)} <small>· {escape(backbone)}</small></span>{states}"


def live(state: str, *words: str, shown: str = "") -> str:
    """A state with its dot, and what else there is to say of it; `shown` is what the state is called."""
    more = " &nbsp; ".join(escape(word) for word in words if word)
    return f"<span class='astuner-state astuner-{escape(state)}'>{escape(shown or state)}</span> &nbsp; {more}"


def problem(text: str) -> str:
    """A sentence about what could not be done."""
    return f"<p class='astuner-message' role='alert'>{escape(text)}</p>" if text else ""


def notices(texts: Iterable[str]) -> str:
    """Sentences a person should see once."""
    return "".join(f"<p class='astuner-notice'>{escape(text)}</p>" for text in texts)


def log(name: str, text: str, language: Language = ENGLISH) -> str:
    """The last lines of a run's output, opened."""
    lines = "\n".join(text.splitlines()[-LOG_LINES:]) or language("It has printed nothing.")
    return _opened(escape(language("log of {run}", run=name)), f"<pre>{escape(lines)}</pre>")


def description(name: str, run: Run, names: Mapping[str, str], trouble: str, language: Language = ENGLISH) -> str:
    """What there is to say of a run that a tracker keeps: where it is, its settings, which key is which metric."""
    where = f"{run.source} · {run.project}"
    link = linked(language("its page"), run.url) if run.url else ""
    metrics = ", ".join(f"{name} ← {key}" if key != name else name for name, key in names.items())
    config = ", ".join(f"{key} = {value}" for key, value in run.config.items())
    lines = [
        escape(where),
        link,
        escape(language("metrics: {metrics}", metrics=metrics)) if metrics else "",
        escape(config),
        problem(trouble),
    ]
    return _opened(escape(name), f"<div>{''.join(f'<p>{line}</p>' for line in lines if line)}</div>")


def source(uri: str, state: str, words: str) -> str:
    """A source's card: its state as a dot, what was asked for, and how it stands."""
    role = " role='alert'" if state == "failed" else ""
    name = f"<code>{escape(uri)}</code>"
    return (
        f"<span class='astuner-state astuner-source-{escape(state)}'>{name}</span> <span{role}>{escape(words)}</span>"
    )


def logger(mark: str, name: str, text: str, url: str, language: Language = ENGLISH) -> str:
    """Where a run is logged to besides its directory."""
    link = f" {linked(language('open its dashboard'), url)}" if url else ""
    return f"<p class='astuner-notice'><b>{escape(mark)}</b> {escape(name)}: {escape(text)}{link}</p>"


def quiet(text: str) -> str:
    """Words that stand back."""
    return f"<span class='astuner-quiet'>{escape(text)}</span>"


def remarks(by_metric: Mapping[str, str], language: Language = ENGLISH) -> str:
    """What is not drawn in which figure, and what backgrounds stand for; what is said of several figures once."""
    metrics: dict[str, list[str]] = {}
    for metric, remark in by_metric.items():
        if remark:
            metrics.setdefault(remark.having(metric="\0") if isinstance(remark, Said) else remark, []).append(metric)
    lines = []
    for remark, of in metrics.items():
        where = "" if "\0" in remark or len(of) == len(by_metric) else f"{', '.join(of)}: "
        text = remark.having(metric=", ".join(of)) if isinstance(remark, Said) else remark
        lines.append(where + language.of(text))
    return "".join(f"<p>{escape(line)}</p>" for line in lines[:MOST_REMARKS])


def differences(frame: pd.DataFrame, more: int, has_baseline: bool, language: Language = ENGLISH) -> str:
    """Hyper-parameters that differ, a row each; `more` runs are not among the columns."""
    if frame.empty:
        return quiet(language("Nothing differs among the runs that are shown."))
    head = "".join(f"<th scope='col'>{escape(str(name))}</th>" for name in frame.columns)
    body = "".join(
        _difference(str(name), list(row), has_baseline)
        for name, row in zip(frame.index, frame.values.tolist(), strict=True)
    )
    rest = quiet(language("{n} more runs: view.diff() has all.", n=f"{more:,}")) if more > 0 else ""
    first = language("The first column is the baseline; what is another value stands out.")
    mark = quiet(first) if has_baseline else ""
    return (
        f"<div class='astuner-diff' role='group' tabindex='0' aria-label='{escape(language('differences'))}'>"
        f"<table><thead><tr><th scope='col'></th>{head}</tr></thead>"
        f"<tbody>{body}</tbody></table></div>{mark} {rest}"
    )


def _difference(name: str, values: list[object], has_baseline: bool) -> str:
    texts = [short(value) if not isinstance(value, str) else value for value in values]  # type: ignore[arg-type]
    cells = "".join(
        f"<td{' class=astuner-other' if has_baseline and text != texts[0] else ''}>{escape(text)}</td>"
        for text in texts
    )
    return f"<tr><th scope='row'>{escape(name)}</th>{cells}</tr>"


def _opened(summary: str, paper: str) -> str:
    named = f"role='group' tabindex='0' aria-label='{summary}'"  # it scrolls, also by keyboard
    return f"<details open><summary>{summary}</summary><div class='astuner-paper' {named}>{paper}</div></details>"
