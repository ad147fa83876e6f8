// The table of runs. Everything a run brings along (names, states, details) is written as text, never as HTML.
// A row is made once and changed in place: a button that is replaced under the pointer loses its click.

/** @typedef {{id: string, name: string, colour: string, source: string, url: string, state: string, alive: boolean, detail: string,
 *             progress: string, started: string, values: string[]}} Row   keep in step with charts/rows.py */

/** @param {string} tag @param {Record<string, any>} properties @param {(Node | string)[]} children */
function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

const cell = (className, ...children) => element('td', { className }, ...children);

/** One line of the table and what brings it up to date. @param {Row} first @param {any} model */
function makeLine(first, model) {
  const box = element('input', { type: 'checkbox' });
  const swatch = element('span', { className: 'astuner-swatch' });
  const name = element('button', { className: 'astuner-name' });
  const source = element('a', { target: '_blank', rel: 'noopener noreferrer' });
  const state = element('span');
  const stop = element('button', { className: 'astuner-stop' }, '■ stop');
  const progress = cell('astuner-number');
  const values = first.values.map(() => cell('astuner-number'));
  const started = cell('astuner-quiet');
  const show = cell('astuner-show', element('label', {}, box, swatch));
  const tr = element('tr', {}, show, cell('', name), cell('astuner-source', source), cell('', state), cell('', stop), progress, ...values, started);
  tr.dataset.run = first.id;
  box.addEventListener('change', () => toggle(model, first.id, box.checked));
  name.addEventListener('click', () => model.send({ verb: 'pick', id: first.id }));
  stop.addEventListener('click', () => model.send({ verb: 'stop', id: first.id })); // may be pressed again: harmless

  /** @param {Row} row @param {string[]} shown */
  const update = (row, shown) => {
    box.checked = shown.includes(row.id);
    box.ariaLabel = `show ${row.name}`;
    swatch.style.background = row.colour;
    name.textContent = row.name;
    name.title = `${row.name} (${row.id}): show its log`;
    source.textContent = row.source + (row.url ? ' ↗' : '');
    row.url ? source.href = row.url : source.removeAttribute('href'); // the kernel lets addresses of the web through only
    state.textContent = row.state;
    state.className = `astuner-state astuner-${row.state}`;
    state.title = row.detail;
    progress.textContent = row.progress;
    values.forEach((td, index) => { td.textContent = row.values[index] ?? ''; });
    started.textContent = row.started;
    stop.title = `Stop ${row.name}`;
    stop.hidden = !row.alive;
  };
  return { tr, update, width: first.values.length };
}

/** Show or hide one run. @param {any} model @param {string} id @param {boolean} on */
function toggle(model, id, on) {
  const others = model.get('shown').filter(other => other !== id);
  model.set('shown', on ? [...others, id] : others);
  model.save_changes();
}

function render({ model, el }) {
  /** @type {Map<string, Row>} */
  const rows = new Map();
  const lines = new Map();
  const head = element('thead');
  const body = element('tbody');
  const nothing = element('p', { className: 'astuner-quiet' }, 'No runs yet. Move a slider if you like, then press Run.');
  el.append(element('div', { className: 'astuner-runs' }, element('table', { className: 'astuner-table' }, head, body), nothing));

  const put = row => {
    rows.set(row.id, row);
    let line = lines.get(row.id);
    if (line?.width !== row.values.length) {
      const fresh = makeLine(row, model);
      line ? line.tr.replaceWith(fresh.tr) : body.prepend(fresh.tr);
      lines.set(row.id, line = fresh);
    }
    line.update(row, model.get('shown'));
    nothing.hidden = true;
  };
  const onColumns = () => head.replaceChildren(element('tr', {},
    ...['', 'run', 'source', 'state', '', 'step', ...model.get('columns'), 'started'].map(name => element('th', {}, name))));
  const onAll = () => model.get('_rows').slice().reverse().forEach(put);
  const onSome = message => message.rows?.forEach(put);
  const onShown = () => rows.forEach(put);

  onColumns();
  onAll();
  const wires = { 'change:columns': onColumns, 'change:_rows': onAll, 'change:shown': onShown, 'msg:custom': onSome };
  for (const [event, wire] of Object.entries(wires)) model.on(event, wire);
  return () => { for (const [event, wire] of Object.entries(wires)) model.off(event, wire); };
}

export default { render };
