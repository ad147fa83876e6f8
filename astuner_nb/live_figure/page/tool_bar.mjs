const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** The buttons of plotly.js's tool bar are one stop for Tab, among which arrow keys go; it shows while it has the focus. */
export function oneStop(box) {
  const bar = box.querySelector('.modebar');
  if (!bar) return;
  const buttons = [...bar.querySelectorAll('.modebar-btn')];
  const held = Math.max(buttons.indexOf(document.activeElement), 0);
  buttons.forEach((button, place) => { button.tabIndex = place === held ? 0 : -1; });
  if (bar.dataset.astuner) return;
  bar.dataset.astuner = 'heard'; // plotly.js makes another bar when its buttons change
  bar.addEventListener('focusin', event => { bar.style.opacity = event.target.matches(':focus-visible') ? '1' : ''; });
  bar.addEventListener('focusout', () => { bar.style.opacity = ''; });
  bar.addEventListener('keydown', event => stepped(bar, event));
}

function stepped(bar, event) {
  const buttons = [...bar.querySelectorAll('.modebar-btn')], at = buttons.indexOf(event.target);
  if (at < 0 || !(event.key in STEPS)) return;
  event.preventDefault();
  event.stopPropagation(); // JupyterLab would go to the next cell
  const next = buttons[(at + STEPS[event.key] + buttons.length) % buttons.length];
  buttons.forEach(button => { button.tabIndex = button === next ? 0 : -1; });
  next.focus();
}
