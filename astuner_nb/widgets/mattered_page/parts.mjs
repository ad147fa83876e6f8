// Small parts of the page. Whatever a run brings along is written as text, never as HTML.

/** @param {string} tag @param {Record<string, any>} properties @param {(Node | string)[]} children */
export function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

/** A name that may go on in the next line behind a dot, slash or underscore. @returns {Node[]} */
export const breakable = name => name.split(/(?<=[._/])/).flatMap((part, index) => (index ? [element('wbr'), part] : [part]));

/** A button of the panel's own look. */
export const button = (text, title, act) => {
  const made = element('button', { type: 'button', className: 'astuner-plain', title }, text);
  made.addEventListener('click', act);
  return made;
};

/** Brings a <select> of `texts`, called `titles`, up to date; it is left alone while it has what it should have. */
export function fillSelect(select, texts, chosen, titles = texts) {
  if ([...select.options].map(one => one.value).join('\n') !== texts.join('\n')) {
    select.replaceChildren(...texts.map((value, place) => element('option', { value }, titles[place])));
  }
  select.value = chosen;
  select.disabled = !texts.length;
}

/** A canvas as large as its box, sharp on any screen. @returns {CanvasRenderingContext2D} cleared, in CSS pixels */
export function cleared(canvas, width, height) {
  const scale = window.devicePixelRatio || 1;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    Object.assign(canvas, { width: Math.round(width * scale), height: Math.round(height * scale) });
    Object.assign(canvas.style, { width: `${width}px`, height: `${height}px` });
  }
  const pen = canvas.getContext('2d');
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return pen;
}

/** The text at the pointer. */
export class Tip {
  constructor() {
    this.node = element('div', { className: 'astuner-tip', hidden: true });
    this.node.setAttribute('role', 'status');
  }

  /** @param {[string, string][]} lines name and value @param {HTMLElement} frame what x and y count from */
  show(title, lines, colour, frame, x, y) {
    const swatch = element('i');
    swatch.style.background = colour;
    this.node.replaceChildren(element('b', {}, swatch, title),
      ...lines.map(([name, value]) => element('span', {}, element('em', {}, name), value)));
    this.node.hidden = false;
    const home = this.node.offsetParent?.getBoundingClientRect();
    if (!home) return;
    const from = frame.getBoundingClientRect();
    const left = from.left - home.left + x, top = from.top - home.top + y;
    const { offsetWidth: width, offsetHeight: height } = this.node;
    this.node.style.left = `${Math.max(4, left + 14 + width > home.width ? left - width - 14 : left + 14)}px`;
    this.node.style.top = `${Math.max(4, Math.min(top - height / 2, home.height - height - 4))}px`;
  }

  hide() { this.node.hidden = true; }
}

/** Moves and clicks of a pointer in `node`, in its pixels. @param {{move, leave, click}} act */
export function pointer(node, act) {
  const at = event => {
    const box = node.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  node.addEventListener('pointermove', event => act.move(...at(event)));
  node.addEventListener('pointerleave', () => act.leave());
  node.addEventListener('click', event => act.click(...at(event), event.ctrlKey || event.metaKey || event.shiftKey));
}
