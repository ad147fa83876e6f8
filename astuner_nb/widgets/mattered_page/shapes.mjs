// Where things stand on axes, and what lies near a pointer: pure functions, in units from 0 to 1 or in pixels.

/** @typedef {{name: string, kind: 'linear' | 'log' | 'category' | 'outcome', log: boolean, low: number, high: number,
 *   missing: number, ticks: [number, string][], values: Float64Array}} Axis   keep in step with mattered_page.py */

/** An axis as the kernel sends it, its values as numbers. @returns {Axis | null} */
export function axisOf(state) {
  if (!state?.values) return null;
  const { buffer, byteOffset, byteLength } = state.values;
  return { ...state, values: new Float64Array(buffer.slice(byteOffset, byteOffset + byteLength)) };
}

/** From 0 (lowest) to 1; NaN where there is no value. Halves, because a range may be wider than a float64. */
export function unit(axis, value) {
  const [low, high, at] = axis.log ? [axis.low, axis.high, value].map(Math.log10) : [axis.low, axis.high, value];
  const span = high / 2 - low / 2;
  return span > 0 ? (at / 2 - low / 2) / span : Number.isNaN(value) ? NaN : 0.5;
}

/** The units of all values, NaN where there is none. @param {Axis} axis @returns {Float64Array} */
export function units(axis) {
  return axis.values.map(value => unit(axis, value));
}

/**
 * Those ticks that have room: both ends first, then what keeps its distance.
 * @param {{at: number, text: string}[]} ticks  @param {number} gap in the units of `at`
 */
export function thinned(ticks, gap) {
  const last = ticks.length - 1;
  const order = last > 0 ? [0, last, ...ticks.keys()] : [...ticks.keys()];
  const kept = [];
  for (const index of order) {
    if (kept.every(other => other !== index && Math.abs(ticks[other].at - ticks[index].at) >= gap)) kept.push(index);
  }
  return kept.sort((a, b) => a - b).map(index => ticks[index]);
}

/** Whether a unit lies in a brush; a missing one never does. @param {[number, number]} brush */
export const within = (at, brush) => at >= brush[0] && at <= brush[1];

/**
 * The runs that lie in all brushes.
 * @param {Map<string, [number, number]>} brushes axis → from, to  @param {Map<string, Float64Array>} columns axis → units
 * @param {number} runs
 * @returns {number[] | null} null where there is no brush
 */
export function brushed(brushes, columns, runs) {
  if (!brushes.size) return null;
  const held = [...brushes].filter(([name]) => columns.has(name)).map(([name, brush]) => [columns.get(name), brush]);
  return Array.from({ length: runs }, (_, run) => run).filter(run => held.every(([at, brush]) => within(at[run], brush)));
}

/**
 * The run whose line passes nearest to (x, y); null where none does within `reach`.
 * @param {number[]} xs where axes stand, ascending  @param {Float64Array[]} ys of each axis the y of all runs
 * @param {number[] | null} among only these runs
 */
export function nearestLine(xs, ys, x, y, reach, among = null) {
  if (!xs.length) return null;
  const found = xs.findIndex(at => at >= x);
  const right = found < 0 ? xs.length - 1 : Math.min(Math.max(found, 1), xs.length - 1);
  const left = Math.max(right - 1, 0);
  const part = xs[right] > xs[left] ? Math.min(Math.max((x - xs[left]) / (xs[right] - xs[left]), 0), 1) : 0;
  let best = null, distance = reach;
  const look = run => {
    const a = ys[left][run], b = ys[right][run];
    const slope = right > left ? (b - a) / (xs[right] - xs[left]) : 0;
    const off = Math.abs(a + (b - a) * part - y) / Math.hypot(1, slope); // across the line, not straight down
    if (off <= distance) [best, distance] = [run, off];
  };
  if (among) among.forEach(look);
  else for (let run = 0; run < (ys[0]?.length ?? 0); run++) look(run);
  return best;
}

/** The point nearest to (x, y); null where none is within `reach`. */
export function nearestPoint(xs, ys, x, y, reach) {
  let best = null, distance = reach;
  for (let run = 0; run < xs.length; run++) {
    const off = Math.hypot(xs[run] - x, ys[run] - y);
    if (off <= distance) [best, distance] = [run, off];
  }
  return best;
}

/**
 * What a brush becomes while the pointer is dragged from `start` to `at`: an end that is held moves, a middle moves all,
 * anywhere else a new one begins.
 * @param {[number, number] | undefined} brush  @param {number} grip how near an end counts as the end
 * @returns {[number, number]}
 */
export function dragged(brush, start, at, grip) {
  const bounded = value => Math.min(Math.max(value, 0), 1);
  if (!brush || !within(start, [brush[0] - grip, brush[1] + grip])) return sorted(bounded(start), bounded(at));
  const by = at - start;
  if (Math.abs(start - brush[0]) <= grip) return sorted(bounded(brush[0] + by), brush[1]);
  if (Math.abs(start - brush[1]) <= grip) return sorted(brush[0], bounded(brush[1] + by));
  return moved(brush, by);
}

/** A brush moved as a whole, up to an end of the axis. @returns {[number, number]} */
export function moved(brush, by) {
  const room = Math.min(Math.max(by, -brush[0]), 1 - brush[1]);
  return [brush[0] + room, brush[1] + room];
}

const sorted = (a, b) => (a <= b ? [a, b] : [b, a]);

/** The selection after a click: only this run, or with a modifier this one more or less; a second click lets go. */
export function afterClick(selected, run, add) {
  const others = selected.filter(other => other !== run);
  if (run === null) return add ? selected : [];
  if (add) return others.length < selected.length ? others : [...selected, run];
  return selected.length === 1 && !others.length ? [] : [run];
}

/** Whether two lists of places hold the same, in any order. */
export function alike(a, b) {
  const there = new Set(a);
  return there.size === new Set(b).size && b.every(one => there.has(one));
}

/** Up to ±1, the same for a run each time: moves points of one category apart. */
export const jitter = run => ((run * 0.6180339887) % 1) * 2 - 1;

/** A value in words: a category's name, else a number. */
export function valueText(axis, run) {
  const value = axis.values[run];
  if (Number.isNaN(value)) return '–';
  if (axis.kind === 'category') return axis.ticks.find(([place]) => place === value)?.[1] ?? '–';
  const digits = axis.kind === 'outcome' ? 4 : 6;
  const rounded = Number(value.toPrecision(digits));
  return rounded && Math.abs(rounded) < 1e-3 ? rounded.toExponential() : String(rounded);
}
