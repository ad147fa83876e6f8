// What ipywidgets leave out for people with a keyboard or a screen reader, written into the panel around this widget.

const AGAIN_MS = 250; // figures that stream change the page many times a second
const CONTROL_KEYS = new Set(['Enter', ' ', 'Escape', 'Home', 'End', 'PageUp', 'PageDown', 'ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']);
const TWO_ENDS = /^([-−]?[\d.]+(?:e[-+]?\d+)?) ?[-–] ?(.+)$/;

/** The two numbers of a readout like `1e-05-0.001`; none where it is no pair. @returns {string[]} */
export const ends = text => (TWO_ENDS.exec(text.trim()) ?? []).slice(1);

/** What a slider is called: by its label, else by its tooltip, which stands on a label that is not shown. */
function sliderName(box) {
  const label = box.querySelector('.widget-label');
  return label?.textContent.trim() || label?.title || box.title;
}

/** What a field or a menu is called where no label is shown: by its tooltip, its row, or what stands in it. */
function fieldName(field) {
  const row = field.closest('.astuner-row')?.querySelector('.astuner-label');
  return row?.textContent.trim() || field.title || field.placeholder || '';
}

function put(node, name, value) {
  if (value && node.getAttribute(name) !== value) node.setAttribute(name, value);
}

function nameSlider(box, words) {
  const name = sliderName(box), readout = box.querySelector('.widget-readout');
  const handles = [...box.querySelectorAll('.noUi-handle')];
  const both = handles.length > 1 ? [words.lowest, words.highest] : [];
  const said = both.length ? ends(readout?.textContent ?? '') : [readout?.textContent];
  handles.forEach((handle, place) => {
    put(handle, 'aria-label', [name, both[place]].filter(Boolean).join(', '));
    put(handle, 'aria-valuetext', said[place]); // of its own accord it says a place or an exponent
  });
  if (!readout?.isContentEditable) return;
  put(readout, 'role', 'textbox');
  put(readout, 'aria-label', [name, words.value].join(', '));
}

/** Give names and states to what has none; cheap where all have. */
function improve(panel, words) {
  for (const slider of panel.querySelectorAll('.widget-slider')) nameSlider(slider, words);
  for (const field of panel.querySelectorAll(':is(.widget-dropdown, .widget-text, .widget-combobox) :is(select, input)')) {
    if (![...field.labels ?? []].some(label => label.textContent.trim())) put(field, 'aria-label', fieldName(field));
  }
  for (const toggle of panel.querySelectorAll('.widget-toggle-button')) {
    put(toggle, 'aria-pressed', String(toggle.classList.contains('mod-active')));
  }
  for (const card of panel.querySelectorAll('.astuner-reading-card')) {
    put(card, 'tabindex', '0'); // it scrolls, also by keyboard
    put(card, 'role', 'group');
    put(card, 'aria-label', words.card);
  }
}

/** Open or close what a `?` button explains. */
function disclose(button, open) {
  button.setAttribute('aria-expanded', String(open));
  button.nextElementSibling.hidden = !open;
}

const ASKS = '.astuner-should button';
const opened = panel => [...panel.querySelectorAll(`${ASKS}[aria-expanded="true"]`)];

function clicked(panel, event) {
  const asked = event.target.closest(ASKS);
  const open = asked?.getAttribute('aria-expanded') === 'false';
  if (!event.target.closest('.astuner-should')) return;
  for (const button of opened(panel)) disclose(button, false);
  if (open) disclose(asked, true);
}

function pressed(panel, event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !CONTROL_KEYS.has(event.key)) return;
  event.stopPropagation(); // JupyterLab would edit the cell or go to the next one
  if (event.key !== 'Escape') return;
  for (const button of opened(panel)) {
    disclose(button, false);
    button.focus();
  }
}

/** Watch `panel` until the returned function is called. */
function watch(panel, words) {
  let timer = 0;
  const now = () => { timer = 0; improve(panel, words); };
  const soon = () => { timer ||= setTimeout(now, AGAIN_MS); };
  const observer = new MutationObserver(soon);
  const heard = { click: event => clicked(panel, event), keydown: event => { pressed(panel, event); improve(panel, words); } };
  for (const [type, hear] of Object.entries(heard)) panel.addEventListener(type, hear);
  observer.observe(panel, { childList: true, subtree: true, characterData: true, attributes: true, attributeFilter: ['class', 'title'] });
  improve(panel, words);
  return () => {
    clearTimeout(timer);
    observer.disconnect();
    for (const [type, hear] of Object.entries(heard)) panel.removeEventListener(type, hear);
  };
}

function render({ model, el }) {
  el.style.display = 'none';
  let leave = () => {}, frame = 0;
  const begin = () => { // rendered before it stands in the page
    const panel = el.closest('.astuner-panel');
    if (panel?.isConnected) leave = watch(panel, model.get('words'));
    else frame = requestAnimationFrame(begin);
  };
  begin();
  return () => { cancelAnimationFrame(frame); leave(); };
}

export default { render };
