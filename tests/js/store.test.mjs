import assert from 'node:assert/strict';
import { test } from 'node:test';
import { layoutEdits, nearestFirst, pathOf, pointEvent, xEdits } from '../../astuner_nb/live_figure/page/events.mjs';
import { Growing } from '../../astuner_nb/live_figure/page/growing.mjs';
import { assign, Store } from '../../astuner_nb/live_figure/page/store.mjs';
import { pack, unpack } from '../../astuner_nb/live_figure/page/wire.mjs';

const buffer = (...values) => new DataView(Float64Array.from(values).buffer);
const store = (...data) => new Store({ seq: 4, data, layout: {} });
const points = (seq, o, x, y, i = 0) => [{ op: 'points', seq, i: [i], o: [o], n: [x.length] }, [buffer(...x), buffer(...y)]];
const columns = ({ x, y }) => [Array.from(x), Array.from(y)];

test('growing writes at an offset, twice if need be, and keeps what is there', () => {
  const growing = new Growing([1, null, 3]);
  assert.ok(Number.isNaN(growing.view[1]));
  growing.put(3, Float64Array.of(4, 5));
  growing.put(3, Float64Array.of(4, 5));
  growing.put(5, new Float64Array(1000).fill(7));
  assert.equal(growing.view.length, 1005);
  assert.deepEqual([growing.view[0], growing.view[4], growing.view[1004]], [1, 5, 7]);
});

test('points are appended to the right traces', () => {
  const s = store({ x: [1], y: [10] }, { name: 'b' });
  const message = { op: 'points', seq: 5, i: [0, 1], o: [1, 0], n: [2, 1] };
  assert.ok(s.apply(message, [buffer(2, 3, 9), buffer(20, 30, 90)]));
  assert.deepEqual(columns(s.data[0]), [[1, 2, 3], [10, 20, 30]]);
  assert.deepEqual(columns(s.data[1]), [[9], [90]]);
});

test('a missing message is noticed, whatever it was', () => {
  const s = store({ x: [1], y: [10] });
  assert.ok(s.apply({ op: 'set', seq: 5, traces: [], layout: [] }));
  assert.equal(s.apply({ op: 'set', seq: 7, traces: [], layout: [] }), false);
  assert.equal(s.apply(...points(6, 3, [2], [20])), false); // a hole in the trace
  assert.equal(s.apply(...points(6, 0, [2], [20], 8)), false); // a trace that is not there
  assert.equal(s.seq, 5);
  assert.deepEqual(columns(s.data[0]), [[1], [10]]);
});

test('a message that the state already has is not applied again', () => {
  const s = store({ x: [1], y: [10] });
  assert.ok(s.apply({ op: 'keep', seq: 4, i: [] }));
  assert.equal(s.data.length, 1);
});

test('points that overlap what is there are harmless', () => {
  const s = store({ x: [1, 2], y: [10, 20] });
  s.apply(...points(5, 1, [2, 3], [20, 30]));
  assert.deepEqual(columns(s.data[0]), [[1, 2, 3], [10, 20, 30]]);
});

test('points go on after y was replaced, and after traces were moved and removed', () => {
  const s = store({ x: [1], y: [10] }, { x: [5], y: [50] });
  s.apply(...points(5, 1, [6], [60], 1));
  s.apply({ op: 'keep', seq: 6, i: [1, 0] });
  s.apply(...points(7, 2, [7], [70], 0));
  s.apply({ op: 'set', seq: 8, traces: [[0, ['x'], [1]], [0, ['y'], [2]]], layout: [] });
  s.apply(...points(9, 1, [2], [3], 0));
  assert.deepEqual(columns(s.data[0]), [[1, 2], [2, 3]]);
  assert.deepEqual(s.data[1].y, [10]);
});

test('edits reach deep properties, and null takes them away', () => {
  const s = store({ marker: { size: 3, color: 'red' } });
  const traces = [[0, ['marker', 'color'], null], [0, ['line', 'width'], 2]];
  s.apply({ op: 'set', seq: 5, traces, layout: [[['title', 'text'], 'reward'], [['shapes', 1, 'x0'], 3]] });
  assert.deepEqual(s.data[0], { marker: { size: 3 }, line: { width: 2 } });
  assert.deepEqual(s.layout.title, { text: 'reward' });
  assert.equal(s.layout.shapes[1].x0, 3);
});

test('new traces arrive with their arrays', () => {
  const s = store();
  s.apply({ op: 'add', seq: 5, traces: [{ name: 'new', y: { nd: 'float64', at: 0 } }] }, [buffer(1, 2)]);
  assert.deepEqual(Array.from(s.data[0].y), [1, 2]);
});

test('the state keeps up: a notebook saved now has all points, zoom and edits', () => {
  const state = { seq: 4, data: [{ x: [1], y: [10] }], layout: {} };
  const s = new Store(state);
  s.apply(...points(5, 1, [2], [20]));
  s.relayout({ 'xaxis.range': [0, 9] });
  s.restyle({ visible: ['legendonly'] }, [0]);
  // As ipywidgets saves it: of a view on a buffer, the whole buffer.
  for (const array of Object.values(state.data[0])) if (array.b) array.b = new DataView(array.b.buffer.slice(0));
  const again = new Store(structuredClone(state));
  assert.deepEqual(columns(again.data[0]), [[1, 2], [10, 20]]);
  assert.equal(again.data[0].visible, 'legendonly');
  assert.deepEqual(again.layout.xaxis.range, [0, 9]);
  assert.equal(again.seq, 5);
});

test('nothing is packed until somebody asks', t => {
  const state = { seq: 4, data: [{ x: [1], y: [10] }], layout: {} }, s = new Store(state);
  const packed = t.mock.method(Object, 'entries'); // packing looks into every trace
  for (let seq = 5; seq < 50; seq++) s.apply({ op: 'set', seq, traces: [[0, ['name'], `n${seq}`]], layout: [] });
  assert.equal(packed.mock.callCount(), 0);
  assert.equal(state.data[0].name, 'n49');
  assert.equal(JSON.parse(JSON.stringify(state)).seq, 49);
});

test('arrays survive packing, all kinds of them', () => {
  for (const Kind of [Float64Array, Float32Array, Int32Array, Int16Array, Int8Array, Uint32Array, Uint16Array, Uint8Array]) {
    const back = unpack(pack({ deep: [{ a: Kind.of(1, 2, 3) }] })).deep[0].a;
    assert.ok(back instanceof Kind);
    assert.deepEqual([...back], [1, 2, 3]);
  }
  assert.equal(unpack(null), null);
  assert.deepEqual(unpack({ dtype: 'f8', bdata: 'AA==' }), { dtype: 'f8', bdata: 'AA==' }); // plotly's own form stays
});

test('assigning null on a path that is not there makes nothing', () => {
  const root = {};
  assign(root, ['a', 'b', 'c'], null);
  assert.deepEqual(root, {});
});

test('a hostile path cannot reach the prototype of all objects', () => {
  assign({}, ['__proto__', 'polluted'], 1);
  assign({}, ['constructor', 'prototype', 'polluted'], 1);
  assert.equal({}.polluted, undefined);
});

test('a zoom fixes the range, a reset frees it, sizes are not the figure\'s business', () => {
  const full = { xaxis: { range: [1, 2] }, yaxis2: { range: [3, 4] } };
  assert.deepEqual(layoutEdits({ 'xaxis.range[0]': 1, 'xaxis.range[1]': 2, autosize: true }, full), {
    'xaxis.range': [1, 2], 'xaxis.autorange': false,
  });
  assert.deepEqual(layoutEdits({ 'yaxis2.range': [3, 4] }, full), { 'yaxis2.range': [3, 4], 'yaxis2.autorange': false });
  assert.deepEqual(layoutEdits({ 'xaxis.autorange': true }, full), { 'xaxis.range': null, 'xaxis.autorange': true });
  assert.deepEqual(layoutEdits({ dragmode: 'pan' }, full), { dragmode: 'pan' });
  assert.deepEqual(layoutEdits(undefined, full), {});
});

test('paths of plotly.js', () => {
  assert.deepEqual(pathOf('shapes[0].x0'), ['shapes', 0, 'x0']);
  assert.deepEqual(pathOf('title'), ['title']);
});

test('a click is sent with true indexes and without the event itself', () => {
  const event = { event: { shiftKey: true }, points: [{ curveNumber: 1, pointNumber: 3, x: 5, y: 6, data: {} }] };
  const sent = pointEvent('click', event, { trace: curve => curve, point: (curve, point) => curve * 100 + point });
  assert.deepEqual(sent.points, [{ trace: 1, index: 103, x: 5, y: 6 }]);
  assert.equal(sent.device.shift, true);
  assert.deepEqual(pointEvent('deselect', undefined).points, []);
});

const axes = (slope = 1) => ({ xaxis: { _offset: 50, d2p: x => 10 * x }, yaxis: { _offset: 20, d2p: y => 200 - 10 * slope * y } });
const hit = (curveNumber, x, y, more = {}) => ({
  curveNumber, x, y, pointNumber: 0, data: { x: [x], y: [y] }, fullData: { type: 'scatter', mode: 'lines' }, ...axes(), ...more,
});
const click = (x, y, points) => nearestFirst({ event: { clientX: x + 7, clientY: y + 3 }, points }, { left: 7, top: 3 });
const curves = points => points.map(point => point.curveNumber);

test('a click\'s points are sorted by their distance to the pointer, in both directions', () => {
  const points = [hit(0, 5, 1), hit(1, 5, 9), hit(2, 5, 4), hit(3, 6, 9)];
  assert.deepEqual(curves(click(50 + 50, 20 + 110, points)), [1, 3, 2, 0]);
  assert.deepEqual(curves(click(50 + 50, 20 + 162, points)), [2, 0, 1, 3]);
  assert.equal(points[0].curveNumber, 0); // plotly.js's own list is left alone
});

test('a click between two points means the line that joins them', () => {
  const steep = hit(0, 0, 0, { data: { x: [0, 10], y: [0, 10] } });
  const near = hit(1, 4, 0, { data: { x: [4], y: [0] } });
  assert.deepEqual(curves(click(50 + 50, 20 + 150, [near, steep])), [0, 1]);
  const markers = { ...steep, fullData: { type: 'scatter', mode: 'markers' } };
  assert.deepEqual(curves(click(50 + 50, 20 + 150, [markers])), []);
  const last = { ...steep, x: 10, y: 10, pointNumber: 1, data: { x: [0, 5, NaN], y: Float32Array.of(0, 5, 1) } };
  assert.deepEqual(curves(click(50 + 100, 20 + 100, [last])), [0]);
});

test('a click on a marker means it and not the line below it, as far as it reaches', () => {
  const line = hit(0, 5, 5, { data: { x: [0, 10], y: [5, 5] } });
  const fullData = { type: 'scatter', mode: 'markers', zorder: 10, marker: { size: [4, 12] } };
  const star = hit(1, 5, 5, { fullData, 'marker.size': 12 });
  const [x, y] = [line.xaxis._offset + line.xaxis.d2p(5), line.yaxis._offset + line.yaxis.d2p(5)];
  assert.deepEqual(curves(click(x + 5, y, [line, star])), [1, 0]);
  assert.deepEqual(curves(click(x, y + 5, [line, star])), [1, 0]);
  assert.deepEqual(curves(click(x, y + 9, [star])), [1]);
  assert.deepEqual(curves(click(x + 12, y, [line, star])), [0, 1]);
});

test('a click passes over a trace that cannot be picked', () => {
  const bar = hit(1, 5, 5, { fullData: { type: 'scatter', mode: 'lines', meta: 'unpickable' } });
  assert.deepEqual(curves(click(50 + 50, 20 + 150, [bar, hit(0, 5, 4)])), [0]);
  assert.deepEqual(click(50 + 50, 20 + 150, [bar]), []);
});

test('a click on a plain place, or without points, is none', () => {
  assert.deepEqual(click(50 + 50, 20 + 80, [hit(0, 5, 1)]), []);
  assert.deepEqual(click(50 + 50, 20 + 80, []), []);
  assert.deepEqual(click(50 + 50, 20 + 80, [hit(0, 5, null, { y: NaN })]), []);
});

test('what is no line was hit as a whole, and a stack where it is drawn', () => {
  assert.deepEqual(curves(click(0, 0, [hit(0, 5, 1, { fullData: { type: 'bar' } })])), [0]);
  const stacked = { fullData: { type: 'scatter', mode: 'lines', stackgroup: 'one' }, xPixel: 100, yPixel: 60 };
  assert.deepEqual(curves(click(100, 61, [hit(1, 5, 1, stacked)])), [1]);
});

test('linked figures share what concerns x and nothing else', () => {
  const edits = { 'xaxis.range': [1, 2], 'xaxis2.autorange': true, 'yaxis.range': [3, 4], dragmode: 'pan', 'xaxis.title.text': 'x' };
  assert.deepEqual(xEdits(edits), { 'xaxis.range': [1, 2], 'xaxis2.autorange': true });
});
