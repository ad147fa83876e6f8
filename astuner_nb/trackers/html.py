"""A set of runs as a small table, for the last line of a cell. Whatever a run brings along is escaped here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from astuner_nb.analysis.differences import differing
from astuner_nb.core.aliases import Aliases
from astuner_nb.core.protocols import Run
from astuner_nb.core.run import ConfigValue

ROWS, SETTINGS = 30, 5
"""How many runs and how many hyper-parameters are shown."""


def table(runs: Sequence[Run], names: Aliases) -> str:
    """The first `ROWS` of `runs`, with the hyper-parameters that differ among them."""
    shown = runs[:ROWS]
    configs = [names.canonical_config(run.config) for run in shown]
    settings = differing(configs)[:SETTINGS]
    head = "".join(f"<th>{escape(name)}</th>" for name in ("run", "source", "state", "started", *settings))
    body = "".join(_row(run, config, settings) for run, config in zip(shown, configs, strict=True))
    rest = f" The first {ROWS} are shown." if len(runs) > ROWS else ""
    words = f"<p>{escape(repr(runs).strip('<>'))}.{rest}</p>"
    return f"<div>{words}<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"


def linked(name: str, url: str) -> str:
    """`name` as a link to `url` where that is an address of the web; else as text."""
    if not url.startswith(("https://", "http://")):
        return escape(name)
    return f"<a href='{escape(url)}' target='_blank' rel='noopener noreferrer'>{escape(name)}</a>"


def _row(run: Run, config: dict[str, ConfigValue], settings: Iterable[str]) -> str:
    started = run.created.astimezone().strftime("%Y-%m-%d %H:%M") if run.created else ""
    values = [_short(config.get(name)) for name in settings]
    cells = [escape(text) for text in (run.source, str(run.state), started, *values)]
    return f"<tr><td>{linked(run.name, run.url)}</td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _short(value: ConfigValue) -> str:
    if value is None:
        return ""
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"
