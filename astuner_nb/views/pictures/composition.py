"""From a scene to lines: each run by itself before a quiet background, or groups as means with bands.

Smoothing is for the eye and leaves the logged curve faint behind; bands are of all points, before any thinning; what is
measured now and then (validation) stays points.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from astuner_nb.analysis.bands import bands
from astuner_nb.analysis.smoothing import smooth
from astuner_nb.core.metrics import is_sparse
from astuner_nb.core.series import Floats
from astuner_nb.views.pictures.crowd import crowd, outline
from astuner_nb.views.pictures.groups import group_of, shortened
from astuner_nb.views.pictures.inherited import inherited
from astuner_nb.views.pictures.picture import Kind, Line
from astuner_nb.views.pictures.scene import MOST_GROUPS, Found, Scene

RAW, MEMBER, BAND = 0.25, 0.22, 0.16
"""Opacities: of the logged curve behind a smoothed one, of a member behind its group, and of a band."""
POOL = 200
"""So many runs are sent to the page although fewer are lines: a filter then only shows and hides."""
GROUP_POINTS = 200


def single_lines(scene: Scene, places: Floats) -> list[Line]:
    """Each run by itself, the others as a background."""
    pool = [*scene.order, *(run.key for run in reversed(scene.runs) if scene.may_come(run))][:POOL]
    lines = [line for key in pool for each in scene.found[key] if each.is_drawable for line in _lines(scene, each)]
    rest = [each.curve for each in scene.seen if not scene.is_line(each.run) and not is_sparse(each.name)]
    return [*crowd(rest, places), *lines]


def _lines(scene: Scene, each: Found) -> Iterator[Line]:
    """The logged curve faint behind the smoothed one; validation as points."""
    run, curve = each.run, each.curve
    points = None if run.grows else scene.points
    colour, visible = scene.colours.of(run.config, run.colour), scene.is_line(run)
    fade, layer, key = scene.fade(run.key), scene.layer(run.key), f"{run.key}/{each.name}"
    if is_sparse(each.name):
        kind = each.name.rpartition("/")[0] or each.name
        label, mark = f"{run.label} {kind}", f"{run.mark} {kind}"
        yield Line(key, run.key, curve.x, curve.y, label, mark, colour, "points", fade, visible=visible, layer=layer)
        return
    yield from inherited(scene, each)
    if curve.is_smoothed and visible:
        x, y = curve.logged(points)
        yield Line(f"{key}/raw", run.key, x, y, run.label, "", colour, "line", RAW * fade, 1.0, False, visible, -1)
    x, y = curve.drawn(points)
    chosen = run.key in scene.fronts
    yield Line(
        id=key,
        run=run.key,
        x=x,
        y=y,
        name=run.label,
        mark=_mark(each),
        colour=colour,
        kind="line" if run.grows else _kind(False, x),
        opacity=fade,
        width=2.8 if chosen else 1.8,
        dashed=run.key == scene.options.baseline,
        visible=visible,
        layer=layer,
        grows=run.grows and not curve.is_smoothed,
    )


def _mark(each: Found) -> str:
    """Mark and name, and the tracker's own key where that is another."""
    run, key = each.run, each.run.history[each.name].key
    return run.label if key == each.name else f"{run.mark} {shortened(run.name, 16)} · {key}"


def grouped_lines(scene: Scene) -> list[Line]:
    """Groups: members faint, the mean bold, the spread filled."""
    lines: list[Line] = []
    for name in dict.fromkeys(each.name for each in scene.seen):
        of_groups = grouped([each for each in scene.seen if each.name == name], scene.options.group)
        largest = sorted(of_groups, key=lambda group: -len(of_groups[group]))[:MOST_GROUPS]
        fill = min(BAND, 1 - 0.5 ** (1 / len(largest)))  # all on top of one another still let half through
        for group, members in of_groups.items():
            if group in largest:
                lines += _group(scene, group, name, members, fill)
    return lines


def _group(scene: Scene, group: str, name: str, members: Sequence[Found], fill: float) -> Iterator[Line]:
    options = scene.options
    colour = scene.colours.of(members[0].run.config, members[0].run.colour)
    keys = [each.run.key for each in members]
    fade, id, label = scene.fade(*keys), f"group/{group}/{name}", f"{group} (n = {len(members)})"
    for each in members:
        if scene.is_line(each.run):
            yield _member(scene, each, colour)
    band = bands([(each.curve.x, each.curve.y) for each in members], options.band)
    if is_sparse(name):
        yield Line(f"{id}/mean", "", band.x, band.mean, label, label, colour, "points", fade, layer=2)
        return
    mean, low, high = (smooth(band.x, y, options.smooth, options.amount) for y in (band.mean, band.low, band.high))
    kept = _spread_out(len(band.x), GROUP_POINTS)
    if options.band != "none" and len(band.x) > 1:
        x, y = outline(band.x[kept], low[kept], high[kept])
        yield Line(f"{id}/band", "", x, y, label, "", colour, "band", fill * fade, 0.0, layer=0)
    yield Line(f"{id}/mean", "", band.x[kept], mean[kept], label, label, colour, "line", fade, 2.4, layer=2)


def _member(scene: Scene, each: Found, colour: str) -> Line:
    """One run behind its group; in front of it where it is selected."""
    chosen, sparse = each.run.key in scene.fronts, is_sparse(each.name)
    x, y = (each.curve.x, each.curve.y) if sparse else each.curve.drawn(scene.points)
    opacity, width = (1.0, 2.4) if chosen else (MEMBER, 1.0)
    id, kind = f"{each.run.key}/{each.name}/member", _kind(sparse, x)
    mark = each.run.label if chosen else ""
    return Line(id, each.run.key, x, y, each.run.label, mark, colour, kind, opacity, width, layer=3 if chosen else -1)


def _kind(sparse: bool, x: Floats) -> Kind:
    """One point is no line."""
    return "points" if sparse or len(x) == 1 else "line"


def grouped(found: Iterable[Found], keys: Sequence[str]) -> dict[str, list[Found]]:
    """The curves by what their runs have for `keys`, named like `lr 0.0001 · seed 3`, in the order they came."""
    groups: dict[str, list[Found]] = {}
    for each in found:
        groups.setdefault(group_of(keys, each.run.config), []).append(each)
    return groups


def _spread_out(count: int, most: int) -> np.ndarray:
    """At most `most` of `count` indices, evenly, both ends among them."""
    if count <= most:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, most).round().astype(np.intp))
