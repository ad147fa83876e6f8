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

/** @param {Record<string, any>} edits @returns what of them concerns the x axes: linked figures share that */
export function xEdits(edits) {
  return Object.fromEntries(Object.entries(edits).filter(([key]) => /^xaxis\d*\.(range|autorange)$/.test(key)));
}

/**
 * A click, hover or selection, small enough to send.
 * @param {string} name
 * @param {any} event
 * @param {{trace: (curve: number) => number, point: (curve: number, point: number) => number}} trueIndex of what is drawn
 */
export function pointEvent(name, event, trueIndex) {
  const { ctrlKey, altKey, shiftKey, metaKey, button, buttons } = event?.event ?? {};
  const points = (event?.points ?? []).map(p => ({
    trace: trueIndex.trace(p.curveNumber), index: trueIndex.point(p.curveNumber, p.pointNumber ?? p.pointIndex),
    x: p.x ?? null, y: p.y ?? null,
  }));
  return {
    op: 'event', name, points, box: event?.range, lasso: event?.lassoPoints,
    device: { ctrl: ctrlKey, alt: altKey, shift: shiftKey, meta: metaKey, button, buttons },
  };
}

const UNPICKABLE = 'unpickable'; // the meta of a trace that only lies over others, and is not what a click means
const REACH_PX = 20; // a finger's uncertainty: what is clicked farther away was not meant

/**
 * A click's points, nearest to the pointer first: "x unified" reports every curve at that x.
 * @param {any} event
 * @param {{left: number, top: number}} frame of the picture on the screen
 * @returns {any[]} empty where the click hit nothing
 */
export function nearestFirst({ event, points }, frame) {
  const pointer = [event.clientX - frame.left, event.clientY - frame.top];
  const meant = points.filter(point => point.fullData?.meta !== UNPICKABLE);
  const near = meant.map(point => [distance(point, pointer), point]).sort(([a, p], [b, q]) => a - b || front(q) - front(p));
  return near[0]?.[0] <= REACH_PX ? near.map(([, point]) => point) : [];
}

/** Pixels from the pointer to the marker, the point, or the line beside it. What is no line was hit as a whole. */
function distance(point, pointer) {
  const { xaxis, yaxis, data, fullData, pointNumber } = point;
  if (!['scatter', 'scattergl'].includes(fullData?.type) || !xaxis || !yaxis) return 0;
  const place = (x, y) => [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)];
  if (fullData.stackgroup) return away(pointer, [point.xPixel, point.yPixel]); // drawn higher than its y
  const here = place(point.x, point.y);
  const besides = fullData.mode?.includes('lines') && isArray(data.x) ? [pointNumber - 1, pointNumber + 1] : [];
  const ends = besides.filter(k => k >= 0 && k < data.x.length).map(k => place(data.x[k], data.y[k]));
  const beyond = Math.max(0, away(pointer, here) - markerRadius(point));
  return Math.min(beyond, ...ends.map(end => awayFromLine(pointer, here, end)).filter(Number.isFinite));
}

const front = point => point.fullData?.zorder ?? 0; // a marker on a line is hit, not the line below it
const isArray = values => Array.isArray(values) || ArrayBuffer.isView(values);
const away = ([x, y], [px, py]) => Math.hypot(x - px, y - py);

function markerRadius(point) {
  const { fullData } = point, size = point['marker.size'] ?? fullData.marker?.size;
  return fullData.mode?.includes('markers') && size > 0 ? size / 2 : 0;
}

function awayFromLine(pointer, [x0, y0], [x1, y1]) {
  const dx = x1 - x0, dy = y1 - y0;
  const along = ((pointer[0] - x0) * dx + (pointer[1] - y0) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.min(1, Math.max(0, along));
  return away(pointer, [x0 + t * dx, y0 + t * dy]);
}
