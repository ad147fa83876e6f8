import { isMeasured } from './line.mjs';
import { breadth, textOf } from './plain.mjs';

// Which nodes stand in the table's body, and how wide its columns are.

/** Make `wanted` the children of `body`; `held`, which has the focus, is not moved, as it would lose it. */
export function place(body, wanted, held) {
  const kept = new Set(wanted);
  for (const node of [...body.children]) if (!kept.has(node)) node.remove();
  let at = body.firstChild;
  for (const node of wanted) {
    if (node === at) {
      at = at.nextSibling;
    } else if (node === held && node.parentNode === body) {
      while (at !== held) { // these come later: behind it
        const next = at.nextSibling;
        body.append(at);
        at = next;
      }
      at = held.nextSibling;
    } else {
      body.insertBefore(node, at);
    }
  }
}

const LONGEST = { name: 30, source: 12, state: 10, progress: 12, config: 18, description: 18, metric: 12, delta: 12, tags: 22, note: 28, reading: 26, what_changed: 34 };
const SHORTEST = { metric: 8, delta: 8 }; // −0.0123: while a run goes on, nothing moves when digits come
const EXTRA_PX = { name: 84, state: 16, tags: 14 }; // icons, a dot, the edges of chips
const PADDING_PX = 17;

/** Widths of columns in letters, by the longest text of all rows, drawn or not: they stay while a person scrolls. */
export class Widths {
  constructor() { this.letters = {}; this.measured = []; }

  /** Begin anew for other columns: room for their titles, of which words may stand below one another. */
  begin(head) {
    this.letters = { name: 6, source: 6, state: 8, progress: 4, reading: 19 }; // learning since 27
    this.kinds = head.kinds;
    this.measured = (head.titles ?? head.columns).map((title, place) => Math.min(22, Math.max(SHORTEST[head.kinds[place]] ?? 0, ...title.split(' ').map(word => breadth(word) + 2))));
  }

  /** Room for another row; columns grow and never shrink. */
  add(row) {
    for (const part of ['name', 'source', 'state', 'reading', 'note', 'what_changed']) this.#grow(part, breadth(row[part]));
    this.#grow('progress', Math.max(row.progress.length, 2 * row.progress.split('/').at(-1).length + 1)); // as long as it will be: 300/300
    this.#grow('name', breadth(row.name) + row.mark.length + 1 + (row.parent ? breadth(row.parent) + 3 : 0));
    this.#grow('tags', breadth(row.tags.join('   ')));
    this.kinds.forEach((kind, place) => {
      const length = Math.min(LONGEST[kind], breadth(textOf(row.cells[place], kind)));
      if (length > this.measured[place]) this.measured[place] = length;
    });
  }

  /** CSS widths in the order of the page, an empty one for what takes the rest. @param {{id: string, place?: number}[]} columns */
  css(columns) {
    return columns.map(({ id, place: at }) => {
      if (id === 'show') return '60px';
      if (id === 'stop') return '60px';
      if (id === 'spark') return '92px';
      if (id === 'started') return '96px';
      const letters = at === undefined ? this.letters[id] ?? 0 : this.measured[at];
      const width = `${(letters * 1.06).toFixed(1)}ch + ${PADDING_PX + (EXTRA_PX[id] ?? 0)}px`;
      return id === 'name' ? `min(${width}, 38cqw)` : `calc(${width})`;
    });
  }

  #grow(part, length) {
    this.letters[part] = Math.max(this.letters[part] ?? 0, Math.min(length, LONGEST[part]));
  }
}

/** All columns in the order of the page. `sort` is what a click on the title sorts by; `needs` says which rows fill it. */
export function columnsOf(head) {
  const own = head.columns.map((title, place) => ({
    id: `c${place}`, place, title: head.titles?.[place] ?? title, sort: title, kind: head.kinds[place],
    isNumber: isMeasured(head.kinds[place]),
  }));
  return [
    { id: 'show', title: '' },
    { id: 'name', title: 'run', sort: 'name' },
    { id: 'source', title: 'source', sort: 'source' },
    { id: 'state', title: 'state', sort: 'state' },
    { id: 'stop', title: '', needs: row => row.alive },
    { id: 'progress', title: 'step', isNumber: true, needs: row => row.progress },
    { id: 'reading', title: 'reading', needs: row => row.reading || row.alive },
    ...own.filter(column => !column.isNumber),
    { id: 'spark', title: 'course', needs: row => row.spark.length },
    ...own.filter(column => column.isNumber),
    { id: 'what_changed', title: 'against the baseline', needs: row => row.what_changed },
    { id: 'tags', title: 'tags', sort: 'tags', needs: row => row.tags.length },
    { id: 'note', title: 'note', sort: 'note', needs: row => row.note },
    { id: 'started', title: 'started', sort: 'created', isNumber: true },
  ];
}
