// Values as text, curves as paths, rows in view: what needs no page.

export const MANY = 120; // with more rows than that, only those in view are in the page
const AROUND = 4; // rows above and below of what is in view
const STEP = 4; // and the first one moves by so many: each pixel of a scroll need not change the page

/**
 * A number in `digits` significant digits, as charts/numbers.py says it: 0.965, 2.5e-05. Whole digits are never rounded away:
 * 1235 for 1234.5.
 * @param {number} value
 */
export function number(value, digits = 3) {
  const size = Math.abs(value);
  if (size < 1e9 && (Number.isInteger(value) || size >= 10 ** digits)) return String(Math.round(value)).replace('-', '−');
  const rounded = Number(value.toPrecision(digits));
  if (Math.abs(rounded) >= 1e-4 && Math.abs(rounded) < 1e9) return String(rounded).replace('-', '−');
  const [front, power] = rounded.toExponential().split('e');
  return `${front.replace('-', '−')}e${power[0]}${power.slice(1).padStart(2, '0')}`;
}

/** What stands in a cell of a column of this kind. @param {number | string | boolean | null} value @param {string} kind */
export function textOf(value, kind) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value !== 'number') return String(value);
  if (kind === 'delta') return value > 0 ? `+${number(value)}` : number(value);
  return kind === 'metric' ? number(value) : number(value, 4);
}

/** `better`, `worse` or nothing, for a difference to the baseline. */
export function verdict(value, better) {
  if (typeof value !== 'number' || !value || better === 'neither') return '';
  return value > 0 === (better === 'higher') ? 'better' : 'worse';
}

/** The path of a small curve, with gaps where there is no number; a point alone is a dot. @param {(number | null)[]} values */
export function sparkPath(values, width, height) {
  const there = values.filter(Number.isFinite);
  const low = Math.min(...there), span = Math.max(...there) - low;
  const x = place => (values.length < 2 ? width / 2 : (place / (values.length - 1)) * width);
  const y = value => (span > 0 ? height - ((value - low) / span) * height : height / 2);
  let path = '', before = false;
  values.forEach((value, place) => {
    const here = Number.isFinite(value);
    if (here) path += `${before ? 'L' : 'M'}${x(place).toFixed(1)} ${y(value).toFixed(1)}`;
    if (here && !before && !Number.isFinite(values[place + 1])) path += 'h0';
    before = here;
  });
  return path;
}

/** The rows to have in the page, [from, until). */
export function inView(scrollTop, height, rowHeight, count) {
  if (count <= MANY) return [0, count];
  const top = Math.min(Math.max(0, scrollTop), Math.max(0, count * rowHeight - height)) / rowHeight;
  const from = Math.max(0, Math.floor((top - AROUND) / STEP) * STEP);
  return [from, Math.min(count, from + Math.ceil(height / rowHeight / STEP + 1) * STEP + 2 * AROUND)];
}

/** How many narrow letters are as wide as `text`: those of Chinese are two. @param {string} text */
export const breadth = text => text.length + (text.match(/[\u2e80-\u9fff\uf900-\ufaff\uff00-\uff60]/g)?.length ?? 0);

/** When it began, local time; short. @param {string} iso */
export function startedText(iso) {
  const date = new Date(iso);
  if (!iso || Number.isNaN(date.getTime())) return '';
  const two = n => String(n).padStart(2, '0');
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}`;
}

/** Texts that a person parted by commas: each once, none empty. */
export const listed = text => [...new Set(text.split(',').map(one => one.trim()).filter(Boolean))];

export const isSame = (a, b) => a.length === b.length && a.every((one, place) => one === b[place]);

/** Whether two heads have the same columns; how they are sorted is another matter. */
export const hasSameColumns = (a, b) => isSame(a.columns, b.columns) && isSame(a.kinds, b.kinds);
