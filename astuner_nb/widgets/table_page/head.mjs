import { element } from './cells.mjs';
import { columnsOf } from './lines.mjs';
import { hasSameColumns, isSame } from './plain.mjs';

// What stands above the rows: titles that sort, widths, the search, and how many runs are left.

const SEARCH_AFTER_MS = 200;
const WAYS = ['ascending', 'descending'];

/** The titles and widths of a table. @param {HTMLTableElement} table @param send */
export function makeHead(table, send, tell) {
  const tr = element('tr'), cols = element('colgroup');
  table.append(cols, element('thead', {}, tr));
  let columns = [], known = { columns: [], kinds: [] }, widths = [];

  function title(column) {
    const text = column.place === undefined ? tell(column.title) : column.title;
    const th = element('th', { scope: 'col', title: text, className: column.isNumber ? 'astuner-number' : '' });
    th.dataset.column = column.id;
    if (!column.sort) {
      th.append(text);
      return th;
    }
    const button = element('button', { type: 'button' }, text);
    button.addEventListener('click', () => send('sort', '', column.sort));
    th.append(button);
    return th;
  }

  return {
    /** Titles anew where the columns are others; which one is sorted by. */
    show(head) {
      if (!columns.length || !hasSameColumns(head, known)) {
        columns = columnsOf(head);
        tr.replaceChildren(...columns.map(title));
        cols.replaceChildren(...columns.map(column => element('col', { className: `astuner-col-${column.id}` })));
        widths = [];
      }
      known = head;
      columns.forEach((column, place) => {
        const th = tr.children[place];
        const isBy = Boolean(column.sort) && column.sort === head.sort[0];
        isBy ? th.setAttribute('aria-sort', WAYS[Number(head.sort[1])]) : th.removeAttribute('aria-sort');
      });
    },
    /** Widths, and which columns have something to say in any of the rows. */
    fit(measured, rows) {
      const wanted = measured.css(columns);
      if (!isSame(wanted, widths)) {
        widths = wanted;
        [...cols.children].forEach((col, place) => { col.style.width = columns[place].id === 'started' ? '' : wanted[place]; });
      }
      const isUsed = columns.map(column => !column.needs || rows.some(column.needs));
      columns.forEach((column, place) => {
        if (column.needs) table.classList.toggle(`astuner-without-${column.id}`, !isUsed[place]);
      });
      table.style.minWidth = `calc(${wanted.filter((_, place) => isUsed[place]).join(' + ')})`;
    },
  };
}

/** The line above: all or none, search, how many are left. */
export function makeBar(send, tell) {
  const all = element('input', { type: 'checkbox', ariaLabel: tell('show all'), title: tell('Put all of these in sight, or none') });
  const field = element('input', { type: 'search', placeholder: tell('search names'), ariaLabel: tell('search names'), spellcheck: false });
  field.title = tell('Part of a name, or a pattern with * and ?');
  const words = element('span', { className: 'astuner-quiet astuner-count', role: 'status' });
  field.dataset.lmSuppressShortcuts = 'true'; // those of JupyterLab
  let timer, sent = '';
  const search = () => {
    clearTimeout(timer);
    if (field.value.trim() !== sent) send('search', '', sent = field.value.trim());
  };
  all.addEventListener('change', () => send('show_all', '', all.checked));
  field.addEventListener('input', () => { clearTimeout(timer); timer = setTimeout(search, SEARCH_AFTER_MS); });
  field.addEventListener('keydown', event => {
    event.stopPropagation(); // the notebook would take Enter for itself
    if (event.key === 'Enter') search();
    if (event.key === 'Escape' && field.value) { field.value = ''; search(); }
  });
  return {
    node: element('div', { className: 'astuner-bar' }, element('label', {}, all), field, words),
    show(rows) {
      const shown = rows.shown.filter(row => !row.hidden).length;
      all.checked = shown > 0;
      all.indeterminate = shown > 0 && shown < rows.shown.length;
      all.disabled = !rows.shown.length;
      words.textContent = words.title = rows.words;
      if (document.activeElement !== field) field.value = rows.head.search;
      sent = rows.head.search;
    },
    close: () => clearTimeout(timer),
  };
}
