"""How the points of a piece of a log come into the columns of its run."""

from __future__ import annotations

import numpy as np

from astuner_nb.core.series import Floats
from astuner_nb.store.columns import Column

MAX_METRICS = 100_000
"""More metrics than any tracker takes: those beyond are left out, so that no damaged log can fill the memory."""


def add(columns: dict[str, Column], name: str, step: Floats, value: Floats, time: Floats) -> None:
    """Append points to the column `name`, made where there is none; each array is (n,) float64."""
    if (column := columns.get(name)) is not None:
        column.extend(step, value, time)
    elif len(columns) < MAX_METRICS:
        columns[name] = Column(step, value, time)


class FirstWins:
    """Which of some points have a step that was not there before: of those logged at one step the first stands."""

    def __init__(self) -> None:
        self._highest = -np.inf
        self._pieces: list[Floats] = []
        self._seen: set[float] | None = None
        """All steps; only where they did not simply rise, which is rare and would cost memory."""

    def pick(self, step: Floats) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
        """(n,) bool, whether each of these (n,) steps is new; None for all."""
        if self._seen is None and step[0] > self._highest and bool((step[1:] > step[:-1]).all()):
            self._highest = float(step[-1])
            self._pieces.append(step)
            return None
        if self._seen is None:
            self._seen = {float(each) for piece in self._pieces for each in piece}
            self._pieces = []
        seen, before = self._seen, len(self._seen)
        new = [not (each in seen or seen.add(each)) for each in step.tolist()]  # type: ignore[func-returns-value]
        return None if len(seen) == before + len(step) else np.array(new)
