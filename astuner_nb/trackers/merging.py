"""Two tracker runs of one training put together: Trinity-RFT opens `NAME_explorer` and `NAME_trainer`.

Each has a step counter of its own; rewards stand in the first, losses in the second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from astuner_nb.core.aliases import aliases
from astuner_nb.core.protocols import Chunk, JobStatus, Run, Tail
from astuner_nb.core.series import History
from astuner_nb.core.states import RunState
from astuner_nb.trackers.patience import Patience
from astuner_nb.trackers.run import TrackedRun

ROLES = ("trainer", "explorer")
"""The parts; where both log a key, it is the first one's, and the other's gets `explorer/` before it."""


def merged(runs: Iterable[Run]) -> list[Run]:
    """`runs` with each such pair of one source, place and group as one run, at the place of its first part."""
    pairs: dict[tuple[str, ...], dict[str, Run]] = {}
    order: list[tuple[str, ...]] = []
    for run in runs:
        name, _, role = run.name.rpartition("_")
        known = bool(name) and role in ROLES
        family = (run.source, run.project, run.group, name) if known else (run.key,)
        parts = pairs.setdefault(family, {})
        if not parts:
            order.append(family)
        elif role in parts:  # a second training of the same name: no pair can be told
            family = (*family, run.key)
            order.append(family)
            parts = pairs.setdefault(family, {})
        parts[role if known else ""] = run
    return [_one(pairs[family]) for family in order]


def _one(parts: Mapping[str, Run]) -> Run:
    if set(parts) != set(ROLES):
        return next(iter(parts.values()))
    trainer, explorer = (parts[role] for role in ROLES)
    starts = [run.created for run in (trainer, explorer) if run.created]
    ends = [run.finished for run in (trainer, explorer) if run.finished]
    return MergedRun(
        parts=(trainer, explorer),
        source=trainer.source,
        place=trainer.key.partition(":")[2].rpartition("#")[0],
        id=f"{trainer.id}+{explorer.id}",
        name=trainer.name.removesuffix("_trainer"),
        project=trainer.project,
        state=_state(trainer.state, explorer.state),
        config={**explorer.config, **trainer.config},
        tags=tuple(dict.fromkeys((*trainer.tags, *explorer.tags))),
        group=trainer.group,
        created=min(starts, default=None),
        finished=max(ends, default=None) if len(ends) == len(parts) else None,
        url=trainer.url,
        aliases=getattr(trainer, "aliases", aliases()),
    )


def _state(trainer: RunState, explorer: RunState) -> RunState:
    """The worse of both, as long as one goes on that it goes on."""
    order = (RunState.RUNNING, RunState.STARTING, RunState.FAILED, RunState.LOST, RunState.STOPPED, RunState.FINISHED)
    return min((trainer, explorer), key=order.index)


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class MergedRun(TrackedRun):
    """A training whose parts a tracker keeps as two runs."""

    parts: tuple[Run, Run]
    """Trainer and explorer."""

    def read(self, metrics: Sequence[str] | None, limit: float | None, patience: Patience) -> History:
        """The curves of both, each over its own steps."""
        read = [
            part.read(None, limit, patience) if isinstance(part, TrackedRun) else part.history() for part in self.parts
        ]
        return self.aliases.pick(_together(read), metrics)

    def tail(self, metrics: Sequence[str] | None = None) -> Tail:
        """What follows both."""
        return MergedTail([part.tail(metrics) for part in self.parts])


class MergedTail:
    """Two tails as one."""

    def __init__(self, tails: Sequence[Tail]) -> None:
        self._tails = tails

    @property
    def history(self) -> History:
        """All that was read of both."""
        return _together([tail.history for tail in self._tails])

    @property
    def generation(self) -> int:
        """Rises with either."""
        return sum(tail.generation for tail in self._tails)

    @property
    def caught_up(self) -> bool:
        """Whether both have."""
        return all(tail.caught_up for tail in self._tails)

    def poll(self, budget_s: float = 0.5) -> dict[str, Chunk]:
        """The new points of both; where one of them began anew, all points of both."""
        generation = self.generation
        first, second = (tail.poll(budget_s / 2) for tail in self._tails)
        if self.generation != generation:
            return {name: Chunk(0, one.step, one.value, one.time) for name, one in self.history.items()}
        taken = self._tails[0].history
        return {**{_apart(name, taken): chunk for name, chunk in second.items()}, **first}

    def status(self) -> JobStatus:
        """Whichever of the two matters more."""
        both = [tail.status() for tail in self._tails]
        state = _state(both[0].state, both[1].state)
        return next(status for status in both if status.state is state)


def _together(histories: Sequence[History]) -> History:
    first, second = histories
    apart = {_apart(name, first): series for name, series in second.items()}
    return History({**first, **apart}, first.sampled or second.sampled)


def _apart(name: str, taken: Mapping[str, object]) -> str:
    return f"{ROLES[1]}/{name}" if name in taken else name
