import { sparkPath } from './plain.mjs';

// The parts that lines and head are made of. All that a run brings is written as text.

const SVG = 'http://www.w3.org/2000/svg';
const SPARK = [72, 16];
const ICONS = {
  pin: 'M8 1.5l2 4.3 4.7.6-3.4 3.2.9 4.7L8 12l-4.2 2.3.9-4.7L1.3 6.4 6 5.8z',
  flag: 'M3.5 15V1.5h9L10.5 5l2 3.5h-9',
  more: 'M3 8h.01M8 8h.01M13 8h.01',
};

/** @param {string} tag @param {Record<string, any>} properties @param {(Node | string)[]} children */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

export const cell = (className, ...children) => element('td', { className: `astuner-${className}` }, ...children);

/** Text and its tooltip, written only where they changed. */
export function write(node, text, title = text) {
  if (node.textContent !== text) node.textContent = text;
  if (node.title !== title) node.title = title;
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

/** A small button with a drawing; `on` says whether it is down, where it stays down. */
export function iconButton(name, act) {
  const drawing = svg('svg', { viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: ICONS[name] }));
  const button = element('button', { type: 'button', className: `astuner-icon astuner-${name}` }, drawing);
  button.addEventListener('click', act);
  return button;
}

/** A button that is down or not. */
export function setDown(button, isDown, title) {
  button.ariaPressed = String(isDown);
  button.ariaLabel = button.title = title;
}

/** A small curve and what changes it. */
export function sparkline() {
  const [width, height] = SPARK;
  const path = svg('path', { d: '' });
  const node = svg('svg', { class: 'astuner-curve', viewBox: `-2 -2 ${width + 4} ${height + 4}`, 'aria-hidden': 'true' }, path);
  return {
    node,
    draw(values, colour) {
      path.setAttribute('d', sparkPath(values, width, height));
      path.setAttribute('stroke', colour);
    },
  };
}

/** The bar in a run's colour; what is behind it opens a picker. `onPick` is called with `#rrggbb`. */
export function swatch(onPick, tell) {
  const bar = element('span', { className: 'astuner-swatch' });
  const picker = element('input', { type: 'color', tabIndex: 0 });
  picker.addEventListener('change', () => onPick(picker.value));
  return {
    node: element('label', { className: 'astuner-colour' }, picker, bar),
    show(row, label) {
      bar.style.background = row.swatch;
      bar.dataset.drawn = row.drawn;
      if (document.activeElement !== picker) picker.value = row.swatch;
      picker.ariaLabel = tell('colour of {run}', { run: label });
      picker.title = tell('{drawn}; click to choose another colour', { drawn: tell(DRAWN[row.drawn] ?? '') });
    },
  };
}

const DRAWN = { line: 'drawn as a line', background: 'drawn in the background: pick or pin it to see its line', none: 'not drawn' };
