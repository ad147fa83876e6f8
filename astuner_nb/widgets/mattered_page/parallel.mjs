// Parallel coordinates: lines on two canvases (all, and above them what is lit), axes and brushes as elements.

import { brushed, dragged, moved, nearestLine, thinned, unit, units, valueText } from './shapes.mjs';
import { breakable, cleared, element, pointer } from './parts.mjs';

const HEAD = 42, HEIGHT = 216, FOOT = 34; // px: names above, the axes, what is missing below
const LEAST_STEP = 60, SIDE = 44; // px between axes, and beside the first and last
const TICK_GAP = 13, REACH = 7, GRIP = 0.025;

export class Parallel {
  /** @param {{select: (places: number[]) => void, click: Function, hover: Function, tip: any}} person */
  constructor(person) {
    this.person = person;
    /** @type {Map<string, [number, number]>} */
    this.brushes = new Map();
    this.handles = new Map();
    this.axes = [];
    this.all = element('canvas', { className: 'astuner-lines' });
    this.lit = element('canvas');
    this.all.setAttribute('role', 'img');
    this.furniture = element('div', { className: 'astuner-axes' });
    this.stage = element('div', { className: 'astuner-stage' }, this.all, this.lit, this.furniture);
    this.node = element('div', { className: 'astuner-scroll' }, this.stage);
    pointer(this.stage, { move: (x, y) => this.#move(x, y), leave: () => this.person.hover(null), click: (...at) => this.#click(...at) });
  }

  /** @param {import('./shapes.mjs').Axis[]} axes the outcome last */
  put(axes, runs) {
    this.axes = axes;
    this.runs = runs;
    this.columns = new Map(axes.map(axis => [axis.name, units(axis)]));
    for (const name of this.brushes.keys()) if (!this.columns.has(name)) this.brushes.delete(name);
    this.#furnish();
    this.layout();
  }

  layout() {
    const count = this.axes.length;
    const room = Math.max(this.node.clientWidth, 0);
    this.width = Math.max(room, 2 * SIDE + (count - 1) * LEAST_STEP);
    const step = count > 1 ? (this.width - 2 * SIDE) / (count - 1) : 0;
    this.xs = this.axes.map((_, index) => SIDE + index * step);
    const gone = HEAD + HEIGHT + 16;
    this.ys = this.axes.map(axis => this.columns.get(axis.name).map(at => (Number.isNaN(at) ? gone : HEAD + (1 - at) * HEIGHT)));
    this.stage.style.width = `${this.width}px`;
    this.handles.forEach(({ node }, name) => {
      const index = this.axes.findIndex(axis => axis.name === name);
      node.style.left = `${this.xs[index]}px`;
      node.style.setProperty('--step', `${Math.max(step, LEAST_STEP)}px`);
    });
    this.drawAll();
  }

  drawAll() {
    const pen = cleared(this.all, this.width, HEAD + HEIGHT + FOOT);
    const count = this.runs.labels.length;
    this.all.ariaLabel = this.person.tell('Parallel coordinates of {n} runs over {axes}', { n: count, axes: this.axes.map(axis => axis.name).join(', ') });
    Object.assign(pen, { lineWidth: count > 60 ? 1 : 1.5, lineJoin: 'round', globalAlpha: count > 200 ? 0.45 : count > 60 ? 0.6 : 0.85 });
    for (let run = 0; run < count; run++) this.#line(pen, run);
  }

  /** @param {number[] | null} lit runs that stand out, null for all alike  @param {number | null} hovered */
  light(lit, hovered) {
    this.all.style.opacity = lit ? '0.16' : hovered === null ? '1' : '0.5';
    const pen = cleared(this.lit, this.width, HEAD + HEIGHT + FOOT);
    const many = (lit?.length ?? 0) > 200;
    Object.assign(pen, { lineWidth: many ? 1 : 2, lineJoin: 'round', globalAlpha: many ? 0.6 : 1 });
    lit?.forEach(run => this.#line(pen, run)); // a stroke each: one long path is three times as slow
    if (hovered === null) return;
    Object.assign(pen, { lineWidth: 3.5, globalAlpha: 1 });
    this.#line(pen, hovered);
  }

  /** The runs in all brushes, null without one. */
  get brushedRuns() { return brushed(this.brushes, this.columns ?? new Map(), this.runs?.labels.length ?? 0); }

  clearBrushes() {
    this.brushes.clear();
    this.handles.forEach((_, name) => this.#showBrush(name));
  }

  #line(pen, run) {
    pen.strokeStyle = this.runs.colours[run];
    pen.beginPath();
    this.#trace(pen, run);
    pen.stroke();
  }

  #trace(pen, run) {
    this.ys.forEach((column, index) => (index ? pen.lineTo(this.xs[index], column[run]) : pen.moveTo(this.xs[index] - (this.ys.length > 1 ? 0 : 20), column[run])));
    if (this.ys.length === 1) pen.lineTo(this.xs[0] + 20, this.ys[0][run]);
  }

  #move(x, y) {
    const run = this.#at(x, y);
    this.person.hover(run);
    if (run === null) return this.person.tip.hide();
    const lines = this.axes.map(axis => [axis.name, valueText(axis, run)]);
    this.person.tip.show(this.runs.labels[run], lines, this.runs.colours[run], this.stage, x, y);
  }

  #click(x, y, add) { this.person.click(this.#at(x, y), add); }

  #at(x, y) {
    if (this.dragging || y < HEAD - REACH) return null;
    return nearestLine(this.xs, this.ys, x, y, REACH, this.person.lit()) ?? nearestLine(this.xs, this.ys, x, y, REACH);
  }

  // ---- axes

  #furnish() {
    const wanted = this.axes.map(axis => axis.name);
    for (const [name, { node }] of this.handles) {
      if (!wanted.includes(name)) { node.remove(); this.handles.delete(name); }
    }
    for (const axis of this.axes) {
      if (!this.handles.has(axis.name)) this.handles.set(axis.name, this.#makeAxis(axis.name));
      const { node, title, ticks, gone } = this.handles.get(axis.name);
      if (this.furniture.children[wanted.indexOf(axis.name)] !== node) this.furniture.insertBefore(node, this.furniture.children[wanted.indexOf(axis.name)] ?? null);
      title.replaceChildren(...breakable(axis.name));
      title.title = axis.log ? this.person.tell('{name} (log scale)', axis) : axis.name;
      node.classList.toggle('astuner-outcome', axis.kind === 'outcome');
      const places = axis.ticks.map(([value, text]) => ({ at: (1 - unit(axis, value)) * HEIGHT, text }));
      ticks.replaceChildren(...thinned(places, TICK_GAP).map(({ at, text }) => {
        const tick = element('span', { title: text }, text);
        tick.style.top = `${at}px`;
        return tick;
      }));
      gone.textContent = axis.missing ? `– ${axis.missing}` : '';
      gone.title = axis.missing ? `${axis.missing} without a value` : '';
      this.#showBrush(axis.name);
    }
  }

  #makeAxis(name) {
    const title = element('strong');
    const ticks = element('div', { className: 'astuner-ticks' });
    const brush = element('div', { className: 'astuner-brush', hidden: true });
    const bar = element('div', { className: 'astuner-axis-bar', tabIndex: 0, title: this.person.tell('Drag along the axis to select runs; click to let go') }, brush);
    bar.setAttribute('role', 'group');
    bar.style.height = `${HEIGHT}px`;
    const gone = element('small');
    const node = element('div', { className: 'astuner-axis' }, title, bar, ticks, gone);
    this.#brushing(bar, name);
    return { node, title, ticks, bar, brush, gone };
  }

  #brushing(bar, name) {
    const unitAt = event => 1 - (event.clientY - bar.getBoundingClientRect().top) / HEIGHT;
    let start = null, before, movedFar = false;
    bar.addEventListener('pointerdown', event => {
      if (event.button) return;
      [start, before, movedFar] = [unitAt(event), this.brushes.get(name), false];
      bar.setPointerCapture(event.pointerId);
      this.dragging = true;
      this.person.hover(null);
      this.person.tip.hide();
    });
    bar.addEventListener('pointermove', event => {
      if (start === null) return;
      movedFar ||= Math.abs(unitAt(event) - start) * HEIGHT > 3;
      if (movedFar) this.#setBrush(name, dragged(before, start, unitAt(event), GRIP));
      event.stopPropagation();
    });
    const end = () => {
      if (start === null) return;
      start = null;
      this.dragging = false;
      if (!movedFar && before) this.#setBrush(name, null);
      if (movedFar || before) this.person.select(this.brushedRuns ?? []);
    };
    bar.addEventListener('pointerup', end);
    bar.addEventListener('pointercancel', end);
    bar.addEventListener('click', event => { if (movedFar || before) event.stopPropagation(); });
    bar.addEventListener('keydown', event => this.#key(event, name));
  }

  #key(event, name) {
    const up = { ArrowUp: 0.05, ArrowDown: -0.05 }[event.key];
    const brush = this.brushes.get(name);
    if (up === undefined && !(event.key === 'Escape' && brush)) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === 'Escape') this.#setBrush(name, null);
    else if (!brush) this.#setBrush(name, up > 0 ? [0.75, 1] : [0, 0.25]);
    else if (event.shiftKey) this.#setBrush(name, [brush[0], Math.min(Math.max(brush[1] + up, brush[0]), 1)]);
    else this.#setBrush(name, moved(brush, up));
    this.person.select(this.brushedRuns ?? []);
  }

  #setBrush(name, brush) {
    if (brush) this.brushes.set(name, brush);
    else this.brushes.delete(name);
    this.#showBrush(name);
    this.person.relight();
  }

  #showBrush(name) {
    const { bar, brush } = this.handles.get(name);
    const range = this.brushes.get(name);
    brush.hidden = !range;
    if (range) Object.assign(brush.style, { top: `${(1 - range[1]) * HEIGHT}px`, height: `${Math.max((range[1] - range[0]) * HEIGHT, 2)}px` });
    const [low, high] = (range ?? []).map(end => Math.round(end * 100));
    const selected = range ? this.person.tell('{low} to {high} percent of the axis selected', { low, high }) : this.person.tell('no range');
    bar.ariaLabel = this.person.tell('{name}: {selected}. Arrow keys move a range, with Shift its upper end, Escape clears it.', { name, selected });
  }
}
