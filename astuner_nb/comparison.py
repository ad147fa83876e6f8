"""`anb.compare(runs)`: runs of any sources in one set of figures, one figure a metric, whatever wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from astuner_nb.core.aliases import Aliases, aliases
from astuner_nb.jobs.local import LocalLauncher
from astuner_nb.monitor import Monitor
from astuner_nb.overlay import Overlay, What
from astuner_nb.trackers.opening import table_of

if TYPE_CHECKING:
    from astuner_nb.widgets.comparison_panel import ComparisonPanel


class Comparison:
    """Follows runs of any sources, those that go on included, and shows itself where there is a display."""

    def __init__(self, metrics: Sequence[str] = (), names: Aliases | None = None) -> None:
        """See `compare`."""
        self.metrics = tuple((names or aliases()).describe(name) for name in metrics)
        self.monitor = Monitor(LocalLauncher())
        self.overlaid = Overlay(self.monitor, names, metrics or None)
        self._panel: ComparisonPanel | None = None

    def overlay(self, *what: What) -> None:
        """Add more: URIs, or runs that `anb.runs` returned. Raises `BadValue` for what is neither."""
        self.overlaid.add(*what)

    @property
    def panel(self) -> ComparisonPanel:
        """The panel, made when it is first asked for; from then on a thread follows the runs."""
        if self._panel is None:
            from astuner_nb.widgets.comparison_panel import ComparisonPanel

            self._panel = ComparisonPanel(self.monitor, self.overlaid, self.metrics)
            self.monitor.start()
        return self._panel

    def close(self) -> None:
        """Close the panel and let go of everything."""
        self.overlaid.close()
        self.monitor.close()
        if self._panel is not None:
            self._panel.close()
            self._panel = None

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.panel.widget._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        runs = sum(len(laid.runs) for laid in self.overlaid.laid)
        return f"<Comparison of {runs} runs in {len(self.overlaid.laid)} sources>"


def compare(
    *what: What, metrics: Sequence[str] = (), names: Mapping[str, Sequence[str]] | Aliases | None = None
) -> Comparison:
    """Runs of any sources in the same figures: `anb.compare(runs, "wandb:./wandb", "swanlab://alice/math")`.

    As the last line of a cell it shows the panel and returns at once: URIs are opened in the background, runs that go
    on are followed, and what goes wrong with one source is said in its card while the others go on.

    Args:
        what: URIs as for `anb.runs`, or runs that it returned.
        metrics: canonical names or own keys, a figure each; where not given, one for each canonical metric.
        names: further keys of canonical metrics, as for `anb.runs`.

    Raises:
        BadValue: for what is neither a URI nor runs.
    """
    comparison = Comparison(metrics, table_of(names))
    comparison.overlay(*what)
    return comparison
