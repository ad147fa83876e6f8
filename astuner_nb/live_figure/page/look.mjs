// The figure's own look in either theme, as a plotly template: whatever the figure says itself comes before it.
// Colours are told apart by people who are colour-blind (after Okabe and Ito, 2008), lightened for the dark theme.
const INK = {
  light: { paper: '#ffffff', text: '#3c4043', faint: '#6b7177', grid: '#eceef1', line: '#c9cdd2', card: '#ffffff',
    band: 'rgba(60,64,67,.06)',
    ways: ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#8a6d00', '#3e7fa6', '#7a5195', '#5f6368'] },
  dark: { paper: '#111111', text: '#d5d8dc', faint: '#9aa0a6', grid: '#2f3338', line: '#50555b', card: '#26292d',
    band: 'rgba(213,216,220,.08)',
    ways: ['#56b4e9', '#f08a3c', '#2fc79a', '#e39bc4', '#e6c229', '#8ab8d6', '#b79ad1', '#b0b5bb'] },
};
const CLEAR = 'rgba(0,0,0,0)';
const made = {};

/** @returns {boolean} whether the page is dark, as JupyterLab or VS Code says on its body */
export function isDark() {
  return document.body.dataset.jpThemeLight === 'false' || document.body.classList.contains('vscode-dark');
}

/**
 * @param {boolean} dark
 * @param {boolean} titled whether room for a title is needed
 * @returns {object} the same object for the same question: plotly.js compares by identity
 */
export function look(dark, titled) {
  return (made[`${dark}${titled}`] ??= template(dark ? INK.dark : INK.light, titled));
}

/** @returns {string} what a picture that leaves the page has behind it */
export const paper = dark => (dark ? INK.dark : INK.light).paper;

function template(ink, titled) {
  const axis = {
    gridcolor: ink.grid, linecolor: ink.line, zerolinecolor: ink.line, zerolinewidth: 1, showline: false, ticks: '',
    automargin: true, tickfont: { color: ink.faint, size: 11 }, title: { font: { size: 12 }, standoff: 8 }, nticks: 8,
    spikecolor: ink.line, spikethickness: 1, spikedash: 'solid',
  };
  const line = { line: { width: 1.6 } };
  return {
    data: { scatter: [line], scattergl: [line], bar: [{ marker: { line: { width: 0 } } }] },
    layout: {
      colorway: ink.ways, paper_bgcolor: CLEAR, plot_bgcolor: CLEAR, hovermode: 'x unified', hoverdistance: 40,
      font: { color: ink.text, size: 12, family: 'system-ui, -apple-system, "Segoe UI", Roboto, sans-serif' },
      title: { x: 0, xref: 'paper', xanchor: 'left', font: { size: 15 }, pad: { b: 12 } },
      margin: { l: 48, r: 16, t: titled ? 48 : 20, b: 40, pad: 0 },
      xaxis: { ...axis, showgrid: false, showline: true, ticks: 'outside', ticklen: 4, tickcolor: ink.line }, yaxis: axis,
      hoverlabel: { bgcolor: ink.card, bordercolor: ink.line, font: { color: ink.text, size: 12 }, namelength: 40 },
      legend: { bgcolor: CLEAR, font: { size: 12 }, itemwidth: 30 },
      modebar: { bgcolor: CLEAR, color: ink.faint, activecolor: ink.text },
      newshape: { line: { color: ink.text } }, activeselection: { fillcolor: ink.band },
    },
  };
}
