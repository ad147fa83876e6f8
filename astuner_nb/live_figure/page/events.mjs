// What plotly.js says a person did, as edits of our store and of the Python figure. Keep in step with page_events.py.

/**
 * A relayout event as edits {path: value}. A zoom gives both ends of the range and switches the automatic range off,
 * or the next drawing would fit the axis again; a reset does the opposite.
 * @param {Record<string, any>} event
 * @param {object} full plotly.js's _fullLayout, which holds the new ranges
 */
export function layoutEdits(event, full) {
  const edits = {};
  for (const [key, value] of Object.entries(event ?? {})) {
    const axis = /^([xy]axis\d*)\.(range|autorange)/.exec(key);
    if (!axis) {
      if (!/^(autosize|width|height|lastInputTime|template|uirevision)$/.test(key)) edits[key] = value;
    } else if (axis[2] === 'range') {
      Object.assign(edits, { [`${axis[1]}.range`]: [...full[axis[1]].range], [`${axis[1]}.autorange`]: false });
    } else if (value) {
      Object.assign(edits, { [`${axis[1]}.range`]: null, [`${axis[1]}.autorange`]: true });
    }
  }
  return edits;
}

/** @param {string} key 'shapes[0].x0' @returns {(string|number)[]} ['shapes', 0, 'x0'] */
export function pathOf(key) {
  return key.replace(/\[(\d+)\]/g, '.$1').split('.').map(part => (/^\d+$/.test(part) ? Number(part) : part));
}

/**
 * A click, hover or selection, small enough to send.
 * @param {string} name
 * @param {any} event
 * @param {(curve: number, point: number) => number} trueIndex a drawn point's index among all points
 */
export function pointEvent(name, event, trueIndex) {
  const { ctrlKey, altKey, shiftKey, metaKey, button, buttons } = event?.event ?? {};
  const points = (event?.points ?? []).map(p => ({
    trace: p.curveNumber, index: trueIndex(p.curveNumber, p.pointNumber ?? p.pointIndex), x: p.x ?? null, y: p.y ?? null,
  }));
  return {
    op: 'event', name, points, box: event?.range, lasso: event?.lassoPoints,
    device: { ctrl: ctrlKey, alt: altKey, shift: shiftKey, meta: metaKey, button, buttons },
  };
}
