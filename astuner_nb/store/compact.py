"""When it is worth keeping a run's log as columns, so that opening it again costs a column read."""

from __future__ import annotations

from astuner_nb.store.cache import save
from astuner_nb.store.tail import MetricsTail

WORTH_BYTES = 64 << 10
"""A shorter log is parsed faster than a cache is opened."""
LIVE_BYTES = 40 << 20
"""How much a live run's log grows between two caches: about 200,000 records of ten metrics."""


def compact_if_worth(tail: MetricsTail, *, ended: bool) -> bool:
    """Whether a cache of what `tail` has read was written just now; two comparisons where it is not worth it.

    Writing takes about 0.1 s for a million values. Any number of processes may do so at once.
    """
    uncached = tail.offset - tail.cached_bytes
    due = uncached >= (WORTH_BYTES if ended and tail.caught_up else LIVE_BYTES)
    if not due:
        return False
    tail.cached_bytes = tail.offset  # also where it fails: a full disk is not tried ten times a second
    return save(tail.path.with_suffix(".npz"), tail.snapshot())
