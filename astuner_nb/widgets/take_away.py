"""What a person takes along: a report, the numbers, pictures, and the view itself as one short text."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import ipywidgets as ipw

from astuner_nb.core.errors import AstunerError
from astuner_nb.core.language import ENGLISH, Language
from astuner_nb.views.options.view_options import ViewOptions
from astuner_nb.views.stage import Stage
from astuner_nb.views.view import View
from astuner_nb.widgets import words
from astuner_nb.widgets.download import Download
from astuner_nb.widgets.figures import Figures
from astuner_nb.widgets.later import Later
from astuner_nb.widgets.painting import Painting

FILES: dict[str, tuple[str, str, str]] = {
    "HTML report": ("comparison.html", "text/html", "Figures, table and differences in one file that needs no network"),
    "CSV": ("comparison.csv", "text/csv", "The curves that are shown, one row a point"),
    "Parquet": ("comparison.parquet", "application/vnd.apache.parquet", "The same, smaller; needs pyarrow"),
    "SVG": ("comparison.svg", "image/svg+xml", "All figures as one picture"),
}
"""What the button says → name, kind, and what is in it."""


class TakeAway:
    """Buttons that hand files to the browser, and the text that stands for the view."""

    def __init__(
        self,
        view: View,
        stage: Stage,
        figures: Figures,
        later: Later,
        leave_picture: Callable[[], object],
        language: Language = ENGLISH,
    ) -> None:
        self._language = language
        self._view, self._stage, self._figures, self._later = view, stage, figures, later
        self._painting = Painting()
        self._download = Download()
        self._said = ipw.HTML().add_class("astuner-said")
        buttons = [self._file_button(name, tooltip) for name, (_, _, tooltip) in FILES.items()]
        files = _row(language("files"), [*buttons, self._download])
        self._metric = ipw.Dropdown(options=[], tooltip=language("Which figure")).add_class("astuner-menu")
        pictures = _row(
            language("one figure"), [self._metric, self._picture_button("png"), self._picture_button("svg")]
        )
        self._text = ipw.Text(continuous_update=False, tooltip=language("This view; paste another one here to have it"))
        self._text.add_class("astuner-text").observe(self._painting.by_person(self._pasted), names="value")
        leave = ipw.Button(
            description=language("Leave a picture"),
            icon="camera",
            tooltip=language("The saved notebook shows it, also on GitHub"),
        )
        leave.add_class("astuner-small").on_click(later(lambda _: self._leave(leave_picture)))
        hint = ipw.HTML(words.quiet(language("anb.compare(runs, state=…) shows the same view of the same runs")))
        self.widget = ipw.VBox([files, pictures, _row(language("this view"), [self._text, leave, hint]), self._said])
        self.widget.add_class("astuner-away")

    def paint(self) -> None:
        """Bring the text and the choice of figures up to date."""
        metrics = self._figures.metrics
        if list(self._metric.options) != metrics:
            self._metric.options = metrics
            self._metric.value = metrics[0] if metrics else None
        try:
            text = self._view.state()
        except AstunerError as error:
            self._say(words.problem(str(error)))
        else:
            if self._text.value != text:
                with self._painting:
                    self._text.value = text

    def _pasted(self, change: dict[str, Any]) -> None:
        text = change["new"].strip()
        if not text or text == self._view.state():
            return
        try:
            options = ViewOptions.from_text(text)
        except AstunerError as error:
            self._say(words.problem(str(error)))
        else:
            self._say("")
            self._view.change(lambda _: options.resolved(self._stage.cast.runs))

    def _leave(self, leave_picture: Callable[[], object]) -> None:
        leave_picture()
        told = "The picture stands in the notebook from its next save on; it shows where no kernel is."
        self._say(words.quiet(self._language(told)))

    def _file_button(self, name: str, tooltip: str) -> ipw.Button:
        button = ipw.Button(description=self._language(name), icon="download", tooltip=self._language(tooltip))
        button.add_class("astuner-small")
        button.on_click(lambda _: self._hand_over(name))
        return button

    def _picture_button(self, format: Literal["png", "svg"]) -> ipw.Button:
        name = format.upper()
        button = ipw.Button(
            description=name, icon="download", tooltip=self._language("Save that figure as {name}", name=name)
        )
        button.add_class("astuner-small").on_click(self._later(lambda _: self._save_figure(format)))
        return button

    def _save_figure(self, format: Literal["png", "svg"]) -> None:
        if self._metric.value:
            self._figures.save(self._metric.value, format)
            self._say(words.quiet(self._language("Your browser makes the {name} …", name=format.upper())))

    def _hand_over(self, name: str) -> None:
        """Make the file in a thread of its own: curves may have to be read, of servers too."""
        self._say(words.quiet(self._language("making the {name} …", name=self._language(name))))
        threading.Thread(target=self._make, args=(name,), name="astuner-take-away", daemon=True).start()

    def _make(self, name: str) -> None:
        file, kind, _ = FILES[name]
        try:
            content = self._content(file)
        except AstunerError as error:
            self._say(words.problem(str(error)))
        except Exception as error:  # whatever it is, nobody waits for ever
            told = self._language(
                "The {name} could not be made: {why}.", name=self._language(name), why=f"{error!r:.300}"
            )
            self._say(words.problem(told))
        else:
            self._download.save(file, content, kind)
            self._say(
                words.quiet(self._language("{file}, {size}: your browser has it.", file=file, size=_size(len(content))))
            )

    def _content(self, file: str) -> bytes:
        view, language = self._view, self._language.name
        # A source that failed has its card: the others are taken along.
        writers: dict[str, Callable[[Path], Path]] = {
            ".html": lambda path: view.to_html(path, strict=False, language=language),
            ".csv": lambda path: view.to_csv(path, strict=False),
            ".parquet": lambda path: view.to_parquet(path, strict=False),
            ".svg": lambda path: view.to_image(path, strict=False, language=language),
        }
        with tempfile.TemporaryDirectory(prefix="astuner-") as folder:
            path = Path(folder) / file
            writers[path.suffix](path)
            return path.read_bytes()

    def _say(self, text: str) -> None:
        self._said.value = f"<div role='status'>{text}</div>"


def _row(name: str, parts: list[ipw.Widget]) -> ipw.HBox:
    label = ipw.HTML(words.quiet(name)).add_class("astuner-label")
    return ipw.HBox([label, *parts]).add_class("astuner-tools")


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
