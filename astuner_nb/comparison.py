"""`anb.compare(runs)`: runs of any sources side by side, whatever wrote them; a panel where there is a display."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astuner_nb.core.aliases import Aliases
from astuner_nb.core.errors import BadValue
from astuner_nb.core.language import language_of
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay, What
from astuner_nb.session import Session
from astuner_nb.trackers.opening import table_of
from astuner_nb.trackers.run_set import RunSet
from astuner_nb.views.options import values
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.view import View

if TYPE_CHECKING:
    from astuner_nb.widgets.comparison_panel import ComparisonPanel


class Comparison(View):
    """Runs side by side. A `View`, and as the last line of a cell a panel that follows those runs that go on.

    Everything the panel's mouse can do is a method, and works in a plain process with no kernel and no display.
    """

    def __init__(
        self,
        options: ViewOptions | None = None,
        names: Aliases | None = None,
        live: Session | None = None,
        language: str | None = None,
    ) -> None:
        """See `compare`."""
        self._language = language_of(language)
        super().__init__(self._all_runs, options, names)
        self._live = live
        self.monitor = Monitor(LocalLauncher()) if live is None else live.monitor
        self.overlaid = Overlay(self.monitor, names, self.options.metrics or None)
        self._panel: ComparisonPanel | None = None

    def overlay(self, *what: What) -> Comparison:
        """Add more: URIs, or runs that `anb.runs` returned. Raises `BadValue` for what is neither."""
        self.overlaid.add(*what)
        return self

    @property
    def panel(self) -> ComparisonPanel:
        """The panel, made when it is first asked for; from then on a thread follows the runs."""
        if self._panel is None:
            from astuner_nb.widgets.comparison_panel import ComparisonPanel

            self._panel = ComparisonPanel(self, self.monitor, self.overlaid, self._language)
            self.monitor.start()
        return self._panel

    def close(self) -> None:
        """Close the panel and let go of everything; a lab that was given goes on."""
        self.overlaid.close()
        if self._panel is not None:
            self._panel.close()
            self._panel = None
        if self._live is None:
            self.monitor.close()

    def _all_runs(self, strict: bool) -> RunSet:
        found = self.overlaid.found(strict=strict)
        if self._live is None:
            return found
        return RunSet([*self._live.view.runs, *found], skipped=found.skipped, names=self.names)

    def _repr_mimebundle_(self, **options: Any) -> Any:
        self.panel.still.show()
        return self.panel.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        runs = sum(len(laid.runs) for laid in self.overlaid.laid)
        return f"<Comparison of {runs} runs in {len(self.overlaid.laid)} sources>"


def compare(
    *what: What,
    metrics: str | Sequence[str] = (),
    live: Session | None = None,
    names: Mapping[str, Sequence[str]] | Aliases | None = None,
    state: str | None = None,
    language: str | None = None,
) -> Comparison:
    """Runs of any sources in the same figures: `anb.compare(runs, "wandb:./wandb", "swanlab://alice/math")`.

    As the last line of a cell it shows the panel and returns at once: URIs are opened in the background, runs that go
    on are followed, and what goes wrong with one source is said in its card while the others go on.

    Args:
        what: URIs as for `anb.runs`, or runs that it returned.
        metrics: canonical names or own keys, a figure each; where not given, one for each canonical metric.
        live: a lab whose runs are among them, those that it starts later too.
        names: further keys of canonical metrics, as for `anb.runs`.
        state: what `state()` of another view returned.
        language: of the panel, `en` or `zh`; where left out `ASTUNER_LANGUAGE`, else English.

    Raises:
        BadValue: for what is neither a URI nor runs, a state or language that is none, or a `live` that is no lab.
    """
    if live is not None and not isinstance(live, Session):
        raise BadValue(f"live must be a lab, got {live!r}. Give what anb.Lab(…) returned.")
    options = ViewOptions.from_text(state) if state is not None else ViewOptions()
    chosen = values.texts("metrics", metrics)  # one name alone is one
    wanted = options.with_metrics(*chosen) if chosen else options
    comparison = Comparison(wanted, table_of(names), live, language)
    return comparison.overlay(*what)
