import { loadPlotly } from './plotly_source.mjs';
import { Store } from './store.mjs';
import { View } from './view.mjs';

const DOWNLOAD_WITHIN_MS = 20_000; // a download asked for before the figure is drawn waits as long
const ASK_AGAIN_MS = 5_000; // a request for the whole figure may be lost like any other message

/** anywidget calls this once for each model: what stands here is shared by the views of one figure. */
export default function liveFigure() {
  const views = new Set();
  const figure = {};
  let asked = null; // the last download that nobody has made yet
  figure.drawn = view => {
    if (asked && performance.now() - asked.at < DOWNLOAD_WITHIN_MS) {
      view.download(asked).catch(error => console.warn('LiveFigure: the picture cannot be made', error));
    }
    asked = null;
  };
  figure.download = message => {
    asked = { ...message, at: performance.now() };
    const view = [...views].find(one => one.box._fullLayout);
    if (view) figure.drawn(view);
  };
  return {
    initialize({ model }) {
      connect(figure, model, () => views.forEach(view => view.changed()));
    },
    async render({ model, el, signal }) {
      const box = document.createElement('div');
      box.style.cssText = `width:100%;min-height:${figure.options.height}px;overflow:hidden`;
      box.className = 'astuner-figure';
      Object.assign(el.style, { width: '100%', minWidth: '0', overflow: 'hidden' });
      el.append(box);
      const view = await openView(model, box, figure, signal);
      if (!view) return;
      views.add(view);
      return () => { views.delete(view); view.close(); };
    },
  };
}

/** Joins the model and its store: messages in, a person's edits out. */
function connect(figure, model, redraw) {
  let askedAt = -Infinity;
  const send = message => {
    try { model.send(message); } catch { /* the kernel is gone: the picture stays, there is nobody to tell */ }
  };
  const load = () => { figure.store = new Store(model.get('_figure')); askedAt = -Infinity; redraw(); };
  const askForAll = seq => {
    if (performance.now() - askedAt < ASK_AGAIN_MS) return;
    askedAt = performance.now();
    send({ op: 'sync', seq });
  };
  Object.assign(figure, {
    send,
    wanted: name => model.get('_events').includes(name),
    options: model.get('_options'),
    edited(layout, style = {}, indexes = []) {
      if (!Object.keys(layout).length && !Object.keys(style).length) return;
      figure.store.relayout(layout);
      figure.store.restyle(style, indexes);
      redraw();
      if (Object.keys(layout).length) send({ op: 'relayout', edits: layout });
      if (Object.keys(style).length) send({ op: 'restyle', edits: style, traces: indexes });
    },
  });
  load();
  model.on('change:_figure', load);
  model.on('change:_options', () => { figure.options = model.get('_options'); redraw(); });
  model.on('msg:custom', (message, buffers) => {
    if (message.op === 'download') figure.download(message);
    if (message.seq === undefined) return;
    if (figure.store.apply(message, buffers)) redraw();
    else askForAll(-1);
  });
  askForAll(figure.store.seq); // points may have come between the making of our state and now
  askedAt = -Infinity;
}

/** Loads plotly.js and opens a view; a failed load is a sentence with a button in the page. */
async function openView(model, box, figure, signal) {
  for (;;) {
    try {
      const plotly = await loadPlotly(model);
      return signal?.aborted ? null : new View(plotly, box, figure);
    } catch (error) {
      if (signal?.aborted) return null;
      await askToRetry(box, `The figure cannot be drawn: plotly.js did not load (${error.message}). Look at the network, then`);
    }
  }
}

function askToRetry(box, sentence) {
  return new Promise(retry => {
    const button = Object.assign(document.createElement('button'), { textContent: 'Retry' });
    button.onclick = () => { box.replaceChildren(); retry(); };
    box.replaceChildren(document.createTextNode(`${sentence} `), button);
  });
}
