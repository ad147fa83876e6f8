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
  const box = Object.assign(new EventTarget(), { clientWidth: 800, style: {}, on() {}, contains: () => true });
  const drawn = [];
  const plotly = {
    purged: 0,
    purge() { this.purged++; },
    async react(target, traces, layout) {
      drawn.push({ traces, layout });
      target._fullLayout = { width: layout.width, _size: { w: 700 }, xaxis: { autorange: true } };
      await react?.(drawn.length);
    },
  };
  const figure = { store: { data, layout: {} }, options: { height: 300, config: {} }, edited() {}, send() {}, wanted: () => false };
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
