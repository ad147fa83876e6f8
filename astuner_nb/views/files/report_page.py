"""The parts of a report that are the same in each: its look, and the few lines of JavaScript that draw and sort."""

STYLE = """
:root { color-scheme: light dark; --line: #d9dce0; --quiet: #5f6368; --text: #202124; --paper: #fff; --wash: #f5f6f7; }
@media (prefers-color-scheme: dark) {
  :root { --line: #3a3f45; --quiet: #9aa0a6; --text: #d5d8dc; --paper: #16181b; --wash: #202327; } }
@media print { :root { --line: #d9dce0; --quiet: #5f6368; --text: #202124; --paper: #fff; --wash: #f5f6f7; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 20px 24px 40px; max-width: 1500px; background: var(--paper); color: var(--text);
  font: 13px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 20px; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 26px 0 6px; }
p { margin: 4px 0; overflow-wrap: anywhere; }
.quiet, figcaption { color: var(--quiet); font-size: 12px; }
.legend { display: flex; flex-wrap: wrap; gap: 2px 16px; margin: 8px 0; padding: 0; list-style: none; font-size: 12px; }
.legend li { display: flex; align-items: center; gap: 6px; max-width: 100%; overflow-wrap: anywhere; }
.legend svg { flex: none; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(300px, 100%), 1fr)); gap: 6px 12px; }
figure { margin: 0; min-width: 0; break-inside: avoid; }
figcaption { padding: 0 8px; }
.plot { height: 240px; }
.wide { overflow: auto; max-height: 70vh; border: 1px solid var(--line); border-radius: 6px; }
table { border-collapse: collapse; font-size: 12px; min-width: 100%; }
th { position: sticky; top: 0; z-index: 1; background: var(--wash); text-align: left; font-weight: 500; }
th, td { padding: 3px 10px; border-bottom: 1px solid var(--line); max-width: 340px; overflow-wrap: break-word;
  vertical-align: top; }
td.long { min-width: 24ch; }
td.date { white-space: nowrap; }
thead th button { all: unset; cursor: pointer; color: var(--quiet); white-space: nowrap; }
thead th button:hover { color: var(--text); }
button:focus-visible, a:focus-visible, summary:focus-visible { outline: 2px solid #4c8bf5; outline-offset: 2px; }
th[aria-sort] button { color: var(--text); }
th[aria-sort=ascending] button::after { content: " ▲"; font-size: 9px; }
th[aria-sort=descending] button::after { content: " ▼"; font-size: 9px; }
th[scope=row] { left: 0; z-index: 2; }
tbody th[scope=row] { background: var(--paper); }
thead th[scope=row] { z-index: 3; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code { font: 12px ui-monospace, Menlo, Consolas, monospace; overflow-wrap: anywhere; }
pre { white-space: pre-wrap; background: var(--wash); padding: 8px 10px; border-radius: 6px; margin: 6px 0; }
a { color: inherit; }
@media print { body { padding: 0; max-width: none; } .wide { overflow: visible; max-height: none; border: 0; }
  th { position: static; } .modebar { display: none; } }
@media (max-width: 720px) { body { padding: 12px; } }
"""

DRAW = """
const figures = JSON.parse(document.getElementById('figures').textContent);
const dark = window.matchMedia('(prefers-color-scheme: dark)');
const ink = on => on ? {text: '#d5d8dc', faint: '#9aa0a6', grid: '#2f3338', line: '#50555b', card: '#26292d'}
  : {text: '#3c4043', faint: '#6b7075', grid: '#eceef1', line: '#c9cdd2', card: '#ffffff'};
const look = on => {
  const c = ink(on), clear = 'rgba(0,0,0,0)';
  const axis = {gridcolor: c.grid, linecolor: c.line, zeroline: false, tickfont: {color: c.faint, size: 11}, nticks: 8,
    spikecolor: c.line, spikethickness: 1, spikedash: 'solid'};
  return {layout: {paper_bgcolor: clear, plot_bgcolor: clear,
    font: {color: c.text, size: 12, family: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif'},
    xaxis: {...axis, showgrid: false, showline: true, ticks: 'outside', ticklen: 4, tickcolor: c.line}, yaxis: axis,
    hoverlabel: {bgcolor: c.card, bordercolor: c.line, font: {color: c.text, size: 12}, namelength: 40},
    modebar: {bgcolor: clear, color: c.faint, activecolor: c.text}}};
};
const dictionary = JSON.parse(document.getElementById('buttons').textContent);
const config = {responsive: true, displaylogo: false, showTips: false, locale: 'own', locales: {own: {dictionary}},
  modeBarButtonsToRemove: ['select2d', 'lasso2d', 'zoomIn2d', 'zoomOut2d', 'autoScale2d', 'sendChartToCloud']};
const plots = [...document.querySelectorAll('.plot')];
plots.forEach((plot, n) => {
  const {data, layout} = figures[n];
  Plotly.newPlot(plot, data, {...layout, height: 240, template: look(dark.matches)}, config);
});
const paint = on => plots.forEach(plot => Plotly.relayout(plot, {template: look(on)}));
dark.addEventListener('change', () => paint(dark.matches));
window.addEventListener('beforeprint', () => paint(false));
window.addEventListener('afterprint', () => paint(dark.matches));
"""

SORT = """
const order = (a, b) => typeof a === 'number' && typeof b === 'number' ? a - b
  : typeof a === 'number' ? -1 : typeof b === 'number' ? 1 : a.localeCompare(b, undefined, {numeric: true});
const value = (row, n) => {
  const cell = row.cells[n], number = cell.dataset.number, text = cell.textContent;
  return number !== undefined ? Number(number) : text === '' || text === 'NaN' ? null : text;
};
for (const button of document.querySelectorAll('thead button')) button.addEventListener('click', () => {
  const head = button.closest('th'), body = head.closest('table').tBodies[0], n = head.cellIndex;
  const down = head.getAttribute('aria-sort') === 'ascending';
  for (const other of head.parentNode.cells) other.removeAttribute('aria-sort');
  head.setAttribute('aria-sort', down ? 'descending' : 'ascending');
  const rows = [...body.rows].map(row => [row, value(row, n)]);
  rows.sort(([, a], [, b]) => a === null || b === null ? (a === null) - (b === null)
    : down ? order(b, a) : order(a, b));
  body.append(...rows.map(([row]) => row));
});
"""
