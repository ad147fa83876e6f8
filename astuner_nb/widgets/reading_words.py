"""A report as HTML for the panel: the phrase, the phases, the findings. All texts are escaped here."""

from __future__ import annotations

from html import escape

from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.diagnosis.findings import Finding, Severity
from astuner_nb.diagnosis.report import Report
from astuner_nb.widgets.words import quiet

SIGNS = {Severity.NOTE: "●", Severity.WARNING: "▲", Severity.ALARM: "▼"}
"""What stands before a finding, besides its colour."""
MOST = 12
"""Findings in the card; `anb.diagnose(run)` has all."""


def phrase(label: str, report: Report, language: Language = ENGLISH) -> str:
    """Whose curves are read, and what they say in a few words."""
    gravest = max((finding.severity for finding in report.findings), default=Severity.NOTE)
    said = f"<b class='astuner-grave-{gravest.name.lower()}'>{SIGNS[gravest]} {escape(language.of(report.phrase))}</b>"
    return f"<div role='status'><span class='astuner-quiet' title='{escape(label)}'>{escape(label)}</span> {said}</div>"


def invitation(language: Language = ENGLISH) -> str:
    """What stands there while no run is in focus."""
    return quiet(language("Click a run in the table: what its curves say stands here."))


def findings(report: Report, language: Language = ENGLISH) -> str:
    """Phases in one line, then each finding with its numbers and what to try."""
    phases = " → ".join(f"{language(phase.kind)} {phase.start:,.0f}–{phase.end:,.0f}" for phase in report.phases)
    first = f"<p class='astuner-quiet'>{escape(phases)}</p>" if phases else ""
    items = "".join(_finding(finding, language) for finding in report.findings[:MOST])
    return f"{first}<ul>{items}</ul>" if items else first


def _finding(finding: Finding, language: Language) -> str:
    name = finding.severity.name.lower()
    advice = f" <i>{escape(language.of(finding.advice))}</i>" if finding.advice else ""
    sign = f"<span class='astuner-grave-{name}' title='{escape(language(name))}'>{SIGNS[finding.severity]}</span>"
    return f"<li>{sign} {escape(language.of(finding.text))}{advice}</li>"
