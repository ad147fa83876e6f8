import { layoutEdits, pointEvent } from './events.mjs';
import { isDark, look } from './look.mjs';
import { isSorted, thin, visible } from './thin.mjs';

const POINT_EVENTS = ['click', 'hover', 'unhover', 'selected', 'deselect'];
const LOOK_AGAIN_MS = 250;
const PIXELS_A_BUCKET = 2.5; // up to 1000 points for a line across a wide notebook: where drawing starts to cost
const LINES = ['scatter', 'scattergl', undefined];

/** One picture of the figure in the page. It draws from the store, at most once a frame and never while it is drawing. */
export class View {
  /**
   * @param {object} plotly plotly.js
   * @param {HTMLElement} box where to draw
   * @param {{store: object, options: object, edited: Function, send: Function, wanted: Function}} figure the model's side
   */
  constructor(plotly, box, figure) {
    Object.assign(this, { plotly, box, figure, frame: 0, dirty: true, drawing: false, dragging: false, closed: false });
    this.drawn = new WeakMap(); // trace → what was drawn of it
    this.closers = [];
    this.watchSize();
    this.watchTheme();
    this.watchMouse();
  }

  /** Something changed: draw soon. */
  changed() {
    this.dirty = true;
    if (this.frame || this.drawing || this.dragging || this.closed) return;
    this.frame = requestAnimationFrame(() => this.draw());
  }

  async draw() {
    this.frame = 0;
    if (this.dragging || this.closed || this.waitsForSize()) return;
    this.dirty = false;
    this.drawing = true;
    const first = !this.box._fullLayout;
    try {
      const ranges = this.ranges();
      await this.plotly.react(this.box, this.traces(ranges), this.layout(), this.figure.options.config);
      if (first && !this.closed) this.listen();
      if (String(this.ranges()) !== String(ranges)) this.dirty = true; // the window moved: thin for the new one
    } catch (error) {
      console.warn('LiveFigure: plotly.js could not draw', error); // the next change tries again
    } finally {
      this.drawing = false;
      if (this.closed) this.plotly.purge(this.box);
      else if (this.dirty) this.changed();
    }
  }

  /**
   * Without a size (not attached yet, in a closed tab) there is nothing to draw on. The observer of the size tells when
   * there is, but not always: while JupyterLab changes its theme nothing has a size, too shortly for the observer to see.
   */
  waitsForSize() {
    if (this.box.clientWidth) return false;
    this.waiting ??= setTimeout(() => { this.waiting = null; this.changed(); }, LOOK_AGAIN_MS);
    return true;
  }

  /** What each x axis shows, in data units; null where plotly.js is free to choose. @returns {Record<string, any>} */
  ranges() {
    const full = this.box._fullLayout ?? {};
    const axes = Object.keys(full).filter(key => /^xaxis\d*$/.test(key));
    const ranges = axes.map(key => {
      const axis = full[key];
      if (axis.autorange || !axis.range) return null;
      return axis.range.map(end => (axis.type === 'log' ? 10 ** end : axis.r2l(end)));
    });
    ranges.of = name => ranges[axes.indexOf(`xaxis${(name ?? 'x').slice(1)}`)] ?? null;
    return ranges;
  }

  traces(ranges) {
    const buckets = Math.max(100, Math.ceil(this.box.clientWidth / PIXELS_A_BUCKET));
    return this.figure.store.data.map(trace => ({ ...trace, ...this.thinned(trace, ranges.of(trace.xaxis), buckets) }));
  }

  /** x and y of the trace as drawn: the same arrays as last time if nothing changed, so that plotly.js need not look. */
  thinned(trace, range, buckets) {
    const key = `${range}/${buckets}`, last = this.drawn.get(trace);
    if (last && last.key === key && last.x === trace.x && last.y === trace.y) return last.shown;
    const kept = canThin(trace) ? thin(trace.y, visible(trace.x, range), buckets) : null;
    const shown = kept ? { x: pick(trace.x, kept), y: pick(trace.y, kept) } : {};
    this.drawn.set(trace, { key, x: trace.x, y: trace.y, kept, shown });
    return shown;
  }

  layout() {
    const { store, options } = this.figure;
    const layout = structuredClone(store.layout);
    layout.template ??= look(isDark(), Boolean(layout.title?.text));
    layout.uirevision ??= 'keep';
    layout.height ??= options.height;
    layout.width ??= this.box.clientWidth;
    for (const key of Object.keys(this.box._fullLayout ?? {})) {
      // plotly.js takes a range it chose itself for the person's wish and would keep the old one when a range goes away.
      if (/^[xy]axis\d*$/.test(key) && !layout[key]?.range) layout[key] = { autorange: true, ...layout[key] };
    }
    this.box.style.minHeight = `${layout.height}px`;
    return layout;
  }

  listen() {
    const { box, figure } = this;
    box.on('plotly_relayout', event => figure.edited(layoutEdits(event, box._fullLayout)));
    box.on('plotly_restyle', event => figure.edited({}, ...event));
    box.on('plotly_update', event => figure.edited(layoutEdits(event.layout, box._fullLayout), ...event.data));
    const trueIndex = (curve, point) => this.drawn.get(figure.store.data[curve])?.kept?.[point] ?? point;
    for (const name of POINT_EVENTS) {
      box.on(`plotly_${name}`, event => figure.wanted(name) && figure.send(pointEvent(name, event, trueIndex)));
    }
  }

  watchSize() {
    const observer = new ResizeObserver(() => {
      if (this.dirty || this.box.clientWidth !== this.box._fullLayout?.width) this.changed();
    });
    observer.observe(this.box);
    this.closers.push(() => observer.disconnect());
  }

  watchTheme() {
    const observer = new MutationObserver(() => this.changed());
    observer.observe(document.body, { attributes: true, attributeFilter: ['data-jp-theme-light'] });
    this.closers.push(() => observer.disconnect());
  }

  /** A drag belongs to the person: drawing under it would take the selection away. */
  watchMouse() {
    const release = () => {
      if (!this.dragging) return;
      this.dragging = false;
      setTimeout(() => this.dirty && this.changed(), 0); // plotly.js first finishes its own drag
    };
    this.on(this.box, 'pointerdown', () => { this.dragging = true; });
    this.on(window, 'pointerup', release);
    this.on(window, 'pointercancel', release);
    this.on(window, 'pointermove', event => {
      if (!event.buttons) release(); // it was released outside of the window
    });
  }

  on(target, name, listener) {
    target.addEventListener(name, listener, { capture: true });
    this.closers.push(() => target.removeEventListener(name, listener, { capture: true }));
  }

  /** Leaves nothing behind in the page. */
  close() {
    this.closed = true;
    cancelAnimationFrame(this.frame);
    for (const close of this.closers) close();
    if (!this.drawing) this.plotly.purge(this.box);
  }
}

/** Only plain lines: where other properties have a value for each point too, dropping points would shift them. */
function canThin(trace) {
  const { x, y } = trace;
  if (!LINES.includes(trace.type) || trace.stackgroup || !(x instanceof Float64Array) || !ArrayBuffer.isView(y)) return false;
  return x.length === y.length && !perPoint({ ...trace, x: 0, y: 0 }, y.length) && isSorted(x);
}

function perPoint(value, length) {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return value.length >= length;
  return Boolean(value) && typeof value === 'object' && Object.values(value).some(inner => perPoint(inner, length));
}

const pick = (values, indexes) => Float64Array.from(indexes, i => values[i]);
