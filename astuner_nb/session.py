"""One backbone being tuned: its current values, its runs, and the verbs start, wait and stop.

Everything the panel's mouse can do is a method here, and works in a plain process with no kernel and no display.
"""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Sequence
from contextlib import suppress

from astuner_nb.core.errors import BadValue, JobError, StoreError
from astuner_nb.core.loggers import checked_loggers
from astuner_nb.core.protocols import Job, Launcher
from astuner_nb.core.space import Value
from astuner_nb.core.states import RunState
from astuner_nb.following import Turn
from astuner_nb.forwarding.start import start_forwarders
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay, What
from astuner_nb.plan import Plan
from astuner_nb.store.run import Run
from astuner_nb.store.run_store import RunStore
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views.view import View

LOOK_FOR_RUNS_S = 1.0
"""Seconds between two looks for runs that somebody else has made."""
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
        **values: object,
    ) -> Run:
        """Start a run in a process of its own and return at once.

        Args:
            name: what to call it; where left out, what differs from the defaults.
            tags: words to find it by.
            logger: where its metrics go besides its directory; where left out, what the plan says. A tracker that
                fails or cannot be reached never stops the run; `logger_notes(run.directory)` says how it goes.
            values: hyper-parameters and settings by name; those left out come from the sliders.

        Raises:
            BadValue: for an unknown name or logger, a wrong type or a value out of range.
            StoreError: when the run directory cannot be made.
            NotPicklable: when the function cannot be sent to a process of its own.
            JobError: when the backbone cannot run here.
        """
        backbone = self.plan.backbone
        if problems := backbone.problems():
            raise JobError(" ".join(problems))
        config = {**self.values, **self.plan.space.check(values)}
        loggers = self.plan.loggers if logger is None else checked_loggers(logger)
        with self._making:
            run = self.store.create(
                project=self.plan.project,
                name=name or self.plan.name_for(config),
                config=config,
                tags=tags,
                backbone=backbone.name,
                document=self.plan.document_for(config, loggers),
                loggers=loggers,
            )
            job = self._launched(run, config)
            self._jobs[run.id] = job
            self._known.add(run.id)
        self.monitor.follow(run, job)
        start_forwarders(run.directory, loggers)
        return run

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

    def _launched(self, run: Run, config: dict[str, Value]) -> Job:
        try:
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
