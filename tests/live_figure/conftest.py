"""A comm that records what a live figure would say to its page, and a figure on it."""

from __future__ import annotations

import comm
import numpy as np
import pytest
from comm.base_comm import BaseComm

from astuner_nb.live_figure.figure import LiveFigure


class Wire(BaseComm):
    """A comm whose page end is this list of messages."""

    def __init__(self, **kwargs):
        self.messages = []
        super().__init__(**kwargs)

    def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
        self.messages.append((msg_type, data, [bytes(b) for b in buffers or []]))

    @property
    def said(self):
        """(content, buffers) of the messages to the page, oldest first."""
        return [(d["content"], b) for t, d, b in self.messages if t == "comm_msg" and d["method"] == "custom"]

    def of(self, op):
        return [content for content, _ in self.said if content["op"] == op]

    @property
    def states(self):
        return [
            d for t, d, _ in self.messages if t == "comm_msg" and d["method"] == "update" and "_figure" in d["state"]
        ]

    def points(self):
        """Trace number → (x, y) as the page would hold them, put together from the deltas."""
        held = {}
        for content, (xs, ys) in [(c, b) for c, b in self.said if c["op"] == "points"]:
            x, y, at = np.frombuffer(xs), np.frombuffer(ys), 0
            for index, offset, count in zip(content["i"], content["o"], content["n"], strict=True):
                have = held.setdefault(index, ([], []))
                assert offset == len(have[0]), "a hole, or a point sent twice"
                have[0].extend(x[at : at + count])
                have[1].extend(y[at : at + count])
                at += count
        return held

    def hear(self, **content):
        """What the page says."""
        self.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


@pytest.fixture(autouse=True)
def wire_everywhere(monkeypatch):
    """ipywidgets asks the comm package for a comm; a kernel replaces this function in the same way."""
    monkeypatch.setattr(comm, "create_comm", Wire)


@pytest.fixture
def make():
    made = []

    def one(*args, **kwargs):
        made.append(LiveFigure(*args, **kwargs))
        return made[-1]

    yield one
    for figure in made:
        figure.close()


@pytest.fixture
def event():
    """What the page says of an event on points (trace, index, x, y)."""

    def content(name, *points, **more):
        hit = [{"trace": t, "index": i, "x": x, "y": y} for t, i, x, y in points]
        return {"op": "event", "name": name, "points": hit, "device": {"shift": True}, **more}

    return content
