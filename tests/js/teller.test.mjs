import assert from 'node:assert/strict';
import { test } from 'node:test';
import { breadth } from '../../astuner_nb/widgets/table_page/plain.mjs';
import { teller } from '../../astuner_nb/widgets/teller.mjs';

const tell = teller({ 'stop': '停止', 'show {run}': '显示 {run}' });

test('a sentence is said in the language that was sent, else in English', () => {
  assert.equal(tell('stop'), '停止');
  assert.equal(tell('keep {run} at the top', { run: '#1' }), 'keep #1 at the top');
  assert.equal(teller(undefined)('stop'), 'stop');
});

test('what a value brings along is never read', () => {
  for (const run of ['{run}', '$&', '$1', '{other}', '</b>', '', '运行', '__proto__']) {
    assert.equal(tell('show {run}', { run, other: 'x' }), `显示 ${run}`);
  }
  assert.equal(tell('constructor'), 'constructor');
  assert.equal(tell('{toString}', {}), '{toString}');
});

test('letters of Chinese are two narrow ones wide', () => {
  assert.deepEqual(['', 'ab', '运行', '第 5 步', '。'].map(breadth), [0, 2, 4, 7, 1 + 1]);
});
