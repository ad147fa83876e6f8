import assert from 'node:assert/strict';
import { test } from 'node:test';

const { ends } = await import('../../astuner_nb/widgets/access.js');

test('a readout of a range is said as its two ends', () => {
  assert.deepEqual(ends('0.0001-0.001'), ['0.0001', '0.001']);
  assert.deepEqual(ends('1e-05-0.001'), ['1e-05', '0.001']);
  assert.deepEqual(ends(' -3--1 '), ['-3', '-1']);
  assert.deepEqual(ends('1e-05-1e-03'), ['1e-05', '1e-03']);
  assert.deepEqual(ends('5 – 9'), ['5', '9']);
});

test('what is no pair says nothing of its own', () => {
  for (const text of ['', '7', '1e-05', 'adamw-sgd']) assert.deepEqual(ends(text), []);
});
