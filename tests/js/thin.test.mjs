import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSorted, thin, visible } from '../../astuner_nb/live_figure/page/thin.mjs';

const range = n => Float64Array.from({ length: n }, (_, i) => i);
const wave = (n, f) => Float64Array.from({ length: n }, (_, i) => f(i));

/** A small generator with a seed, so that a failure can be repeated. */
function random(seed) {
  return () => { seed = (seed * 1664525 + 1013904223) % 4294967296; return seed / 4294967296; };
}

test('a short line is drawn as it is', () => {
  assert.equal(thin(wave(400, Math.sin), [0, 400], 100), null);
});

test('a long line keeps the highest and lowest point of every bucket', () => {
  const y = wave(10_000, i => Math.sin(i / 50));
  y[1234] = 99;
  y[8765] = -99;
  const kept = thin(y, [0, y.length], 100);
  assert.ok(kept.length <= 202, `${kept.length} kept`);
  for (let b = 0; b < 100; b++) {
    const bucket = y.subarray(b * 100, b * 100 + 100);
    const drawn = kept.filter(i => i >= b * 100 && i < b * 100 + 100).map(i => y[i]);
    assert.ok(drawn.includes(Math.max(...bucket)) && drawn.includes(Math.min(...bucket)));
  }
});

test('first and last point stay, in order and without doubles', () => {
  const next = random(7);
  for (let round = 0; round < 50; round++) {
    const y = wave(401 + Math.floor(next() * 5000), () => (next() < 0.02 ? NaN : next()));
    const kept = thin(y, [0, y.length], 100);
    assert.equal(kept[0], 0);
    assert.equal(kept.at(-1), y.length - 1);
    assert.ok(kept.every((index, k) => k === 0 || index > kept[k - 1]));
  }
});

test('no line is drawn across a gap that is longer than a bucket, and none is invented', () => {
  const next = random(11);
  for (let round = 0; round < 50; round++) {
    const y = wave(5000, () => next());
    const start = Math.floor(next() * 4000);
    y.fill(NaN, start, start + 51 + Math.floor(next() * 500));
    const kept = thin(y, [0, y.length], 100);
    for (let k = 1; k < kept.length; k++) {
      const [a, b] = [kept[k - 1], kept[k]];
      const crossesGap = y.subarray(a + 1, b).some(Number.isNaN);
      assert.ok(!crossesGap || Number.isNaN(y[a]) || Number.isNaN(y[b]), `line from ${a} to ${b}`);
    }
    assert.ok(kept.some(i => Number.isNaN(y[i])));
  }
});

test('a single missing point on a bucket border is a gap too, and so is infinity', () => {
  for (const hole of [NaN, Infinity]) {
    const y = wave(1000, i => i % 7);
    y[500] = hole;
    assert.ok(thin(y, [0, 1000], 100).includes(500));
  }
});

test('in a window every visible point is there when they are few', () => {
  const kept = new Set(thin(wave(10_000, Math.sin), [4000, 4080], 100));
  for (let i = 4000; i < 4080; i++) assert.ok(kept.has(i));
});

test('what is outside of the window still tells the axes how far the data goes', () => {
  const y = wave(10_000, Math.sin);
  y[17] = 50;
  y[9990] = -50;
  const kept = thin(y, [4000, 6000], 100);
  for (const index of [0, 17, 9990, 9999, 4000, 5999]) assert.ok(kept.includes(index), `${index} is kept`);
  assert.ok(kept.filter(i => i < 4000 || i >= 6000).length < 12);
});

test('the visible window has one more point each side', () => {
  const x = range(100);
  assert.deepEqual(visible(x, [10.5, 20.5]), [10, 22]);
  assert.deepEqual(visible(x, [20, 10]), [9, 22]);
  assert.deepEqual(visible(x, [-50, 500]), [0, 100]);
  assert.deepEqual(visible(x, null), [0, 100]);
});

test('sorted means never back and no gaps; repeats are fine', () => {
  assert.ok(isSorted(Float64Array.of(1, 1, 2)));
  assert.ok(isSorted(new Float64Array(0)));
  assert.ok(!isSorted(Float64Array.of(1, 3, 2)));
  assert.ok(!isSorted(Float64Array.of(1, NaN, 2)));
  assert.ok(!isSorted(Float64Array.of(NaN)));
});
