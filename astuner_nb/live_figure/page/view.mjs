import { layoutEdits, nearestFirst, pointEvent, xEdits } from './events.mjs';
import { isDark, look, paper } from './look.mjs';
import { Member } from './member.mjs';
import { isSorted, thin, visible } from './thin.mjs';
import { oneStop } from './tool_bar.mjs';

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
    this.numbers = []; // of the traces that are drawn, in plotly.js's order
    this.member = new Member(this);
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
    this.drawing = true;
    this.member.relink();
    this.dirty = false;
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
      else this.shown();
    }
  }

  shown() {
    if (this.dirty) this.changed();
    this.member.redrawn();
    if (!this.box._fullLayout) return;
    this.tellReaders();
    this.figure.drawn(this);
  }

  /** For those who do not see it: what the picture is called, and a tool bar that is one stop. */
  tellReaders() {
    this.box.setAttribute('role', 'figure');
    this.box.setAttribute('aria-label', this.box.querySelector('.gtitle')?.textContent || 'figure');
    oneStop(this.box);
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

  /** What plotly.js gets. It needs 0.1 ms even for a trace that is not to be seen: those stay behind. */
  traces(ranges) {
    const buckets = Math.max(100, Math.ceil(this.box.clientWidth / PIXELS_A_BUCKET));
    const { data, layout } = this.figure.store;
    // A chosen template may deal out looks by counting the traces; ours does not.
    this.numbers = [...data.keys()].filter(number => data[number].visible !== false || layout.template);
    return this.numbers.map(number => {
      const trace = data[number], name = trace.name ?? `trace ${number}`;
      return { uid: uidOf(trace), ...trace, name, ...this.thinned(trace, ranges.of(trace.xaxis), buckets) };
    });
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
    for (const [key, axis] of Object.entries(this.box._fullLayout ?? {})) {
      if (!/^[xy]axis\d*$/.test(key) || layout[key]?.range) continue;
      // plotly.js takes a range it chose itself for the person's wish and would keep the old one when a range goes away;
      // but one that it found after a double click it does not find again.
      const found = axis.autorange === true && axis.range ? { range: [...axis.range] } : {};
      layout[key] = { autorange: true, ...found, ...layout[key] };
    }
    this.box.style.minHeight = `${layout.height}px`;
    return layout;
  }

  listen() {
    const { box, figure } = this;
    const restyled = ([edits, indexes]) => [edits, indexes.map(index => this.numbers[index])];
    const edited = (event, style = [{}, []]) => {
      const edits = layoutEdits(event, box._fullLayout);
      figure.edited(edits, ...restyled(style));
      this.member.zoomed(xEdits(edits));
    };
    box.on('plotly_relayout', event => edited(event));
    box.on('plotly_restyle', event => edited({}, event));
    box.on('plotly_update', event => edited(event.layout, event.data));
    box.on('plotly_hover', event => this.member.hovered(event));
    box.on('plotly_unhover', () => this.member.unhovered());
    for (const name of POINT_EVENTS) box.on(`plotly_${name}`, event => figure.wanted(name) && this.tell(name, event));
  }

  tell(name, event) {
    const { figure, numbers } = this;
    const points = name === 'click' ? this.clicked(event) : event?.points;
    if (name === 'click' && !points.length) return;
    figure.send(pointEvent(name, { ...event, points }, {
      trace: curve => numbers[curve],
      point: (curve, point) => this.drawn.get(figure.store.data[numbers[curve]])?.kept?.[point] ?? point,
    }));
  }

  /** What was clicked, nearest first. plotly.js looks every 50 ms only: it may report what lay under the pointer before. */
  clicked({ event, points }) {
    const { plotly, box } = this, { xaxis, yaxis } = points[0] ?? {};
    if (!xaxis || !yaxis) return points;
    plotly.Fx.unhover(box); // also what makes it look at once
    plotly.Fx.hover(box, event, xaxis._id + yaxis._id);
    return nearestFirst({ event, points: box._hoverdata ?? [] }, box.getBoundingClientRect());
  }

  /** Whether something can be shown on top of the picture now. */
  free() {
    return !this.closed && !this.drawing && !this.dragging && this.box.clientWidth > 0;
  }

  /** Saves the picture as it stands, on paper in the colour of the theme. */
  async download({ format, name }) {
    const { data, layout, _fullLayout: { width, height } } = this.box;
    const behind = this.figure.store.layout.template ? {} : { paper_bgcolor: paper(isDark()) };
    const size = { width, height, scale: format === 'png' ? 2 : 1 };
    await this.plotly.downloadImage({ data, layout: { ...behind, ...layout } }, { format, filename: name, ...size });
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
    this.member.leave();
    for (const close of this.closers) close();
    if (!this.drawing) this.plotly.purge(this.box);
  }
}

const uids = new WeakMap();
let lastUid = 0;

/** A name for the trace that stays when others come and go, so that plotly.js knows it again. */
function uidOf(trace) {
  if (!uids.has(trace)) uids.set(trace, `live${lastUid++}`);
  return uids.get(trace);
}

/** Only plain lines: where other properties have a value for each point too, dropping points would shift them. */
function canThin(trace) {
  const { x, y } = trace;
  if (!LINES.includes(trace.type) || trace.stackgroup || !isFloats(x) || !ArrayBuffer.isView(y)) return false;
  return x.length === y.length && !perPoint({ ...trace, x: 0, y: 0 }, y.length) && isSorted(x);
}

function perPoint(value, length) {
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return value.length >= length;
  return Boolean(value) && typeof value === 'object' && Object.values(value).some(inner => perPoint(inner, length));
}

const isFloats = values => values instanceof Float64Array || values instanceof Float32Array;
const pick = (values, indexes) => Float64Array.from(indexes, i => values[i]);
