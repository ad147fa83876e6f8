"""What a diagnosis comes to: findings, phases, one phrase; as text, as a table, as a page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from html import escape
from typing import TYPE_CHECKING

from astuner_nb.core.language import ENGLISH, Language, language_of
from astuner_nb.core.said import said
from astuner_nb.diagnosis.findings import Finding, Phase
from astuner_nb.diagnosis.words import at

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("kind", "start", "end", "severity", "metric", "text", "advice", "evidence")
NOTHING = said("nothing to tell")


@dataclass(frozen=True)
class Report:
    """What the curves of a run say. Two of the same findings are equal."""

    findings: tuple[Finding, ...] = ()
    """The most important first."""
    phases: tuple[Phase, ...] = ()
    """In the order in which the run went through them."""
    troubles: tuple[str, ...] = ()
    """A sentence for each rule that failed."""
    language: Language = field(default=ENGLISH, compare=False, repr=False)
    """That of its texts; names of kinds and metrics are the same in all."""

    @property
    def phrase(self) -> str:
        """The run in a few words, for a table: `converged at 96`."""
        return next((finding.phrase for finding in self.findings if finding.phrase), self.language.of(NOTHING))

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """What goes wrong."""
        return tuple(finding for finding in self.findings if finding.alarm)

    def of(self, kind: str) -> tuple[Finding, ...]:
        """The findings of a kind."""
        return tuple(finding for finding in self.findings if finding.kind == kind)

    def in_language(self, name: str) -> Report:
        """This English report in a language, `zh`, as far as that knows it. Raises `BadValue` for another one."""
        language = language_of(name)
        say = language.of
        found = tuple(
            replace(one, text=say(one.text), advice=say(one.advice), phrase=say(one.phrase)) for one in self.findings
        )
        phases = tuple(replace(phase, text=say(phase.text)) for phase in self.phases)
        return replace(self, findings=found, phases=phases, language=language)

    def to_frame(self) -> pd.DataFrame:
        """A pandas frame, a row a finding; `severity` by its name, `evidence` a dict."""
        import pandas as pd

        rows = [
            (f.kind, f.start, f.end, f.severity.name.lower(), f.metric, f.text, f.advice, dict(f.evidence))
            for f in self.findings
        ]
        return pd.DataFrame(rows, columns=list(COLUMNS))

    def __repr__(self) -> str:
        return f"<Report: {self.phrase}; {len(self.findings)} finding{'' if len(self.findings) == 1 else 's'}>"

    def __str__(self) -> str:
        lines = [self.phrase, *(f"  {_span(phase)}  {phase.kind}: {phase.text}" for phase in self.phases)]
        for finding in self.findings:
            lines.append(f"{finding.severity.name.lower():>7}  {finding.kind}: {finding.text}")
            lines += [f"         → {finding.advice}"] if finding.advice else []
        return "\n".join([*lines, *self.troubles])

    def _repr_html_(self) -> str:
        """A table, every text of it escaped: names of metrics come from others."""
        rows = [
            f"<tr><td>{escape(self.language(f.severity.name.lower()))}</td><td>{escape(f.kind)}</td><td>{escape(_span(f))}</td>"
            f'<td style="text-align:left">{escape(f.text)}{_advice(f)}</td></tr>'
            for f in self.findings
        ]
        phases = " → ".join(f"{escape(self.language(phase.kind))} {escape(_span(phase))}" for phase in self.phases)
        troubles = "".join(f"<p>{escape(trouble)}</p>" for trouble in self.troubles)
        heads = map(self.language, ("what", "steps", "evidence"))
        head = f"<tr><th></th>{''.join(f'<th>{escape(one)}</th>' for one in heads)}</tr>"
        return f"<p><b>{escape(self.phrase)}</b> {phases}</p><table>{head}{''.join(rows)}</table>{troubles}"


def _span(part: Finding | Phase) -> str:
    return at(part.start) if part.start == part.end else f"{at(part.start)}–{at(part.end)}"


def _advice(finding: Finding) -> str:
    return f"<br><i>{escape(finding.advice)}</i>" if finding.advice else ""
