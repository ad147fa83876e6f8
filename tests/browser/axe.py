"""axe-core in the page: what it finds wrong inside our panels."""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from .harness import Notebook

SCRIPT = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
GRAVE = ("serious", "critical")
RUN = """async ([where, rules]) => {
  const found = await window.axe.run(where, {resultTypes: ['violations'], rules});
  return found.violations.map(({id, impact, nodes}) =>
    ({id, impact, nodes: nodes.map(({html, any, all, none}) =>
      ({html: html.slice(0, 200), why: [...any, ...all, ...none].map(check => check.message).join(' ')}))}));
}"""

OFF: dict[str, str] = {}
"""Rules that are not asked → why."""


def violations(notebook: Notebook, where: str) -> list[str]:
    """What is seriously or critically wrong in what the selector `where` finds, a line each: rule, element, why."""
    if not notebook.js("() => Boolean(window.axe)"):
        notebook.js(SCRIPT)
    found: list[dict[str, Any]] = notebook.js(RUN, [where, {rule: {"enabled": False} for rule in OFF}])
    grave = [one for one in found if one["impact"] in GRAVE]
    return [f"{one['id']} ({one['impact']}): {node['html']}: {node['why']}" for one in grave for node in one["nodes"]]
