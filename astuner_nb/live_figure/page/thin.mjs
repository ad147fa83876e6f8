// Which points of a long line are worth drawing: a screen cannot show more than a few per pixel, and plotly.js needs
// 3-6 ms for every 1000 of them. Buckets of equal point count; of each its lowest and its highest point stay.

/** @param {Float64Array} x @returns {boolean} whether x never goes back and has no gaps */
export function isSorted(x) {
  for (let i = 1; i < x.length; i++) if (!(x[i] >= x[i - 1])) return false;
  return !(x[0] !== x[0]);
}

/**
 * The window of a sorted x that can be seen, with one point each side so that lines leave the picture.
 * @param {Float64Array} x
 * @param {[number, number] | null} range null: everything
 * @returns {[number, number]} first index, index after the last
 */
export function visible(x, range) {
  if (!range) return [0, x.length];
  const low = Math.min(...range), high = Math.max(...range);
  return [Math.max(0, firstAbove(x, v => v >= low) - 1), Math.min(x.length, firstAbove(x, v => v > high) + 1)];
}

function firstAbove(x, passes) {
  let low = 0, high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (passes(x[middle])) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Indexes of the points to draw, ascending; null where all are few enough.
 *
 * What lies outside of the window stays as a handful of points: the axes find their full extent when asked to.
 * @param {Float64Array} y
 * @param {[number, number]} window from `visible`
 * @param {number} buckets
 * @returns {number[] | null}
 */
export function thin(y, [first, end], buckets) {
  if (y.length <= 4 * buckets) return null;
  const kept = [];
  keepExtremes(y, 0, first, kept);
  const size = Math.max(1, (end - first) / buckets);
  for (let from = first; from < end; from += size) {
    keepExtremes(y, Math.floor(from), Math.min(end, Math.floor(from + size)), kept);
  }
  keepExtremes(y, end, y.length, kept);
  return withEnds(kept, y.length, first, end);
}

/** Keeps lowest and highest of a bucket, and the first and last gap: a line must not run across it. */
function keepExtremes(y, from, to, kept) {
  let low = -1, high = -1, gap = -1, lastGap = -1;
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(y[i])) {
      if (gap < 0) gap = i;
      lastGap = i;
    } else {
      if (low < 0 || y[i] < y[low]) low = i;
      if (high < 0 || y[i] > y[high]) high = i;
    }
  }
  const found = [low, high, gap, lastGap].filter(i => i >= 0).sort((a, b) => a - b);
  for (const i of found) if (kept.at(-1) !== i) kept.push(i);
}

/** The ends of the line and of the window always stay: the newest point is the one people look at. */
function withEnds(kept, length, first, end) {
  const ends = [0, first, end - 1, length - 1].filter(i => i >= 0 && i < length);
  return [...new Set([...kept, ...ends])].sort((a, b) => a - b);
}
