import { cell, element, iconButton, setDown, sparkline, swatch, write } from './cells.mjs';
import { makeEditor } from './editor.mjs';
import { hasSameColumns, startedText, textOf, verdict } from './plain.mjs';

// A line is made once and changed in place: a button that is replaced under the pointer loses its click. One that goes out
// of view becomes the line of another run: a browser takes a millisecond to style a new one.

/** One row in the page. @param {(verb: string, key: string, value: any) => void} send @param tell */
export function makeLine(send, tell) {
  const say = (verb, value) => send(verb, line.row.key, value);
  const line = { row: null, head: null, editor: null };
  const box = element('input', { type: 'checkbox' });
  const colour = swatch(value => say('color', value), tell);
  const mark = element('span', { className: 'astuner-mark' });
  const called = element('span');
  const parent = element('span', { className: 'astuner-parent' });
  const name = element('button', { type: 'button', className: 'astuner-name' }, mark, called, parent);
  const pin = iconButton('pin', () => say('pin', !line.row.pinned));
  const flag = iconButton('flag', () => say('baseline', !line.row.baseline));
  const more = iconButton('more', () => toggleEditor());
  const source = element('a', { target: '_blank', rel: 'noopener noreferrer' });
  const state = element('span');
  const stop = element('button', { type: 'button', className: 'astuner-stop' }, `■ ${tell('stop')}`);
  const progress = cell('progress astuner-number');
  const reading = cell('reading');
  const curve = sparkline();
  const spark = cell('spark', curve.node);
  const changed = cell('changed'), tags = cell('tags'), note = cell('note'), started = cell('started astuner-quiet');
  const show = cell('show', element('label', {}, box), colour.node);
  const names = cell('names', element('div', {}, name, pin, flag, more));
  const tr = element('tr', {}, show, names, cell('source', source), cell('state-cell', state), cell('stop-cell', stop),
    progress, reading, spark, changed, tags, note, started);
  let before = [], behind = []; // the cells of the columns left and right of the curve

  box.addEventListener('change', () => say('show', box.checked));
  stop.addEventListener('click', () => { stop.textContent = '■ …'; say('stop', null); }); // may be pressed again: harmless
  tr.addEventListener('click', event => {
    const isOwn = event.target.closest('.astuner-name') || !event.target.closest('button, input, label, a');
    if (isOwn && !hasSelection(tr)) say('pick', { add: event.ctrlKey || event.metaKey || event.shiftKey });
  });

  function toggleEditor(open = !line.editor) {
    line.editor?.tr.remove();
    line.editor = open ? makeEditor(line.row, say, tell, () => { toggleEditor(false); more.focus(); }) : null;
    more.ariaExpanded = String(open);
    if (!open) return;
    tr.after(line.editor.tr);
    line.editor.focus();
  }

  function setColumns(head) {
    for (const td of [...before, ...behind]) td.remove();
    const made = head.kinds.map(kind => ({ td: cell(kind === 'config' || kind === 'description' ? 'value' : 'number'), kind }));
    before = made.filter(one => !isMeasured(one.kind)).map(one => one.td);
    behind = made.filter(one => isMeasured(one.kind)).map(one => one.td);
    spark.before(...before);
    spark.after(...behind);
  }

  function showRun(row, label) {
    box.checked = !row.hidden;
    box.ariaLabel = tell('show {run}', { run: label });
    box.title = row.hidden ? tell('Put it in sight again') : tell('Put it out of sight');
    colour.show(row, label);
    write(mark, row.mark, '');
    write(called, row.name, '');
    write(parent, row.parent && `↳ ${row.parent}`, '');
    name.title = tell('{run} ({key}): emphasise it everywhere; with Ctrl, Cmd or Shift beside others', { run: label, key: row.key });
    name.ariaPressed = String(row.selected);
    setDown(pin, row.pinned, tell(row.pinned ? 'let {run} go from the top' : 'keep {run} at the top', { run: label }));
    setDown(flag, row.baseline, tell(row.baseline ? 'compare with {run} no longer' : 'compare all others with {run}', { run: label }));
    more.ariaLabel = more.title = tell('write about {run}: name, tags, note', { run: label });
    write(source, row.source + (row.url ? ' ↗' : ''), row.url || row.source);
    row.url ? source.href = row.url : source.removeAttribute('href'); // the kernel lets addresses of the web through only
    write(state, tell(row.state), row.detail);
    state.className = `astuner-state astuner-${row.state}`;
    stop.title = tell('Stop {run}', { run: label });
    if (!row.alive || row.key !== line.row?.key) stop.textContent = `■ ${tell('stop')}`;
    stop.hidden = !row.alive;
    write(progress, row.progress);
    write(reading, row.reading);
    reading.dataset.severity = row.severity;
  }

  function showWords(row) {
    write(changed, row.what_changed);
    write(note, row.note);
    write(started, startedText(row.created), row.created && new Date(row.created).toLocaleString());
    if (line.row?.tags.join('\n') !== row.tags.join('\n')) {
      tags.replaceChildren(...row.tags.map(tag => element('span', { className: 'astuner-chip' }, tag)));
      tags.title = row.tags.join(', ');
    }
  }

  function showCells(row, head) {
    let left = 0, right = 0;
    head.kinds.forEach((kind, place) => {
      const td = isMeasured(kind) ? behind[right++] : before[left++];
      const value = row.cells[place] ?? null;
      write(td, textOf(value, kind), value === null ? '' : `${(head.titles ?? head.columns)[place]}: ${value}`);
      if (kind === 'delta') td.className = `astuner-number astuner-delta astuner-${verdict(value, head.better[place]) || 'same'}`;
    });
  }

  /** Bring the line up to date. @param {import('./rows.mjs').Row} row */
  line.update = (row, head) => {
    if (row === line.row && head === line.head) return;
    if (!line.head || !hasSameColumns(head, line.head)) setColumns(head);
    tr.dataset.run = row.key;
    showRun(row, `${row.mark} ${row.name}`.trim());
    showWords(row);
    showCells(row, head);
    curve.draw(row.spark, row.swatch);
    for (const part of ['selected', 'pinned', 'baseline', 'hidden']) tr.classList.toggle(`astuner-is-${part}`, row[part]);
    [line.row, line.head] = [row, head];
  };
  line.tr = tr;
  return line;
}

export const isMeasured = kind => kind === 'metric' || kind === 'delta';

/** Whether a person has just marked text in `node`, and did not mean to click. */
function hasSelection(node) {
  const selection = getSelection();
  return Boolean(selection && !selection.isCollapsed && node.contains(selection.anchorNode));
}
