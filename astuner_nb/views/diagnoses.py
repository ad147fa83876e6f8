"""What the curves of a view's runs say: a report for each, made a few at a time, and kept while nothing grew."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence

from astuner_nb.analysis.differences import Config
from astuner_nb.diagnosis.diagnose import diagnose
from astuner_nb.diagnosis.report import Report
from astuner_nb.following import Followed

TURN_S = 0.02
"""About how long reports are made in one turn; the others wait for the next."""
EVERY_S = 0.5
"""How often a run that goes on is read at most."""
SILENCE_EVERY_S = 5.0
"""How often one that goes on is read although nothing came: to notice that."""


class Diagnoses:
    """The reports on runs that a monitor follows.

    While a run goes on, its report is made from the one before it, so that nothing flickers.
    """

    def __init__(self) -> None:
        self._reports: dict[str, Report] = {}
        self._stale: dict[str, None] = {}
        self._read_at: dict[str, float] = {}
        self.waits = False
        """Whether there are runs that could be read now, and were not for want of time."""

    def of(self, key: str) -> Report | None:
        """What the curves of the run `key` say; None until they were read."""
        return self._reports.get(key)

    def expect(self, keys: Iterable[str], *, anew: bool = False) -> None:
        """Have the runs `keys` read again; as if for the first time where what was known of them no longer holds."""
        for key in keys:
            self._stale[key] = None
            if anew:
                self._reports.pop(key, None)

    def work(
        self, followed: Mapping[str, Followed], configs: Mapping[str, Config], first: Sequence[str] = ()
    ) -> set[str]:
        """Read what is due, those in `first` before all others, as far as the time of a turn reaches.

        Returns the keys of the runs of which something else is known now.
        """
        changed: set[str] = set()
        deadline = time.monotonic() + TURN_S
        due = self._due(followed, first)
        read = 0
        for key in due:
            if self._read(key, followed[key], configs.get(key, {})):
                changed.add(key)
            read += 1
            if time.monotonic() >= deadline:
                break
        self.waits = read < len(due)
        return changed

    def _due(self, followed: Mapping[str, Followed], first: Sequence[str]) -> list[str]:
        now, order = time.monotonic(), {key: place for place, key in enumerate(first)}
        due = [key for key, one in followed.items() if one.tail.caught_up and self._is_due(key, one, now)]
        return sorted(due, key=lambda key: order.get(key, len(order)))

    def _is_due(self, key: str, one: Followed, now: float) -> bool:
        read_at = self._read_at.get(key)
        if read_at is None:
            return True
        if one.status.state.ended:
            return key in self._stale
        return now - read_at >= (EVERY_S if key in self._stale else SILENCE_EVERY_S)

    def _read(self, key: str, one: Followed, config: Config) -> bool:
        """Make the report of one run anew. Returns whether it is another than before."""
        self._stale.pop(key, None)
        before, state = self._reports.get(key), one.status.state
        held = None if state.ended else before  # what is said in the end is what `anb.diagnose` says
        report = diagnose(one.history, state=state, now=time.time(), config=config, before=held)
        self._reports[key], self._read_at[key] = report, time.monotonic()
        return report != before
