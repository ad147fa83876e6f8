"""What a diagnosis consists of: findings, each with its span, its numbers in a sentence and what to try; phases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


class Severity(IntEnum):
    """How much a finding asks of whoever reads it."""

    NOTE = 0
    """Good to know: a phase, a rise, a plateau at a high level."""
    WARNING = 1
    """Worth a look: progress is lost, slowed or at risk."""
    ALARM = 2
    """The run goes wrong, or has gone wrong: stop it, or go back to a checkpoint."""


@dataclass(frozen=True)
class Finding:
    """One thing that was read off a run."""

    kind: str
    """What it is: `drop`, `collapse`, `plateau_low`, `kl_runaway`, …: see `astuner_nb.diagnosis.rules.RULES`."""
    start: float
    """The step at which it begins."""
    end: float
    """The step at which it ends; the last one where it goes on."""
    severity: Severity
    text: str
    """The numbers behind it, a sentence: `success rate fell 0.31 within 6 steps at 41, 4.2 × the noise`."""
    evidence: Mapping[str, float] = field(default_factory=dict)
    """The same numbers by name."""
    advice: str = ""
    """What to try; empty where there is nothing to do."""
    metric: str = ""
    """The canonical metric on whose figure it is drawn; empty where it is of the run as a whole."""
    phrase: str = ""
    """Itself in a few words, for a table: `collapsed at 12`."""

    @property
    def alarm(self) -> bool:
        """Whether something goes wrong."""
        return self.severity is Severity.ALARM


@dataclass(frozen=True)
class Phase:
    """One part of a training, as the training-visualisation page teaches them."""

    kind: str
    """`initial`, `learning` or `convergence`."""
    start: float
    """Its first step."""
    end: float
    """Its last step."""
    text: str
    """Its evidence, a sentence."""
    metric: str = ""
    """The canonical metric it was read off."""


PLATEAUS = frozenset({"plateau_converged", "plateau_low", "plateau_capped", "saturated"})
"""The kinds whose evidence has a `level`."""
