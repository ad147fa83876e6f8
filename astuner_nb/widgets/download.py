"""Hands a file to the browser, wherever the kernel is: nothing is written on the kernel's side."""

from __future__ import annotations

import anywidget


class Download(anywidget.AnyWidget):
    """Invisible; `save` makes the page save a file."""

    _esm = """
    function render({ model, el }) {
      el.style.display = 'none';
      const save = ({ name, type }, [bytes]) => {
        const link = document.createElement('a');
        link.href = URL.createObjectURL(new Blob([bytes], { type }));
        link.download = name;
        link.click();
        setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // when the browser surely has it
      };
      model.on('msg:custom', save);
      return () => model.off('msg:custom', save);
    }
    export default { render };
    """

    def save(self, name: str, content: bytes, type: str) -> None:
        """Have the page save `content` as `name`."""
        self.send({"name": name, "type": type}, [content])
