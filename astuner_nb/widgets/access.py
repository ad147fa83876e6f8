"""What ipywidgets' controls lack for people with a keyboard or a screen reader, given to them in the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

HERE = Path(__file__).parent
WORDS = {"lowest": "lowest", "highest": "highest", "value": "value", "card": "what the curves say"}
"""What is added to a control's own name; keep in step with access.js."""


class Access(anywidget.AnyWidget):
    """Invisible; names the controls of the panel it stands in, keeps their keys from JupyterLab, answers each `?`."""

    _esm = HERE / "access.js"
    words: Any = t.Dict(WORDS).tag(sync=True)
