import { element } from './cells.mjs';
import { makeBar, makeHead } from './head.mjs';
import { makeLine } from './line.mjs';
import { place, Widths } from './lines.mjs';
import { hasSameColumns, inView } from './plain.mjs';
import { Rows } from './rows.mjs';
import { teller } from '../teller.mjs';

const ASK_AGAIN_MS = 5_000; // a request for all rows may be lost like any other message
const ROW_PX = 26; // keep in step with runs_table.css

/** anywidget calls this once for each model: the rows are shared by the views of one table. */
export default function runsTable() {
  const views = new Set();
  const shared = { rows: null, send: () => {}, tell: teller({}) };
  return {
    initialize({ model }) { connect(shared, model, changed => views.forEach(view => view.changed(changed))); },
    render({ el }) {
      const view = openView(el, shared);
      views.add(view);
      return () => { views.delete(view); view.close(); };
    },
  };
}

/** Joins the model and the rows: messages in, what a person does out. `tell(null)` says that all is new. */
function connect(shared, model, tell) {
  let askedAt = -Infinity;
  shared.tell = teller(model.get('_texts'));
  const send = message => {
    try { model.send(message); } catch { /* the kernel is gone: the table stays, there is nobody to tell */ }
  };
  const load = () => {
    const state = model.get('_table');
    if (shared.rows && state.seq < shared.rows.seq) return; // made before what is here already
    shared.rows = new Rows(state);
    askedAt = -Infinity;
    tell(null);
  };
  shared.send = (verb, key, value) => send({ verb, key, value });
  load();
  model.on('change:_table', load);
  model.on('msg:custom', (message, buffers) => {
    if (message.seq === undefined) return;
    const changed = shared.rows.apply(message, buffers);
    if (changed) return tell(changed);
    if (performance.now() - askedAt < ASK_AGAIN_MS) return;
    askedAt = performance.now();
    send({ verb: 'again' });
  });
}

/** One view of the table, in `el`. */
function openView(el, shared) {
  const body = element('tbody'), table = element('table', { className: 'astuner-table' });
  const head = makeHead(table, shared.send, shared.tell), bar = makeBar(shared.send, shared.tell);
  table.append(body);
  const above = gap(), below = gap();
  const nothing = element('p', { className: 'astuner-quiet' });
  const box = element('div', { className: 'astuner-runs' }, table, nothing);
  const lines = new Map(), widths = new Widths();
  let frame = 0, isPressed = false, sort = '', measured = null;

  function changed(numbers) {
    const { rows } = shared;
    if (!measured || !hasSameColumns(measured, rows.head)) numbers = null;
    if (!numbers) widths.begin(rows.head);
    measured = rows.head;
    (numbers ? numbers.map(number => rows.all[number]) : rows.all).forEach(row => widths.add(row));
    later();
  }

  function later() {
    if (!frame && !isPressed) frame = requestAnimationFrame(paint);
  }

  function paint() {
    frame = 0;
    const { rows } = shared;
    const shown = rows.order.map(number => rows.all[number]);
    head.show(rows.head);
    head.fit(widths, rows.all);
    bar.show({ shown, head: rows.head, words: rows.words });
    nothing.textContent = rows.words || shared.tell('No runs yet.');
    nothing.hidden = shown.length > 0;
    table.hidden = !shown.length;
    if (String(rows.head.sort) !== sort) box.scrollTop = 0;
    sort = String(rows.head.sort);
    paintRows(shown, rows.head);
  }

  function paintRows(shown, heading) {
    const [from, until] = inView(box.scrollTop, box.clientHeight || 400, ROW_PX, shown.length);
    const inside = shown.slice(from, until);
    const spare = spareLines(new Set(inside.map(row => row.key)));
    const wanted = inside.flatMap(row => {
      if (!lines.has(row.key)) lines.set(row.key, spare.shift() ?? makeLine(shared.send, shared.tell));
      const line = lines.get(row.key);
      line.update(row, heading);
      return line.editor ? [line.tr, line.editor.tr] : [line.tr];
    });
    above.firstChild.style.height = `${from * ROW_PX}px`;
    below.firstChild.style.height = `${(shown.length - until) * ROW_PX}px`;
    if (from > 0) wanted.unshift(above);
    if (until < shown.length) wanted.push(below);
    place(body, wanted, document.activeElement?.closest?.('tr'));
    table.setAttribute('aria-rowcount', String(shown.length + 1));
  }

  /** Lines whose runs are not in view, in their order in the page; not the one that has the focus, nor one being written in. */
  function spareLines(keys) {
    const found = [];
    for (const { dataset: { run } } of [...body.children]) {
      const line = lines.get(run);
      if (!line || keys.has(run) || line.editor) continue;
      lines.delete(run);
      if (!line.tr.contains(document.activeElement)) found.push(line);
    }
    return found;
  }

  // Nothing moves under a button that is pressed: it would lose its click.
  const press = event => { isPressed = Boolean(event.target.closest('tbody')); };
  const release = event => {
    if (!isPressed || (event.type === 'pointermove' && event.buttons)) return;
    isPressed = false;
    setTimeout(later); // after the click
  };
  const RELEASES = ['pointerup', 'pointercancel', 'pointermove'];
  const resized = new ResizeObserver(later);
  Object.assign(el.style, { width: '100%', minWidth: '0' });
  el.append(bar.node, box);
  box.addEventListener('pointerdown', press);
  box.addEventListener('scroll', later, { passive: true });
  RELEASES.forEach(type => window.addEventListener(type, release));
  resized.observe(box);
  changed(null);
  return {
    changed,
    close() {
      cancelAnimationFrame(frame);
      resized.disconnect();
      RELEASES.forEach(type => window.removeEventListener(type, release));
      bar.close();
    },
  };
}

/** Takes the room of rows that are out of view. */
function gap() {
  return element('tr', { className: 'astuner-gap', ariaHidden: 'true' }, element('td'));
}
