"""The page's side as text: our ES modules joined into the one module that anywidget takes, and plotly.js itself."""

from __future__ import annotations

import functools
import gzip
import re
from importlib import resources

# In this order each module only uses what stands above it.
_PARTS = ("growing", "thin", "wire", "look", "events", "links", "member", "tool_bar", "store")
_MODULES = (*_PARTS, "plotly_source", "view", "live_figure")

_IMPORT = re.compile(r"^import .*? from '\./.*?';\n", re.MULTILINE | re.DOTALL)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^\s*/\*\*?.*?\*/\s*?\n", re.MULTILINE | re.DOTALL)
_LINE_COMMENT = re.compile(r"^\s*//.*\n", re.MULTILINE)
_TAIL_COMMENT = re.compile(r"\s+// .*$", re.MULTILINE)  # no string of the modules holds " // "
_INDENT = re.compile(r"^\s+", re.MULTILINE)


@functools.cache
def page_module() -> str:
    """One ES module with everything the page needs.

    Every figure carries it to the page, so comments and indentation stay behind: they would be half of it.
    """
    folder = resources.files(__package__) / "page"
    return "".join(_bare((folder / f"{name}.mjs").read_text("utf-8")) for name in _MODULES)


@functools.cache
def plotly_js() -> bytes:
    """plotly.js as the installed plotly brings it, gzipped (1.5 MB); packed once a process."""
    return gzip.compress((resources.files("plotly") / "package_data" / "plotly.min.js").read_bytes(), 6)


def _bare(source: str) -> str:
    for pattern in (_IMPORT, _BLOCK_COMMENT, _LINE_COMMENT, _TAIL_COMMENT, _INDENT, _EXPORT):
        source = pattern.sub("", source)
    return source
