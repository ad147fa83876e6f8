// What the page knows of the table: rows by number, and the order in which they are shown.

/** @typedef {{key: string, name: string, cells: any[], spark: (number | null)[]} & Record<string, any>} Row   the parts of TableRow */

const NARROW = 65_536; // up to so many rows their numbers have two bytes; keep in step with runs_table.py

export class Rows {
  /** @param state of the widget's model; it is kept up to date, so that a notebook that is saved has all of it */
  constructor(state) {
    this.state = state;
    /** @type {Row[]} a changed row is another object */
    this.all = state.rows.map(list => this.#row(list));
    this.order = state.order;
  }

  get seq() { return this.state.seq; }
  get head() { return this.state.head; }
  get words() { return this.state.words; }

  /** The numbers of the rows that changed; null where a message before this one was lost. */
  apply(message, buffers = []) {
    if (message.seq <= this.seq) return [];
    if (message.seq !== this.seq + 1) return null;
    this.state.seq = message.seq;
    if (message.words !== undefined) this.state.words = message.words;
    const changed = message.head ? this.#putHead(message.head, message.cells_from) : [];
    for (const [number, parts] of message.rows ?? []) {
      this.#put(number, parts);
      changed.push(number);
    }
    if (buffers.length) this.#putOrder(buffers[0]);
    return changed;
  }

  #row(list) {
    return Object.fromEntries(this.state.parts.map((part, place) => [part, list[place]]));
  }

  /** Another head: cells go where their columns are now. */
  #putHead(head, from) {
    const isMoved = from.length !== this.head.columns.length || from.some((source, place) => source !== place);
    this.state.head = head;
    if (!isMoved) return [];
    const cells = this.state.parts.indexOf('cells');
    return this.state.rows.map((list, number) => {
      list[cells] = from.map(source => list[cells][source] ?? null);
      this.all[number] = this.#row(list);
      return number;
    });
  }

  /** A row that is new, as a list, or the parts of one that changed. */
  #put(number, parts) {
    if (Array.isArray(parts)) {
      this.state.rows[number] = parts;
    } else {
      const list = this.state.rows[number];
      for (const [part, value] of Object.entries(parts)) {
        const place = this.state.parts.indexOf(part);
        list[place] = part === 'cells' ? withPairs(list[place], value) : value;
      }
    }
    this.all[number] = this.#row(this.state.rows[number]);
  }

  #putOrder(buffer) {
    const Kind = this.all.length <= NARROW ? Uint16Array : Uint32Array;
    const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength).slice();
    this.order = this.state.order = Array.from(new Kind(bytes.buffer));
  }
}

/** `cells` with `[place, value, place, value, …]` put in. */
function withPairs(cells, pairs) {
  const found = cells.slice();
  for (let k = 0; k < pairs.length; k += 2) found[pairs[k]] = pairs[k + 1];
  return found;
}
