import { element } from './cells.mjs';
import { isSame, listed } from './plain.mjs';

/** The line in which a person writes about a run. `say(verb, value)` for each thing that changed, then `close()`. */
export function makeEditor(row, say, tell, close) {
  const label = `${row.mark} ${row.name}`.trim();
  const field = (what, value, placeholder) => element('input', { type: 'text', value, placeholder: tell(placeholder), ariaLabel: tell(what, { run: label }) });
  const name = field('name of {run}', row.name, 'its own name');
  const tags = field('tags of {run}', row.tags.join(', '), 'tags, with commas');
  const note = field('note of {run}', row.note, 'a note');
  const save = element('button', { type: 'submit', title: tell('Keep this (Enter)') }, tell('Keep'));
  const leave = element('button', { type: 'button', title: tell('Leave all as it was (Escape)') }, tell('Cancel'));
  const usual = element('button', { type: 'button', hidden: !row.color, title: tell('Draw it in its usual colour again') }, tell('Usual colour'));
  const labelled = (text, node) => element('label', {}, element('span', {}, tell(text)), node);
  const form = element('form', {}, labelled('name', name), labelled('tags', tags), labelled('note', note), save, leave, usual);

  form.addEventListener('submit', event => {
    event.preventDefault();
    if (name.value.trim() !== row.name) say('rename', name.value.trim());
    if (!isSame(listed(tags.value), row.tags)) say('tags', listed(tags.value));
    if (note.value.trim() !== row.note) say('note', note.value.trim());
    close();
  });
  form.addEventListener('keydown', event => {
    event.stopPropagation(); // the notebook would take Enter for itself
    if (event.key === 'Escape') close();
  });
  leave.addEventListener('click', close);
  usual.addEventListener('click', () => { say('color', ''); close(); });
  form.dataset.lmSuppressShortcuts = 'true'; // those of JupyterLab
  const tr = element('tr', { className: 'astuner-editor' }, element('td', { colSpan: 2 }, form));
  return { tr, focus: () => name.select() };
}
