"""`Lab`: a session that shows itself as a panel where there is something to show it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from astuner_nb.backbones.function import FunctionBackbone
from astuner_nb.core.errors import BadValue
from astuner_nb.core.language import language_of
from astuner_nb.core.loggers import checked_loggers
from astuner_nb.core.protocols import Backbone, Launcher
from astuner_nb.core.space import Space
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.plan import Plan, plan_for_backbone, plan_for_file
from astuner_nb.session import Session
from astuner_nb.store.run_store import RunStore

if TYPE_CHECKING:
    from astuner_nb.widgets.panel import Panel

EXAMPLE = "math_agent.yaml"
Source = str | Path | Mapping[str, object] | Backbone | Plan | Callable[..., Any] | None


class Lab(Session):
    """Tunes one thing: sliders and a Run button in a notebook, methods anywhere.

    As the last line of a cell it shows the panel and returns at once. Without a display nothing of a widget is loaded.
    """

    def __init__(
        self,
        source: Source = None,
        *,
        backbone: str | None = None,
        runs: str | Path | None = None,
        launcher: Launcher | None = None,
        logger: str | Sequence[str] | None = None,
        language: str | None = None,
    ) -> None:
        """Open a lab and follow what its project has in the store, runs that are still going on included.

        Args:
            source: a YAML file (path or bundled name), its content as a mapping, a training function, an
                `Experiment`, a backbone, a plan, or nothing for the built-in math agent.
            backbone: what runs a YAML file, where it should not be what the file says.
            runs: where runs are kept; where left out `ASTUNER_RUNS`, else `./runs`.
            launcher: how jobs run; processes of this machine where left out.
            logger: where metrics go besides the run directory: `swanlab`, `wandb`, `tensorboard`, `console`, or a list
                of them; where left out, what the file says.
            language: of the panel, `en` or `zh`; where left out `ASTUNER_LANGUAGE`, else English.

        Raises:
            BadConfig: when the file cannot be used.
            BadValue: for an unknown backbone, logger or language, or a source that is none of the above.
        """
        self._language = language_of(language)
        plan = _plan(source, backbone)
        if logger is not None:
            plan = replace(plan, loggers=checked_loggers(logger))
        super().__init__(plan, RunStore(runs), launcher or LocalLauncher())
        self._panel: Panel | None = None

    @property
    def panel(self) -> Panel:
        """The panel, made when it is first asked for; from then on a thread follows the runs."""
        if self._panel is None:
            from astuner_nb.widgets.panel import Panel

            self._panel = Panel(self, self._language)
            self.monitor.start()
        return self._panel

    def close(self) -> None:
        """Close the panel and let go of everything. Runs that are still running go on."""
        super().close()
        if self._panel is not None:
            self._panel.close()
            self._panel = None

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self.panel.still.show()
        return self.panel.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        plan = self.plan
        return f"<Lab {plan.project!r} on {plan.backbone.name!r}: {len(self.runs)} runs in {self.store.root}>"


def _plan(source: Source, backbone: str | None) -> Plan:
    if source is None:
        source = EXAMPLE
    if isinstance(source, Plan):
        return source
    if isinstance(source, str | Path | Mapping):
        return plan_for_file(source, backbone)
    if isinstance(declared := getattr(source, "backbone", None), FunctionBackbone):
        return plan_for_backbone(declared, loggers=())  # an Experiment: what it prints is its own matter
    if isinstance(source, Backbone):
        return plan_for_backbone(source)
    if callable(source):
        return plan_for_backbone(FunctionBackbone(source, Space()), loggers=())
    raise BadValue(f"A lab cannot be made of {source!r}. Give a YAML file, a training function or a backbone.")
