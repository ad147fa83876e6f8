import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  afterClick, alike, axisOf, brushed, dragged, jitter, moved, nearestLine, nearestPoint, thinned, unit, units, valueText,
} from '../../astuner_nb/widgets/mattered_page/shapes.mjs';

const axis = (values, more = {}) => {
  const there = values.filter(value => !Number.isNaN(value));
  return { name: 'x', kind: 'linear', log: false, low: Math.min(...there), high: Math.max(...there), missing: 0, ticks: [], values: Float64Array.from(values), ...more };
};
const near = (found, wanted) => found.forEach((one, index) => assert.ok(Math.abs(one - wanted[index]) < 1e-12, `${found}`));

test('values come as bytes at any offset', () => {
  const bytes = new Uint8Array(4 + 16);
  bytes.set(new Uint8Array(Float64Array.of(1.5, NaN).buffer), 4);
  const found = axisOf({ name: 'lr', values: new DataView(bytes.buffer, 4, 16) });
  assert.deepEqual([...found.values], [1.5, NaN]);
  assert.equal(axisOf({}), null);
});

test('units go from the lowest to the highest, by ratios on a log axis', () => {
  near(units(axis([2, 4, 3])), [0, 1, 0.5]);
  near(units(axis([1e-6, 1e-4, 1e-5], { log: true })), [0, 1, 0.5]);
  near(units(axis([-1.7e308, 1.7e308, 0])), [0, 1, 0.5]);
  assert.equal(unit(axis([3, 3]), 3), 0.5);
  assert.ok(Number.isNaN(units(axis([1, NaN, 2]))[1]) && Number.isNaN(unit(axis([3, 3]), NaN)));
});

test('of crowded ticks the ends stay', () => {
  const ticks = [0, 3, 20, 28, 30].map(at => ({ at, text: `${at}` }));
  assert.deepEqual(thinned(ticks, 10).map(tick => tick.at), [0, 20, 30]);
  assert.deepEqual(thinned([{ at: 5, text: 'one' }], 10).length, 1);
  assert.deepEqual(thinned([{ at: 5, text: 'a' }, { at: 6, text: 'b' }], 10).map(tick => tick.text), ['a']);
  assert.deepEqual(thinned([], 10), []);
});

test('brushes select what lies in all of them, never what is missing', () => {
  const columns = new Map([['a', Float64Array.of(0, 0.5, 1, NaN)], ['b', Float64Array.of(0, 0, 1, 0)]]);
  assert.equal(brushed(new Map(), columns, 4), null);
  assert.deepEqual(brushed(new Map([['a', [0, 1]]]), columns, 4), [0, 1, 2]);
  assert.deepEqual(brushed(new Map([['a', [0.5, 1]], ['b', [0, 0.2]]]), columns, 4), [1]);
  assert.deepEqual(brushed(new Map([['gone', [0, 0]]]), columns, 2), [0, 1]);
});

test('a drag makes, moves or widens a brush, and stays on the axis', () => {
  assert.deepEqual(dragged(undefined, 0.8, 0.2, 0.02), [0.2, 0.8]);
  assert.deepEqual(dragged(undefined, -0.5, 1.5, 0.02), [0, 1]);
  near(dragged([0.4, 0.6], 0.5, 0.7, 0.02), [0.6, 0.8]);
  near(dragged([0.4, 0.6], 0.6, 0.9, 0.02), [0.4, 0.9]);
  near(dragged([0.4, 0.6], 0.4, 0.9, 0.02), [0.6, 0.9]);
  assert.deepEqual(dragged([0.4, 0.6], 0.9, 1, 0.02), [0.9, 1]);
  near(moved([0.4, 0.6], 5), [0.8, 1]);
  near(moved([0.4, 0.6], -5), [0, 0.2]);
});

test('the line under the pointer is found between axes and at their ends', () => {
  const xs = [0, 100, 200], ys = [[0, 100], [0, 100], [100, 0]].map(column => Float64Array.from(column));
  assert.equal(nearestLine(xs, ys, 50, 3, 7), 0);
  assert.equal(nearestLine(xs, ys, 50, 97, 7), 1);
  assert.equal(nearestLine(xs, ys, 175, 76, 7), 0);
  assert.equal(nearestLine(xs, ys, 50, 50, 7), null);
  assert.equal(nearestLine(xs, ys, -20, 99, 7), 1);
  assert.equal(nearestLine(xs, ys, 230, 99, 7), 0);
  assert.equal(nearestLine(xs, ys, 50, 3, 7, [1]), null);
  assert.equal(nearestLine([], [], 0, 0, 7), null);
  assert.equal(nearestLine([50], [Float64Array.of(10, 20)], 40, 19, 7), 1);
});

test('the point under the pointer is the nearest one', () => {
  assert.equal(nearestPoint([0, 5], [0, 0], 4, 1, 10), 1);
  assert.equal(nearestPoint([0, 5], [0, 0], 40, 1, 10), null);
});

test('a click selects, a second one lets go, a modifier adds', () => {
  assert.deepEqual(afterClick([], 3, false), [3]);
  assert.deepEqual(afterClick([3], 3, false), []);
  assert.deepEqual(afterClick([1, 3], 3, false), [3]);
  assert.deepEqual(afterClick([1], 3, true), [1, 3]);
  assert.deepEqual(afterClick([1, 3], 3, true), [1]);
  assert.deepEqual(afterClick([1], null, false), []);
  assert.deepEqual(afterClick([1], null, true), [1]);
});

test('small things', () => {
  assert.ok(alike([1, 2], [2, 1]) && !alike([1], [1, 2]) && !alike([1, 2], [1, 3]) && alike([], []));
  for (let run = 0; run < 1000; run++) assert.ok(Math.abs(jitter(run)) <= 1);
  assert.equal(valueText(axis([16384.5, NaN]), 0), '16384.5');
  assert.equal(valueText(axis([1e-5, 0]), 0), '1e-5');
  assert.equal(valueText(axis([1e-5, 0]), 1), '0');
  assert.equal(valueText(axis([1, NaN]), 1), '–');
  assert.equal(valueText(axis([0.123456], { kind: 'outcome' }), 0), '0.1235');
  assert.equal(valueText(axis([1], { kind: 'category', ticks: [[0, 'a'], [1, 'b']] }), 0), 'b');
});
