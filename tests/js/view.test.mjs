import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

// The few things of a browser that a view touches; frames run when the test says so.
let frames, observers;
beforeEach(() => {
  frames = [];
  observers = [];
  const observer = class {
    constructor(notify) { this.notify = notify; this.on = true; observers.push(this); }
    observe() {}
    disconnect() { this.on = false; }
  };
  Object.assign(globalThis, {
    ResizeObserver: observer,
    MutationObserver: observer,
    requestAnimationFrame: draw => frames.push(draw),
    cancelAnimationFrame: () => { frames.length = 0; },
    window: new EventTarget(),
    document: { body: { dataset: { jpThemeLight: 'true' }, classList: { contains: () => false } } },
  });
});
const { View } = await import('../../astuner_nb/live_figure/page/view.mjs');

const settle = () => new Promise(go => setTimeout(go, 0));
const runFrames = async () => { frames.splice(0).forEach(draw => draw()); await settle(); };

function open({ react, data = [{ x: [1], y: [2] }] } = {}) {
  const box = Object.assign(new EventTarget(), { clientWidth: 800, style: {}, heard: {}, on(name, hear) { this.heard[name] = hear; }, contains: () => true, setAttribute() {}, querySelector: () => null });
  const drawn = [];
  const plotly = {
    purged: 0,
    purge() { this.purged++; },
    Fx: { hover() {}, unhover() {} },
    async react(target, traces, layout) {
      drawn.push({ traces, layout });
      target._fullLayout = { width: layout.width, _size: { w: 700 }, xaxis: { autorange: true } };
      await react?.(drawn.length);
    },
  };
  const figure = { store: { data, layout: {} }, options: { height: 300, config: {} }, edited() {}, drawn() {}, send() {}, wanted: () => false };
  const view = new View(plotly, box, figure);
  view.changed();
  return { view, box, plotly, figure, drawn };
}

test('many changes before a frame are one drawing', async () => {
  const { view, drawn } = open();
  for (let k = 0; k < 50; k++) view.changed();
  await runFrames();
  assert.equal(drawn.length, 1);
});

test('nothing is drawn while a drawing runs; what came meanwhile is drawn after it', async () => {
  let finish;
  const { view, drawn } = open({ react: n => (n === 1 ? new Promise(go => { finish = go; }) : null) });
  await runFrames();
  view.changed();
  await runFrames();
  assert.equal(drawn.length, 1);
  finish();
  await settle();
  await runFrames();
  assert.equal(drawn.length, 2);
});

test('a drawing that fails does not freeze the figure', async t => {
  t.mock.method(console, 'warn', () => {});
  const { view, drawn } = open({ react: n => { if (n === 1) throw new Error('no'); } });
  await runFrames();
  view.changed();
  await runFrames();
  assert.equal(drawn.length, 2);
});

test('nothing is drawn under a drag; what came meanwhile is drawn after it', async () => {
  const { view, box, drawn } = open();
  await runFrames();
  box.dispatchEvent(new Event('pointerdown'));
  view.changed();
  await runFrames();
  assert.equal(drawn.length, 1);
  window.dispatchEvent(new Event('pointerup'));
  await settle();
  await runFrames();
  assert.equal(drawn.length, 2);
});

test('a button released outside of the window ends the drag too', async () => {
  const { view, box, drawn } = open();
  await runFrames();
  box.dispatchEvent(new Event('pointerdown'));
  view.changed();
  window.dispatchEvent(Object.assign(new Event('pointermove'), { buttons: 0 }));
  await settle();
  await runFrames();
  assert.equal(drawn.length, 2);
});

test('without a size it waits, and draws when it gets one', async () => {
  const { view, box, drawn } = open();
  box.clientWidth = 0;
  await runFrames();
  assert.equal(drawn.length, 0);
  box.clientWidth = 500;
  observers[0].notify();
  await runFrames();
  assert.equal(drawn[0].layout.width, 500);
  assert.equal(view.dirty, false);
  clearTimeout(view.waiting);
});

test('layout of the figure comes before our own, and the figure itself is not touched', async () => {
  const { figure, drawn, view } = open();
  figure.store.layout = { height: 111, uirevision: 'mine', xaxis: { range: [0, 1] } };
  await runFrames();
  assert.equal(drawn[0].layout.height, 111);
  assert.equal(drawn[0].layout.uirevision, 'mine');
  drawn[0].layout.xaxis.range[0] = 99;
  assert.equal(figure.store.layout.xaxis.range[0], 0);
  document.body.dataset.jpThemeLight = 'false';
  view.changed();
  await runFrames();
  assert.notEqual(drawn[1].layout.template.layout.font.color, drawn[0].layout.template.layout.font.color);
});

test('a long line is drawn thin, from the same arrays until something changes', async () => {
  const x = Float64Array.from({ length: 5000 }, (_, i) => i), y = x.map(Math.sin);
  const { view, drawn, figure } = open({ data: [{ x, y }, { x, y, text: Array(5000).fill('t') }] });
  await runFrames();
  view.changed();
  await runFrames();
  assert.ok(drawn[0].traces[0].y.length < 1000);
  assert.equal(drawn[0].traces[0].y, drawn[1].traces[0].y);
  assert.equal(drawn[0].traces[1].y.length, 5000); // it has a text for each point
  figure.store.data[0].y = y.slice();
  view.changed();
  await runFrames();
  assert.notEqual(drawn[2].traces[0].y, drawn[1].traces[0].y);
});

test('numbers of four bytes are thinned too', async () => {
  const x = Float32Array.from({ length: 5000 }, (_, i) => i);
  const { drawn } = open({ data: [{ x, y: x.map(Math.sin) }] });
  await runFrames();
  assert.ok(drawn[0].traces[0].y.length < 1000);
});

test('a hidden trace stays behind; the others keep their numbers and their names for plotly.js', async () => {
  const data = [{ y: [0] }, { y: [1], visible: false }, { y: [2] }, { y: [3], visible: 'legendonly', name: 'c' }];
  const { view, box, figure, drawn } = open({ data });
  const heard = [];
  Object.assign(figure, { edited: (...edit) => heard.push(edit), wanted: () => true, send: message => heard.push(message) });
  await runFrames();
  assert.deepEqual(drawn[0].traces.map(t => [t.y[0], t.name]), [[0, 'trace 0'], [2, 'trace 2'], [3, 'c']]);
  box.heard.plotly_restyle([{ visible: ['legendonly', true] }, [1, 2]]);
  assert.deepEqual(heard.pop(), [{}, { visible: ['legendonly', true] }, [2, 3]]);
  box.heard.plotly_hover({ points: [{ curveNumber: 1, pointNumber: 0, x: 5, y: 6 }], event: {} });
  assert.deepEqual(heard.pop().points, [{ trace: 2, index: 0, x: 5, y: 6 }]);
  data[1].visible = true;
  view.changed();
  await runFrames();
  const uids = drawn.map(({ traces }) => Object.fromEntries(traces.map(t => [t.y[0], t.uid])));
  assert.equal(new Set(Object.values(uids[1])).size, 4);
  for (const y of [0, 2, 3]) assert.equal(uids[0][y], uids[1][y]);
});

test('a chosen template counts the traces, so all of them are handed over', async () => {
  const { figure, drawn } = open({ data: [{ y: [0], visible: false }, { y: [1] }] });
  figure.store.layout = { template: { data: {} } };
  await runFrames();
  assert.equal(drawn[0].traces.length, 2);
});

test('a range that plotly.js found stays, one that somebody chose and took back goes', async () => {
  const { view, box, figure, drawn } = open();
  await runFrames();
  box._fullLayout.xaxis = { autorange: true, range: [0, 9] };
  view.changed();
  await runFrames();
  assert.deepEqual(drawn[1].layout.xaxis, { autorange: true, range: [0, 9] });
  box._fullLayout.xaxis = { autorange: false, range: [2, 3], r2l: Number };
  view.changed();
  await runFrames();
  assert.deepEqual(drawn[2].layout.xaxis, { autorange: true });
  figure.store.layout = { xaxis: { range: [4, 5] } };
  view.changed();
  await runFrames();
  assert.deepEqual(drawn[3].layout.xaxis, { range: [4, 5] });
});

test('a picture that leaves has paper of the theme, or its own', async () => {
  const { view, box, plotly, figure } = open();
  const saved = [];
  plotly.downloadImage = async (picture, how) => saved.push([picture.layout.paper_bgcolor, how]);
  await runFrames();
  Object.assign(box, { data: [], layout: {}, _fullLayout: { width: 800, height: 300 } });
  await view.download({ format: 'png', name: 'reward' });
  assert.deepEqual(saved.pop(), ['#ffffff', { format: 'png', filename: 'reward', width: 800, height: 300, scale: 2 }]);
  document.body.dataset.jpThemeLight = 'false';
  await view.download({ format: 'svg', name: 'reward' });
  assert.equal(saved.pop()[0], '#111111');
  box.layout = { paper_bgcolor: 'red' };
  await view.download({ format: 'svg', name: 'reward' });
  assert.equal(saved.pop()[0], 'red');
  figure.store.layout = { template: {} };
  box.layout = {};
  await view.download({ format: 'svg', name: 'reward' });
  assert.equal(saved.pop()[0], undefined);
});

test('closing leaves nothing behind, also in the middle of a drawing', async () => {
  let finish;
  const { view, box, plotly, drawn } = open({ react: () => new Promise(go => { finish = go; }) });
  await runFrames();
  view.close();
  assert.equal(plotly.purged, 0);
  finish();
  await settle();
  assert.equal(plotly.purged, 1);
  assert.ok(observers.every(observer => !observer.on));
  box.dispatchEvent(new Event('pointerdown'));
  view.changed();
  await runFrames();
  assert.equal(drawn.length, 1);
  assert.equal(view.dragging, false);
});
