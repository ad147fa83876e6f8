"""Where a run went on from another: the curve of its ancestors, up to where it left them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from astuner_nb.core.series import Series
from astuner_nb.views.pictures.curves import Points
from astuner_nb.views.pictures.picture import Line
from astuner_nb.views.pictures.scene import Found, Scene

OPACITY, WIDTH = 0.55, 1.2


def inherited(scene: Scene, each: Found) -> Iterator[Line]:
    """One dashed line in the run's colour that leads to its own first point; none where it began by itself.

    Only over steps: time and tokens begin anew with each run.
    """
    if scene.options.x != "step" or each.run.parent is None:
        return
    parts = list(_of_ancestors(scene, each))[::-1]
    if not parts:
        return
    x, y = (np.concatenate(column) for column in zip(*parts, _first_point(each), strict=True))
    thin = Series("", x, y, x).thinned(scene.points) if len(x) > scene.points else Series("", x, y, x)
    run = each.run
    yield Line(
        id=f"{run.key}/{each.name}/inherited",
        run=run.key,
        x=thin.step,
        y=thin.value,
        name=run.label,
        mark="",
        colour=scene.colours.of(run.config, run.colour),
        opacity=OPACITY * scene.fade(run.key),
        width=WIDTH,
        dashed=True,
        visible=scene.is_line(run),
        layer=scene.layer(run.key),
    )


def _of_ancestors(scene: Scene, each: Found) -> Iterator[Points]:
    """What the run has of its parent, of that one's parent, and so on; each up to where it was left."""
    run, until, seen = each.run, np.inf, {each.run.key}
    while run.parent is not None and run.parent.key not in seen:
        until = min(until, run.parent.step)
        seen.add(run.parent.key)
        found = next((one for one in scene.found.get(run.parent.key, ()) if one.name == each.name), None)
        if found is None:
            return
        run = found.run
        if found.is_drawable:
            kept = found.curve.x <= until
            yield found.curve.x[kept], found.curve.smooth[kept]


def _first_point(each: Found) -> Points:
    there = np.flatnonzero(np.isfinite(each.curve.smooth))[:1]
    return each.curve.x[there], each.curve.smooth[there]
