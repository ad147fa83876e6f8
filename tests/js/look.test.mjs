import assert from 'node:assert/strict';
import { test } from 'node:test';

const { look, paper } = await import('../../astuner_nb/live_figure/page/look.mjs');

/** The contrast of WCAG between two colours like `#rrggbb`, 1 to 21. */
function contrast(...colours) {
  const [dark, light] = colours.map(colour => {
    const [r, g, b] = [1, 3, 5].map(at => parseInt(colour.slice(at, at + 2), 16) / 255)
      .map(part => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }).sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

for (const dark of [false, true]) {
  test(`all words of a figure are read on ${dark ? 'dark' : 'light'} paper, also the faint ones`, () => {
    const { font, xaxis, yaxis, hoverlabel, modebar } = look(dark, true).layout;
    for (const ink of [font, xaxis.tickfont, yaxis.tickfont].map(one => one.color)) assert.ok(contrast(ink, paper(dark)) >= 4.5, ink);
    assert.ok(contrast(hoverlabel.font.color, hoverlabel.bgcolor) >= 4.5);
    assert.ok(contrast(modebar.color, paper(dark)) >= 3);
  });
}
