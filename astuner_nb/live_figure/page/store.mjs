import { Growing } from './growing.mjs';
import { pathOf } from './events.mjs';
import { pack, typed, unpack } from './wire.mjs';

/** One figure as this page knows it: traces, layout, and the number of the last message. Views draw from it. */
export class Store {
  /** @param {object} state the synced trait, see figure.py: {seq, data, layout} */
  constructor(state) {
    this.seq = state.seq;
    this.layout = state.layout;
    this.data = state.data.map(trace => unpack(trace));
    this.columns = new WeakMap();
    this.answerFor(state);
  }

  /**
   * Applies a message of the kernel.
   * @param {{op: string, seq: number}} message @param {DataView[]} buffers
   * @returns {boolean} false: a message before this one is missing, ask for everything
   */
  apply(message, buffers) {
    if (message.seq <= this.seq) return true; // the state we got already has it
    if (message.seq !== this.seq + 1) return false;
    if (this[message.op](message, buffers) === false) return false;
    this.seq = message.seq;
    return true;
  }

  /** Lets the synced state say what is here when somebody asks (a notebook is saved): packing costs at every message. */
  answerFor(state) {
    const read = get => ({ get, enumerable: true, configurable: true });
    Object.defineProperties(state, {
      seq: read(() => this.seq), data: read(() => this.data.map(pack)), layout: read(() => this.layout),
    });
  }

  points({ i, o, n }, buffers) {
    const x = typed(buffers[0], Float64Array), y = typed(buffers[1], Float64Array);
    if (i.some((index, k) => !this.data[index] || o[k] > this.columnsOf(index).y.length)) return false;
    let at = 0;
    i.forEach((index, k) => {
      const trace = this.data[index], columns = this.columnsOf(index);
      columns.x.put(o[k], x.subarray(at, at + n[k]));
      columns.y.put(o[k], y.subarray(at, at + n[k]));
      trace.x = columns.x.view;
      trace.y = columns.y.view;
      at += n[k];
    });
  }

  /** The growing arrays of a trace, made anew where its x or y was replaced. */
  columnsOf(index) {
    const trace = this.data[index], known = this.columns.get(trace);
    if (known && known.x.view === trace.x && known.y.view === trace.y) return known;
    const y = new Growing(trace.y ?? []);
    const made = { x: new Growing(trace.x ?? Array.from(y.view, (_, k) => k)), y };
    this.columns.set(trace, made);
    return made;
  }

  add({ traces }, buffers) {
    this.data.push(...traces.map(trace => unpack(trace, buffers)));
  }

  keep({ i }) {
    this.data = i.map(index => this.data[index]);
  }

  set({ traces, layout }, buffers) {
    if (traces.some(([index]) => !this.data[index])) return false;
    for (const [index, path, value] of traces) assign(this.data[index], path, unpack(value, buffers));
    for (const [path, value] of layout) assign(this.layout, path, value);
  }

  /** Zoom and the like, from a view. @param {Record<string, any>} edits */
  relayout(edits) {
    for (const [key, value] of Object.entries(edits)) assign(this.layout, pathOf(key), value);
  }

  /** A legend click, from a view: a list is dealt out over the traces. */
  restyle(edits, indexes) {
    for (const [key, value] of Object.entries(edits)) {
      indexes.forEach((index, k) => {
        if (this.data[index]) assign(this.data[index], pathOf(key), Array.isArray(value) ? value[k % value.length] : value);
      });
    }
  }
}

/** Sets a value deep in an object, making what is missing on the way; null takes it away. */
export function assign(root, path, value) {
  const last = path.at(-1);
  let at = root;
  for (let k = 0; k < path.length - 1; k++) {
    if (!Object.hasOwn(at, path[k]) || at[path[k]] === null || typeof at[path[k]] !== 'object') {
      if (value === null) return;
      at[path[k]] = typeof path[k + 1] === 'number' ? [] : {};
    }
    at = at[path[k]];
  }
  if (value !== null && value !== undefined) at[last] = value;
  else if (Array.isArray(at)) at[last] = null;
  else delete at[last];
}
