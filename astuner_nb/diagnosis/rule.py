"""A rule: a name, what it may find, what it needs, and a function from a case to findings.

Ten lines make one::

    def slow(case: Case) -> Iterator[Finding]:
        curve = case.curves["step_time"]
        if curve.value[-1] > 2 * np.median(curve.value):
            yield Finding("slow", curve.start, curve.end, Severity.NOTE, "The last step took twice the usual time.")

    diagnose(run, rules=(*RULES, Rule("slow steps", ("slow",), ("step_time",), slow)))

A package that announces a `Rule`, or a row of them, as an entry point `astuner_nb.rules` has it applied to every run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import entry_points

from astuner_nb.diagnosis.case import Case
from astuner_nb.diagnosis.findings import Finding

GROUP = "astuner_nb.rules"
"""Entry points of other packages."""
MAIN = "main"
"""Among what a rule needs: a main metric with enough records."""


@dataclass(frozen=True)
class Rule:
    """One way to read a run."""

    name: str
    """How a person calls it; said where it fails."""
    kinds: tuple[str, ...]
    """The kinds of its findings."""
    needs: tuple[str, ...]
    """Metrics without which it is not asked, by canonical name; `MAIN` for the main one."""
    find: Callable[[Case], Iterable[Finding]]
    """What it finds. May raise: the others go on."""

    def applies(self, case: Case) -> bool:
        """Whether all that it needs is there."""
        return all(case.readable is not None if name == MAIN else case.curve(name) is not None for name in self.needs)


def apply(rules: Iterable[Rule], case: Case) -> tuple[list[Finding], list[str]]:
    """What `rules` find in `case`, and a sentence for each that failed."""
    found: list[Finding] = []
    troubles: list[str] = []
    for rule in rules:
        try:
            answer = list(rule.find(case)) if rule.applies(case) else []
            wrong = [each for each in answer if not isinstance(each, Finding)]
            if wrong:
                raise TypeError(f"it found {wrong[0]!r:.80}, which is no Finding")
            found += answer
        except Exception as error:  # whatever it is, the other rules have their say
            name = getattr(rule, "name", rule)
            troubles.append(f"The rule {name!r:.80} failed with {type(error).__name__}: {error!s:.200}. Mend it.")
    return found, troubles


@cache
def announced() -> tuple[tuple[Rule, ...], tuple[str, ...]]:
    """The rules of other packages, and a sentence for each entry point that cannot be loaded."""
    rules: list[Rule] = []
    troubles: list[str] = []
    for point in entry_points(group=GROUP):
        try:
            rules += _rules(point.load())
        except Exception as error:
            troubles.append(f"The rules {point.name!r} could not be loaded: {error!r:.200}. Reinstall their package.")
    return tuple(rules), tuple(troubles)


def _rules(loaded: object) -> Iterator[Rule]:
    for rule in (loaded,) if isinstance(loaded, Rule) else tuple(loaded):  # type: ignore[arg-type]
        if not isinstance(rule, Rule):
            raise TypeError(f"{rule!r:.80} is no Rule")
        yield rule
