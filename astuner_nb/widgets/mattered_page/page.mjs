// What mattered: controls, parallel coordinates, scatter and importance, linked by one selection.

import { afterClick, alike, axisOf } from './shapes.mjs';
import { button, element, fillSelect, Tip } from './parts.mjs';
import { Parallel } from './parallel.mjs';
import { Scatter } from './scatter.mjs';
import { Bars } from './bars.mjs';
import { teller } from '../teller.mjs';

/** @typedef {{outcomes: string[], titles: string[], outcome: string, names: string[], axes: string[], chosen: boolean, most: number, words: string}} Menu
 *   keep in step with mattered.py */

const PICTURE = ['runs', 'axes', 'outcome', 'across'];

/** The list of hyper-parameters to choose axes from. */
class Chooser {
  constructor(send, tell) {
    this.send = send;
    this.tell = tell;
    this.search = element('input', { type: 'search', placeholder: tell('find a hyper-parameter') });
    this.search.ariaLabel = tell('find a hyper-parameter');
    this.search.addEventListener('input', () => this.#sift());
    this.list = element('div', { className: 'astuner-axis-names' });
    this.usual = button(tell('the usual ones'), tell('Canonical hyper-parameters first, no paths and no ids'), () => send('axes', []));
    this.node = element('div', { className: 'astuner-choose', hidden: true }, element('header', {}, this.search, this.usual), this.list);
  }

  /** @param {Menu} menu */
  put({ names, axes, chosen, most }) {
    this.axes = axes;
    if (names.join('\n') !== this.names?.join('\n')) {
      this.names = names;
      this.boxes = new Map(names.map(name => [name, this.#box(name)]));
      this.list.replaceChildren(...[...this.boxes.values()].map(box => box.parentElement));
      this.#sift();
    }
    this.boxes.forEach((box, name) => {
      box.checked = axes.includes(name);
      box.disabled = box.checked ? axes.length < 2 : axes.length >= most;
      box.parentElement.title = box.disabled && !box.checked ? this.tell('{n} have an axis already: take one away first', { n: most }) : name;
    });
    this.usual.hidden = !chosen;
  }

  #box(name) {
    const box = element('input', { type: 'checkbox' });
    element('label', {}, box, name);
    box.addEventListener('change', () => {
      const wanted = box.checked ? [...this.axes, name] : this.axes.filter(other => other !== name);
      this.send('axes', this.names.filter(one => wanted.includes(one)));
    });
    return box;
  }

  #sift() {
    const words = this.search.value.toLowerCase();
    this.boxes?.forEach((box, name) => { box.parentElement.hidden = !name.toLowerCase().includes(words); });
  }
}

/** Everything below one root. */
class Mattered {
  constructor(model, el) {
    this.model = model;
    this.hovered = null;
    const send = this.send = (verb, value) => model.send({ verb, value });
    const tell = this.tell = teller(model.get('texts'));
    this.tip = new Tip();
    const person = {
      tell,
      tip: this.tip,
      lit: () => this.lit,
      select: places => this.select(places),
      click: (run, add) => this.click(run, add),
      hover: run => this.hover(run),
      relight: () => this.light(),
      compute: () => send('compute', null),
      across: name => send('across', name),
    };
    this.parallel = new Parallel(person);
    this.scatter = new Scatter(person);
    this.bars = new Bars(person);
    this.chooser = new Chooser(send, tell);
    el.append(this.#build());
  }

  #build() {
    const { tell } = this;
    this.outcomeMenu = element('select');
    this.outcomeMenu.ariaLabel = tell('outcome');
    this.outcomeMenu.addEventListener('change', () => this.send('outcome', this.outcomeMenu.value));
    this.acrossMenu = element('select');
    this.acrossMenu.ariaLabel = tell('hyper-parameter of the scatter');
    this.acrossMenu.addEventListener('change', () => this.send('across', this.acrossMenu.value));
    this.choose = button(tell('axes'), tell('Choose which hyper-parameters have an axis'), () => this.#toggleChooser());
    this.choose.ariaExpanded = 'false';
    this.clear = button(tell('clear selection'), tell('Let go of all brushes and selected runs'), () => this.select([], true));
    this.words = element('p', { className: 'astuner-words' });
    this.words.setAttribute('role', 'status');
    const controls = element('header', {}, element('label', {}, `${tell('outcome')} `, this.outcomeMenu), this.choose, this.clear);
    this.versus = element('span');
    const scatter = element('section', {}, element('header', {}, this.acrossMenu, this.versus), this.scatter.node);
    this.below = element('div', { className: 'astuner-below' }, scatter, this.bars.node);
    this.root = element('div', { className: 'astuner-mattered' }, controls, this.chooser.node, this.words, this.parallel.node, this.below, this.tip.node);
    this.root.dataset.lmSuppressShortcuts = 'true'; // or JupyterLab takes the arrow keys
    this.root.addEventListener('keydown', event => { if (event.key === 'Escape' && this.lit) this.select([], true); });
    return this.root;
  }

  #toggleChooser() {
    this.chooser.node.hidden = !this.chooser.node.hidden;
    this.choose.ariaExpanded = String(!this.chooser.node.hidden);
    if (!this.chooser.node.hidden) this.chooser.search.focus();
  }

  // ---- what the kernel says

  /** @param {Set<string>} changed traits that are new */
  update(changed) {
    const { model } = this;
    this.chosen = model.get('selected');
    if (PICTURE.some(name => changed.has(name))) this.#picture();
    if (changed.has('menu')) this.#menu();
    if (changed.has('menu') || changed.has('importance')) this.bars.put(model.get('importance'), this.axes.length > 1);
    this.#keepBrushes(PICTURE.some(name => changed.has(name)));
    this.light();
  }

  #picture() {
    const { model } = this;
    const outcome = axisOf(model.get('outcome'));
    this.runs = model.get('runs');
    this.axes = outcome ? [...model.get('axes').map(axisOf), outcome] : [];
    this.hovered = null;
    this.tip.hide();
    this.parallel.node.hidden = this.below.hidden = !outcome;
    this.parallel.put(this.axes, this.runs);
    this.scatter.put(axisOf(model.get('across')), outcome, this.runs);
  }

  #menu() {
    /** @type {Menu} */
    const menu = this.model.get('menu');
    fillSelect(this.outcomeMenu, menu.outcomes ?? [], menu.outcome, menu.titles);
    fillSelect(this.acrossMenu, menu.names ?? [], this.model.get('across').name ?? '');
    this.versus.textContent = menu.outcome ? this.tell('against {outcome}', { outcome: menu.titles[menu.outcomes.indexOf(menu.outcome)] }) : '';
    this.words.textContent = menu.words ?? '';
    this.choose.textContent = this.tell('axes: {n} of {of}', { n: menu.axes?.length ?? 0, of: menu.names?.length ?? 0 });
    this.choose.disabled = !menu.names?.length;
    this.chooser.put(menu.names ? menu : { names: [], axes: [], chosen: false, most: 0 });
  }

  /** Brushes stay while they say what is selected; when runs come or go under them, they select anew. */
  #keepBrushes(moved) {
    const brushed = this.parallel.brushedRuns;
    if (!brushed || this.parallel.dragging || alike(brushed, this.chosen)) return;
    if (moved && this.sent && !alike(brushed, this.sent)) this.select(brushed);
    else if (!this.sent || !alike(this.chosen, this.sent)) this.parallel.clearBrushes();
  }

  // ---- what a person does

  /** @param {number[]} places */
  select(places, clear = false) {
    if (clear) this.parallel.clearBrushes();
    this.sent = places;
    this.chosen = places; // at once here, everywhere else when the kernel has heard
    this.send('select', { generation: this.runs.generation, places });
    this.light();
  }

  click(run, add) {
    if (run === null && !this.lit) return;
    const places = afterClick(this.chosen, run, add);
    this.select(places, true);
  }

  hover(run) {
    if (run === this.hovered) return;
    this.hovered = run;
    this.light();
  }

  /** The runs that stand out; null where none is chosen, and all are alike. */
  get lit() { return this.parallel.brushedRuns ?? (this.chosen?.length ? this.chosen : null); }

  light() {
    cancelAnimationFrame(this.frame);
    this.frame = requestAnimationFrame(() => {
      const { lit } = this;
      this.parallel.light(lit, this.hovered);
      this.scatter.light(lit, this.hovered);
      this.clear.hidden = !lit;
      this.clear.textContent = lit ? this.tell('clear selection ({n})', { n: lit.length }) : '';
    });
  }

  layout() {
    this.tip.hide();
    this.parallel.layout();
    this.scatter.layout();
    this.light();
  }
}

function render({ model, el }) {
  const view = new Mattered(model, el);
  const names = [...PICTURE, 'selected', 'menu', 'importance'];
  let changed = new Set(names), frame = 0;
  const update = () => { view.update(changed); changed = new Set(); };
  const wires = names.map(name => [`change:${name}`, () => {
    changed.add(name); // all parts of one message, and of several within a frame, are drawn once
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  }]);
  for (const [event, wire] of wires) model.on(event, wire);
  update();
  const sized = new ResizeObserver(() => view.layout()); // a view is drawn before it is in the page
  sized.observe(view.root);
  return () => {
    sized.disconnect();
    cancelAnimationFrame(frame);
    cancelAnimationFrame(view.frame);
    for (const [event, wire] of wires) model.off(event, wire);
  };
}

export default { render };
