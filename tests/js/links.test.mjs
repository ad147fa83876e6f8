import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { join } from '../../astuner_nb/live_figure/page/links.mjs';
import { Member } from '../../astuner_nb/live_figure/page/member.mjs';

const KEY = Symbol.for('astuner.links.1');
const settle = () => new Promise(go => setTimeout(go, 0));
let frames, clock;
beforeEach(t => {
  frames = [];
  clock = 0;
  globalThis.requestAnimationFrame = draw => frames.push(draw);
  t.mock.method(performance, 'now', () => clock);
});
const runFrame = () => { clock += 1000; frames.splice(0).forEach(draw => draw()); };

/** A view whose picture is `full`, its figure and its member; what was done to it is in `done`. */
function view({ layout = {}, full = { xaxis: { type: 'linear' } }, link = 'a', free = true, figure } = {}) {
  const done = { edited: [], hovered: [], unhovered: 0 };
  figure ??= { options: { link }, store: { layout }, edited: edits => done.edited.push(edits) };
  const plot = { xaxis: { c2p: x => x }, yaxis: { _length: 100 } };
  const box = { _fullLayout: full && { ...full, _plots: { xy: plot } } };
  const Fx = { hover: (_, event) => { clock += done.cost ?? 0; done.hovered.push(event.xval); }, unhover: () => { done.unhovered++; } };
  const member = new Member({ figure, box, plotly: { Fx }, free: () => free });
  member.relink();
  return { member, figure, box, done };
}
const at = x => ({ points: [{ x, xaxis: { d2c: Number } }] });
const ZOOM = { 'xaxis.range': [1, 2], 'xaxis.autorange': false };

test('a zoom reaches all others of the link once, and nobody else', () => {
  const [a, b, c] = [view(), view(), view()];
  const twice = view({ figure: b.figure }), own = view({ figure: a.figure }), stranger = view({ link: 'b' }), alone = view({ link: '' });
  a.member.zoomed(ZOOM);
  assert.deepEqual([b, c].map(one => one.done.edited), [[ZOOM], [ZOOM]]);
  for (const one of [a, twice, own, stranger, alone]) assert.deepEqual(one.done.edited, []);
});

test('an edit of y, or none, is nobody else\'s business', () => {
  const [a, b] = [view(), view()];
  a.member.zoomed({});
  assert.deepEqual(b.done.edited, []);
});

test('a range that is there already is not set again, so that two figures never answer each other', () => {
  const a = view(), b = view({ layout: { xaxis: { range: [1, 2], autorange: false } } });
  b.figure.edited = edits => { b.done.edited.push(edits); b.member.zoomed(edits); };
  a.member.zoomed(ZOOM);
  assert.deepEqual(b.done.edited, []);
});

test('axes that mean something else keep their range', () => {
  const a = view(), date = view({ full: { xaxis: { type: 'date' } } }), without = view({ full: { xaxis2: { type: 'linear' } } });
  const undrawn = view({ full: null }), dateUndrawn = view({ full: null, layout: { xaxis: { type: 'date' } } });
  a.member.zoomed(ZOOM);
  assert.deepEqual([date, without, dateUndrawn].map(one => one.done.edited), [[], [], []]);
  assert.deepEqual(undrawn.done.edited, [ZOOM]);
});

test('who comes later takes over the range of the first, unless nobody chose one', () => {
  view();
  assert.deepEqual(view().done.edited, []);
  view({ link: 'b', layout: { xaxis: { range: [1, 2] }, xaxis2: {}, yaxis: { range: [5, 6] } } });
  assert.deepEqual(view({ link: 'b', full: null }).done.edited, [ZOOM]);
});

test('at most one hover a frame, and always at the newest x', () => {
  const [a, b, c] = [view(), view(), view()];
  a.member.hovered(at(1));
  a.member.hovered(at(2));
  assert.deepEqual([b, c].map(one => one.done.hovered), [[], []]);
  runFrame();
  assert.deepEqual([b, c].map(one => one.done.hovered), [[2], []]);
  a.member.hovered(at(3));
  runFrame();
  runFrame();
  runFrame();
  assert.deepEqual([a, b, c].map(one => one.done.hovered), [[], [2, 3], [3]]);
  assert.equal(frames.length, 0);
});

test('hovers take half of the time at most', () => {
  const [a, b, c] = [view(), view(), view()];
  b.done.cost = 40;
  a.member.hovered(at(1));
  runFrame();
  const nextFrame = ms => { clock += ms; frames.splice(0).forEach(draw => draw()); };
  nextFrame(16);
  nextFrame(16);
  assert.deepEqual(c.done.hovered, []);
  nextFrame(16);
  assert.deepEqual(c.done.hovered, [1]);
});

test('between two points nothing flickers; when the pointer leaves, all is taken away', async () => {
  const [a, b] = [view(), view()];
  a.member.hovered(at(1));
  runFrame();
  a.member.unhovered(); // as plotly.js says it: unhover, and hover at once
  a.member.hovered(at(2));
  await settle();
  assert.equal(b.done.unhovered, 0);
  a.member.unhovered();
  await settle();
  assert.equal(b.done.unhovered, 1);
  runFrame();
  assert.deepEqual(b.done.hovered, [1]);
  b.member.unhovered(); // it was not pointed at itself
  await settle();
  assert.equal(a.done.unhovered, 0);
});

test('a new picture shows again what is pointed at elsewhere; one that is not free waits', () => {
  const [a, b, busy] = [view(), view(), view({ free: false })];
  a.member.hovered(at(7));
  runFrame();
  runFrame();
  b.member.redrawn();
  a.member.redrawn();
  runFrame();
  assert.deepEqual([a, b, busy].map(one => one.done.hovered), [[], [7, 7], []]);
});

test('a hover that has no x axis, or no point, says nothing', () => {
  const [a, b] = [view(), view()];
  a.member.hovered({ points: [] });
  a.member.hovered({ points: [{ label: 'a slice of a pie' }] });
  runFrame();
  assert.deepEqual(b.done.hovered, []);
});

test('who leaves while pointed at takes its hover along, and the last one leaves nothing', () => {
  const [a, b] = [view(), view()];
  a.member.hovered(at(1));
  runFrame();
  a.member.leave();
  assert.equal(b.done.unhovered, 1);
  a.member.leave();
  assert.ok(globalThis[KEY]);
  b.member.leave();
  assert.equal(globalThis[KEY], undefined);
});

test('a link that changes moves the figure over', () => {
  const [a, b] = [view(), view()];
  const other = view({ link: 'b', layout: { xaxis: { range: [1, 2] } } });
  b.figure.options = { link: 'b' };
  b.member.relink();
  b.member.relink();
  assert.deepEqual(b.done.edited, [ZOOM]);
  a.member.zoomed({ 'xaxis.range': [8, 9] });
  assert.equal(b.done.edited.length, 1);
  b.member.zoomed({ 'xaxis.range': [3, 4] });
  assert.equal(other.done.edited.length, 1);
  assert.ok(join('c', {}).first() === undefined);
});

test.afterEach(() => { delete globalThis[KEY]; });
