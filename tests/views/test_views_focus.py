"""Which run is read aloud."""

from __future__ import annotations

from astuner_nb.views.focus import focused
from astuner_nb.views.options.view_options import ViewOptions
from tests.trackers.places import MadeRun

OLD, MIDDLE, NEW = (MadeRun(name, {}) for name in ("old", "middle", "new"))
SHOWN = [NEW, MIDDLE, OLD]


def found(shown=SHOWN, growing=(), going_on=(), **options):
    """The name of the run in focus."""
    run = focused(shown, ViewOptions(**options), {one.key for one in growing}, lambda run: run in going_on)
    return run and run.name


def test_the_one_that_was_selected_last_among_those_shown():
    assert found(selected=(NEW.key, OLD.key), going_on=[MIDDLE]) == "old"
    assert found(shown=[NEW], selected=(OLD.key,)) == "new"


def test_the_only_one():
    assert found(shown=[OLD]) == "old"


def test_the_newest_that_goes_on_or_did_while_somebody_looked():
    assert found(growing=[OLD, MIDDLE], going_on=[OLD]) == "old"
    assert found(growing=[OLD, MIDDLE]) == "middle"


def test_none_of_many_old_ones():
    assert found() is None
    assert found(shown=[]) is None
