// One hyper-parameter against the outcome.

import { jitter, nearestPoint, thinned, unit, units, valueText } from './shapes.mjs';
import { cleared, element, pointer } from './parts.mjs';

const BOX = { top: 10, right: 14, bottom: 26, left: 58 }, TALL = 220; // px
const GONE = 30; // px for runs that have no value, left of all others
const NEAR = 12;

export class Scatter {
  /** @param {{click: Function, hover: Function, tip: any}} person */
  constructor(person) {
    this.person = person;
    this.all = element('canvas', { className: 'astuner-lines' });
    this.lit = element('canvas');
    this.all.setAttribute('role', 'img');
    this.marks = element('div', { className: 'astuner-marks' });
    this.stage = element('div', { className: 'astuner-stage', tabIndex: 0 }, this.all, this.lit, this.marks);
    this.stage.style.height = `${TALL}px`;
    this.stage.setAttribute('role', 'application');
    this.stage.ariaLabel = person.tell('Scatter: arrow keys go from run to run, Enter selects, Escape lets go.');
    this.node = this.stage;
    this.hovered = null;
    pointer(this.stage, { move: (x, y) => this.#show(this.#at(x, y)), leave: () => this.#show(null), click: (x, y, add) => this.person.click(this.#at(x, y), add) });
    this.stage.addEventListener('keydown', event => this.#key(event));
    this.stage.addEventListener('blur', () => this.#show(null));
  }

  /** @param {import('./shapes.mjs').Axis | null} across @param {import('./shapes.mjs').Axis | null} outcome */
  put(across, outcome, runs) {
    Object.assign(this, { across, outcome, runs });
    this.layout();
  }

  layout() {
    const { across, outcome } = this;
    this.width = this.stage.clientWidth;
    this.xs = this.ys = [];
    if (across && outcome) {
      const left = BOX.left + (across.missing ? GONE : 0), wide = Math.max(this.width - left - BOX.right, 10);
      const step = across.kind === 'category' ? wide / Math.max(across.ticks.length, 1) : 0; // a lane each
      const x = (at, run) => (Number.isNaN(at) ? BOX.left + 10 + 6 * jitter(run)
        : step ? left + step * (across.values[run] + 0.5 + 0.3 * jitter(run)) : left + at * wide);
      this.xs = units(across).map(x);
      this.ys = units(outcome).map(at => this.#y(at));
      this.#mark(left, wide, step);
    } else this.marks.replaceChildren();
    this.drawAll();
  }

  drawAll() {
    const pen = cleared(this.all, this.width, TALL);
    this.all.ariaLabel = this.across
      ? this.person.tell('{name} against {outcome} of {n} runs', { name: this.across.name, outcome: this.outcome?.name, n: this.xs.length })
      : this.person.tell('no scatter');
    pen.globalAlpha = this.xs.length > 200 ? 0.6 : 0.85;
    for (let run = 0; run < this.xs.length; run++) this.#dot(pen, run, this.xs.length > 200 ? 3 : 4.5);
  }

  light(lit, hovered) {
    this.all.style.opacity = lit ? '0.2' : '1';
    const pen = cleared(this.lit, this.width, TALL);
    lit?.forEach(run => this.#dot(pen, run, lit.length > 200 ? 3 : 5));
    if (hovered !== null && hovered < this.xs.length) this.#dot(pen, hovered, 7);
  }

  #y(at) { return BOX.top + (1 - at) * (TALL - BOX.top - BOX.bottom); }

  #dot(pen, run, radius) {
    pen.fillStyle = this.runs.colours[run];
    pen.beginPath();
    pen.arc(this.xs[run], this.ys[run], radius, 0, 7);
    pen.fill();
  }

  /** Numbers and names at both axes. */
  #mark(left, wide, step) {
    const across = this.across.ticks.map(([value, text]) => ({ at: left + (step ? step * (value + 0.5) : unit(this.across, value) * wide), text }));
    const up = this.outcome.ticks.map(([value, text]) => ({ at: this.#y(unit(this.outcome, value)), text }));
    const mark = (className, style, text) => {
      const node = element('span', { className, title: text }, text);
      Object.assign(node.style, style);
      return node;
    };
    const line = (className, style) => mark(`astuner-rule ${className}`, style, '');
    this.marks.replaceChildren(
      line('', { left: `${BOX.left}px`, right: `${BOX.right}px`, top: `${TALL - BOX.bottom + 4}px` }),
      ...thinned(up, 16).flatMap(({ at, text }) => [
        mark('astuner-up', { top: `${at}px`, width: `${BOX.left - 8}px` }, text),
        line('astuner-faint', { left: `${BOX.left}px`, right: `${BOX.right}px`, top: `${at}px` }),
      ]),
      ...thinned(across, step ? Math.max(step, 56) : 56).map(({ at, text }) => mark('astuner-across', { left: `${at}px`, top: `${TALL - BOX.bottom + 7}px`, maxWidth: `${Math.max(step, 56)}px` }, text)),
      ...(this.across.missing ? [mark('astuner-across', { left: `${BOX.left + 10}px`, top: `${TALL - BOX.bottom + 7}px` }, '–')] : []),
    );
  }

  #at(x, y) { return nearestPoint(this.xs, this.ys, x, y, NEAR); }

  #show(run) {
    this.hovered = run;
    this.person.hover(run);
    if (run === null) return this.person.tip.hide();
    const lines = [this.across, this.outcome].map(axis => [axis.name, valueText(axis, run)]);
    this.person.tip.show(this.runs.labels[run], lines, this.runs.colours[run], this.stage, this.xs[run], this.ys[run]);
  }

  #key(event) {
    const by = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1 }[event.key];
    if (by === undefined && event.key !== 'Enter' && event.key !== 'Escape') return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab would move to the next cell
    if (event.key === 'Escape') return this.person.click(null, false);
    if (event.key === 'Enter') return this.hovered === null ? undefined : this.person.click(this.hovered, event.ctrlKey || event.metaKey || event.shiftKey);
    const order = [...this.xs.keys()].sort((a, b) => this.xs[a] - this.xs[b] || this.ys[b] - this.ys[a]);
    const place = order.indexOf(this.hovered);
    this.#show(order[place < 0 ? (by > 0 ? 0 : order.length - 1) : (place + by + order.length) % order.length] ?? null);
  }
}
