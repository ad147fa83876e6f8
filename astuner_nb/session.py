"""One backbone being tuned: its current values, its runs, and the verbs start, wait and stop.

Everything the panel's mouse can do is a method here, and works in a plain process with no kernel and no display.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress

from astuner_nb.core.errors import BadValue, JobError, StoreError
from astuner_nb.core.loggers import checked_loggers
from astuner_nb.core.protocols import Job, Launcher
from astuner_nb.core.space import Int, Value
from astuner_nb.core.states import RunState
from astuner_nb.following import Turn
from astuner_nb.forwarding.start import start_forwarders
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay, What
from astuner_nb.plan import Plan
from astuner_nb.recorder import request_change
from astuner_nb.store.checkpoints import checkpoint_at
from astuner_nb.store.resumption import Resumption, resumption, values_at
from astuner_nb.store.run import Run
from astuner_nb.store.run_store import RunStore
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views.view import View

LOOK_FOR_RUNS_S = 1.0
"""Seconds between two looks for runs that somebody else has made."""
STEPS = Int(0, 0, 10**12)
"""What a step can be."""
FOLLOWED = 100
"""Ended runs that are followed when a session begins, the newest; earlier ones are in `runs`."""


class Session:
    """Starts runs of one plan, and follows all runs of its project in the store."""

    def __init__(self, plan: Plan, store: RunStore, launcher: Launcher) -> None:
        self.plan, self.store = plan, store
        self.monitor = Monitor(launcher)
        self.overlaid = Overlay(self.monitor)
        """Runs of other sources that are shown beside the project's."""
        self.view = View(self._all_runs)
        """What of all these runs is shown, and how: `lab.view.filter(lr=(1e-5, 1e-3))`."""
        self._launcher = launcher
        self._jobs: dict[str, Job] = {}
        self._values = dict(plan.values)
        self._lock = threading.Lock()
        self._known: set[str] = set()
        self._making = threading.Lock()  # a run that is being made is nobody's find
        self._look_again_at = 0.0
        self._find_runs()
        self.monitor.listen(self._find_new_runs)

    @property
    def values(self) -> dict[str, Value]:
        """What `start()` would run now, settings included."""
        with self._lock:
            return dict(self._values)

    @property
    def runs(self) -> list[Run]:
        """The project's runs, newest first."""
        return self.store.runs(self.plan.project)

    def set(self, **values: object) -> None:
        """Change current values without starting anything.

        Raises:
            BadValue: for an unknown name, a wrong type or a value out of range; nothing is changed then.
        """
        checked = self.plan.space.check(values)
        with self._lock:
            self._values.update(checked)

    def start(
        self,
        *,
        name: str | None = None,
        tags: Sequence[str] = (),
        logger: str | Sequence[str] | None = None,
        resume: Run | str | None = None,
        at_step: int | str | None = None,
        **values: object,
    ) -> Run:
        """Start a run in a process of its own and return at once.

        With `resume` it goes on from a checkpoint of another one, with the values that one had there where no other is
        given: `lab.start(resume=run, at_step=120, lr=1e-4)`. What the other changed later is changed again at the same
        steps, except for the names that are given.

        Args:
            name: what to call it; where left out, what differs from the defaults.
            tags: words to find it by.
            logger: where its metrics go besides its directory; where left out, what the plan says. A tracker that
                fails or cannot be reached never stops the run; `logger_notes(run.directory)` says how it goes.
            resume: a run of this backbone, or its id; it may still be going on.
            at_step: which of its checkpoints: a step, `best`, or `last`, which is meant where it is left out.
            values: hyper-parameters and settings by name; those left out come from the sliders.

        Raises:
            BadValue: for an unknown name or logger, a wrong type or a value out of range; for a run that has no such
                checkpoint, or is of another backbone.
            StoreError: when the run directory cannot be made.
            NotPicklable: when the function cannot be sent to a process of its own.
            JobError: when the backbone cannot run here.
        """
        backbone = self.plan.backbone
        if problems := backbone.problems():
            raise JobError(" ".join(problems))
        given = self.plan.space.check(values)
        begun = self._resumption(resume, at_step, given)
        config = {**self.values, **(begun.values if begun else given)}
        loggers = self.plan.loggers if logger is None else checked_loggers(logger)
        with self._making:
            run = self.store.create(
                project=self.plan.project,
                name=name or self.plan.name_for(config, begun.checkpoint.step if begun else None),
                config=config,
                tags=tags,
                backbone=backbone.name,
                document=self.plan.document_for(config, loggers),
                loggers=loggers,
                parent=begun.origin if begun else None,
            )
            job = self._launched(run, config, begun)
            self._jobs[run.id] = job
            self._known.add(run.id)
        self.monitor.follow(run, job)
        start_forwarders(run.directory, loggers)
        return run

    def change(self, run: Run | str, *, at_step: int | None = None, **values: object) -> None:
        """Give a job that goes on new values: `lab.change(run, lr=3e-5)`. Returns at once, whoever started it.

        The job takes them before its next step; `run.changes()` says from which step on, or why it refused.

        Args:
            run: a run of this backbone, or its id.
            at_step: the first step that is to be made with them; at once where it is left out or has passed.
            values: hyper-parameters that are declared `live`.

        Raises:
            BadValue: for an unknown name, one that is not live, a wrong type or a value out of range.
            JobError: when the run does not go on.
            StoreError: when its directory cannot be written.
        """
        run = self._of_ours(run)
        checked = self._live(values)
        if at_step is not None:
            at_step = STEPS.check("at_step", at_step)
        status = run.status
        if not (status.alive or status.state in (RunState.STARTING, RunState.RUNNING)):
            raise JobError(f"{run.name!r} does not go on, it is {status.state}. Start one from it: start(resume=…).")
        try:
            request_change(run.files, checked, at_step)
        except OSError as error:
            raise StoreError(f"{run.name!r} cannot be asked to change ({error}). Look at the disk.") from error

    def values_of(self, run: Run, at_step: int | str | None = None) -> dict[str, Value]:
        """The values that `run` has now, or had at a step: what a run that is resumed there begins with.

        Names that the plan does not know, and values that it would not take, are left out.

        Args:
            run: of the store.
            at_step: a number of steps made, or `best` or `last` for those of that checkpoint.

        Raises:
            BadValue: where there is no such checkpoint.
        """
        if isinstance(at_step, str):
            at_step = checkpoint_at(repr(run.name), run.checkpoints(), at_step).step
        values: dict[str, Value] = {}
        for name, value in values_at(run, at_step).items():
            with suppress(BadValue):
                values |= self.plan.space.check({name: value})
        return values

    def stop(self, run: Run) -> None:
        """Ask `run` to end; returns at once. Stopping an ended run does nothing."""
        self._job(run).stop()

    def wait(self, run: Run, timeout_s: float | None = None) -> RunState:
        """The state of `run` once it has ended, or after `timeout_s` seconds as it is then."""
        return self._job(run).wait(timeout_s).state

    def overlay(self, *what: What) -> None:
        """Show runs of other sources in the same figures: `lab.overlay("wandb://team/project", runs)`.

        Returns at once; sources are opened in the background, and what goes wrong with one is said in its card.

        Args:
            what: URIs as for `anb.runs`, or runs that it returned.

        Raises:
            BadValue: for what is neither; nothing is added then.
        """
        self.overlaid.add(*what)

    def stored(self, key: str) -> Run:
        """The run of the store that is followed as `key`. Raises `BadValue` for one that a tracker keeps."""
        run = self.monitor.followed[key].run
        if not isinstance(run, Run):
            raise BadValue(f"{run.name!r} is kept by {run.source}: it can be watched here, not stopped.")
        return run

    def close(self) -> None:
        """Let go of everything this session holds. Runs that are still running go on."""
        self.overlaid.close()
        self.monitor.close()
        for job in self._jobs.values():
            job.close()
        self._jobs.clear()

    def _all_runs(self, strict: bool) -> RunSet:
        found = self.overlaid.found(strict=strict)
        return RunSet([*self.runs, *found], skipped=found.skipped)

    def _of_ours(self, wanted: Run | str) -> Run:
        """The run that is meant, which must be of this backbone."""
        run = self.store.find(wanted) if isinstance(wanted, str) else wanted
        if not isinstance(run, Run):
            raise BadValue(f"{run!r} is no run of a store: it can be watched here, no more. Give one of lab.runs.")
        mine = self.plan.backbone.name
        if run.backbone != mine:
            raise BadValue(f"{run.name!r} is a run of {run.backbone!r}, this is {mine!r}. Give one of {mine!r}.")
        return run

    def _resumption(
        self, resume: Run | str | None, at_step: int | str | None, given: dict[str, Value]
    ) -> Resumption | None:
        if resume is not None:
            return resumption(self._of_ours(resume), at_step, self.plan.space, given)
        if at_step is not None:
            raise BadValue(f"at_step = {at_step!r} says where to go on, but not of which run. Give resume=run too.")
        return None

    def _live(self, values: Mapping[str, object]) -> dict[str, Value]:
        """`values`, checked, each of a name that a running job takes."""
        space = self.plan.space
        checked = space.check(values)
        live = [name for name, param in space.items() if param.live]
        if not checked:
            raise BadValue(f"There is nothing to change. Give one of {', '.join(live) or 'what is declared live'}.")
        for name, value in checked.items():
            if name not in live:
                instead = f"start(resume=run, {name}={value!r})"
                raise BadValue(f"{name} is not live: a running job does not take it. Stop and branch: {instead}.")
        return checked

    def _launched(self, run: Run, config: dict[str, Value], begun: Resumption | None) -> Job:
        try:
            if begun:
                begun.hand_over(run.files)
            return self._launcher.start(self.plan.backbone.prepare(run.directory, config), run.directory)
        except BaseException:
            shutil.rmtree(run.directory, ignore_errors=True)  # nothing ran: leave nothing behind
            raise

    def _find_runs(self) -> None:
        """Follow the runs that scripts, terminals and other notebooks have made in the project, oldest first."""
        with self._making:
            found = self.store.runs(self.plan.project, besides=self._known)
            self._known |= {run.id for run in found}
            recent = found[:FOLLOWED] + [run for run in found[FOLLOWED:] if not run.state.ended]
            for run in reversed(recent):
                self.monitor.follow(run)

    def _find_new_runs(self, _: Turn) -> None:
        if time.monotonic() >= self._look_again_at:
            self._look_again_at = time.monotonic() + LOOK_FOR_RUNS_S
            with suppress(StoreError):  # whoever asks for `runs` is told; looking now and then has nobody to tell
                self._find_runs()

    def _job(self, run: Run) -> Job:
        if run.id not in self._jobs:
            self._jobs[run.id] = self._launcher.attach(run.directory)
        return self._jobs[run.id]
