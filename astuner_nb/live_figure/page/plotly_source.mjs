// Where plotly.js (4.9 MB) comes from: once a page, from the nearest place that has it.
const PATIENCE_MS = 60_000; // a kernel in the middle of a cell answers when the cell ends
const MIME = 'application/vnd.plotly.v1+json';

/** @returns {Promise<object>} plotly.js; all figures of a page share one loading, and a failed one can be repeated */
export function loadPlotly(model) {
  globalThis.astunerPlotly ??= firstThatWorks(model).catch(error => {
    globalThis.astunerPlotly = undefined;
    throw error;
  });
  return globalThis.astunerPlotly;
}

async function firstThatWorks(model) {
  const reasons = [];
  for (const source of [fromPage, fromLab, fromKernel]) {
    try {
      await source(model);
      if (globalThis.Plotly?.react) return globalThis.Plotly;
      reasons.push(`${source.name}: not there`);
    } catch (error) {
      reasons.push(`${source.name}: ${error.message}`);
    }
  }
  throw new Error(reasons.join('; '));
}

async function fromPage() {}

/** JupyterLab has plotly's own extension on disk: drawing an empty figure with it, out of sight, loads plotly.js. */
async function fromLab(model) {
  const rendermime = model.widget_manager?.rendermime;
  if (!rendermime?.mimeTypes?.includes(MIME)) throw new Error('no plotly extension');
  const host = document.createElement('div');
  host.style.cssText = 'position:absolute;left:-9999px;width:10px;height:10px';
  const renderer = rendermime.createRenderer(MIME);
  try {
    document.body.append(host);
    host.append(renderer.node);
    await renderer.renderModel(rendermime.createModel({ data: { [MIME]: { data: [], layout: {} } }, trusted: true }));
    for (let k = 0; k < 200 && !globalThis.Plotly; k++) await new Promise(go => setTimeout(go, 25));
  } finally {
    renderer.dispose();
    host.remove();
  }
}

/** Anywhere else the kernel sends its own copy, gzipped. Keep in step with figure.py: op 'plotly'. */
function fromKernel(model) {
  return new Promise((done, fail) => {
    const hear = (message, buffers) => {
      if (message.op === 'plotly') run(buffers[0]).then(done, fail).finally(stop);
    };
    const timer = setTimeout(() => { stop(); fail(new Error('no answer')); }, PATIENCE_MS);
    const stop = () => { clearTimeout(timer); model.off('msg:custom', hear); };
    model.on('msg:custom', hear);
    model.send({ op: 'plotly' });
  });
}

async function run(gzipped) {
  const code = await new Response(new Blob([gzipped]).stream().pipeThrough(new DecompressionStream('gzip'))).blob();
  const url = URL.createObjectURL(new Blob([code], { type: 'text/javascript' }));
  const script = Object.assign(document.createElement('script'), { src: url });
  await new Promise((done, fail) => {
    script.onload = done;
    script.onerror = () => fail(new Error('the copy does not run'));
    document.head.append(script);
  });
  URL.revokeObjectURL(url);
}
