// What the colours mean. Labels come from runs and are written as text, never as HTML.

function element(tag, properties = {}, ...children) {
  const node = Object.assign(document.createElement(tag), properties);
  node.append(...children);
  return node;
}

function swatch(colour) {
  const bar = element('span', { className: 'astuner-swatch' });
  bar.style.background = colour;
  return bar;
}

function render({ model, el }) {
  const box = element('div', { className: 'astuner-legend' });
  el.append(box);

  const entry = ([label, colour, selected], index) => {
    const button = element('button', { title: model.get('tip').replace('{label}', () => label) }, swatch(colour), label);
    button.ariaPressed = String(selected);
    button.addEventListener('click', () => model.send({ entry: index }));
    return button;
  };
  const scale = (name, entries) => {
    const bar = element('span', { className: 'astuner-scale' });
    bar.style.background = `linear-gradient(to right, ${entries.map(([, colour]) => colour).join(', ')})`;
    const ends = entries.map(([label]) => element('span', {}, label));
    return [element('span', {}, name), element('span', { className: 'astuner-scaled' }, bar, element('span', {}, ...ends))];
  };
  const draw = () => {
    const entries = model.get('entries'), name = model.get('scale');
    box.hidden = !entries.length;
    box.replaceChildren(...(name ? scale(name, entries) : entries.map(entry)));
  };
  draw();
  model.on('change:entries change:scale', draw);
  return () => model.off('change:entries change:scale', draw);
}

export default { render };
