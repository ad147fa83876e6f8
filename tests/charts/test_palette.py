"""Colours of runs, measured: apart for four kinds of eyes, and seen on the paper of either theme."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from astuner_nb.charts.palette import COLOURS

APART = 14.0
"""ΔE (CIE 1976) of the closest two; 2.3 is just noticeable side by side, thin lines need several times that."""
CONTRAST = 3.0
"""Of a line that means something with what is behind it: WCAG 2.2, 1.4.11."""
PAPERS = {"light": "#ffffff", "dark": "#111111"}
EYES = {
    "usual": np.eye(3),
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""What linear RGB becomes where one kind of cones is missing: Machado, Oliveira and Fernandes (2009), severity 1."""
TO_XYZ = [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
WHITE = [0.95047, 1.0, 1.08883]


def linear(colour: str) -> np.ndarray:
    """Linear RGB of `#rrggbb`, 0 to 1."""
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB."""
    ratio = TO_XYZ @ np.clip(rgb, 0, 1) / WHITE
    x, y, z = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    """The ratio of WCAG, 1 to 21."""
    dark, light = sorted(float(TO_XYZ[1] @ linear(colour)) for colour in (one, other))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("eyes", EYES)
def test_any_two_runs_of_eight_are_told_apart(eyes):
    seen = {colour: lab(EYES[eyes] @ linear(colour)) for colour in COLOURS}
    near = {(one, two): float(np.linalg.norm(seen[one] - seen[two])) for one, two in combinations(COLOURS, 2)}
    assert {pair: round(apart, 1) for pair, apart in near.items() if apart < APART} == {}


@pytest.mark.parametrize("theme", PAPERS)
def test_each_is_seen_on_the_paper_of_either_theme(theme):
    faint = {colour: round(ratio, 2) for colour in COLOURS if (ratio := contrast(colour, PAPERS[theme])) < CONTRAST}
    assert faint == {}
