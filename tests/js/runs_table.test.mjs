import assert from 'node:assert/strict';
import { test } from 'node:test';
import { columnsOf, place, Widths } from '../../astuner_nb/widgets/table_page/lines.mjs';
import { inView, listed, MANY, number, sparkPath, startedText, textOf, verdict } from '../../astuner_nb/widgets/table_page/plain.mjs';
import { Rows } from '../../astuner_nb/widgets/table_page/rows.mjs';

test('numbers have three digits, and whole ones are not rounded away', () => {
  const said = [
    [0.965, '0.965'], [0.96512, '0.965'], [2.5e-5, '2.5e-05'], [-0.5, '−0.5'], [0, '0'], [1234.5, '1235'], [1200000, '1200000'],
    [999.7, '1000'], [12.345, '12.3'], [0.0001, '0.0001'], [1e-300, '1e-300'], [1.23456e12, '1.23e+12'], [-3e-7, '−3e-07'],
    [0.1 + 0.2, '0.3'], [9.9999e-5, '0.0001'], [5e9, '5e+09'],
  ];
  for (const [value, text] of said) assert.equal(number(value), text);
});

test('a number that is read back is the number, of any size', () => {
  for (let power = -30; power < 30; power++) {
    for (const front of [1, 1.005, 2.5, 9.994, 9.999]) {
      for (const sign of [1, -1]) {
        const value = sign * front * 10 ** power;
        const back = Number(number(value).replace('−', '-'));
        assert.ok(Math.abs(back / value - 1) <= 0.0051, `${value} became ${number(value)}`);
      }
    }
  }
});

test('what stands in a cell depends on its kind', () => {
  assert.equal(textOf(null, 'metric'), '');
  assert.equal(textOf('NaN', 'metric'), 'NaN');
  assert.equal(textOf(0.12345, 'config'), '0.1235');
  assert.equal(textOf(0.12345, 'metric'), '0.123');
  assert.equal(textOf(true, 'config'), 'True');
  assert.deepEqual([0.5, -0.5, 0].map(one => textOf(one, 'delta')), ['+0.5', '−0.5', '0']);
});

test('better and worse go by the direction of the metric, and by nothing where it has none', () => {
  assert.deepEqual(['higher', 'lower', 'neither'].map(way => verdict(1, way)), ['better', 'worse', '']);
  assert.deepEqual(['higher', 'lower'].map(way => verdict(-1, way)), ['worse', 'better']);
  assert.deepEqual([0, null, 'NaN'].map(one => verdict(one, 'higher')), ['', '', '']);
});

test('a curve has gaps where it has no numbers, and a point alone is a dot', () => {
  assert.equal(sparkPath([0, 1, null, 1, null], 40, 10), 'M0.0 10.0L10.0 0.0M30.0 0.0h0');
  assert.equal(sparkPath([5, 5], 40, 10), 'M0.0 5.0L40.0 5.0');
  assert.equal(sparkPath([null, null], 40, 10), '');
  assert.equal(sparkPath([], 40, 10), '');
  assert.equal(sparkPath([3], 40, 10), 'M20.0 5.0h0');
});

test('few rows are all there, of many those in view, wherever it is scrolled to', () => {
  assert.deepEqual(inView(500, 300, 26, MANY), [0, MANY]);
  for (const count of [MANY + 1, 1000, 50_000]) {
    for (let top = -50; top < count * 26 + 500; top += 137) {
      const [from, until] = inView(top, 300, 26, count);
      const seen = Math.min(Math.max(0, top), count * 26 - 300); // where a browser lets it be
      assert.ok(from >= 0 && until <= count && until - from <= 40);
      assert.ok(from * 26 <= seen && until * 26 >= seen + 300, `${count} rows at ${top}: ${from} to ${until}`);
    }
  }
});

test('when it began is short, and empty where nobody knows', () => {
  assert.match(startedText('2026-01-05T10:00:00+00:00'), /^01-0[456] \d\d:00$/);
  assert.equal(startedText(''), '');
  assert.equal(startedText('soon'), '');
});

test('tags are parted by commas, each once', () => {
  assert.deepEqual(listed(' a, b,,a , '), ['a', 'b']);
});

// The few things of a body that `place` touches.
class Body {
  moves = 0;
  children = [];
  get firstChild() { return this.children[0] ?? null; }
  append(node) { this.insertBefore(node, null); }
  insertBefore(node, at) {
    this.moves += 1;
    node.remove();
    this.children.splice(at ? this.children.indexOf(at) : this.children.length, 0, node);
    node.parentNode = this;
    node.moved = true;
  }
}
class Node {
  parentNode = null;
  constructor(name) { this.name = name; }
  get nextSibling() { return this.parentNode.children[this.parentNode.children.indexOf(this) + 1] ?? null; }
  remove() {
    if (this.parentNode) this.parentNode.children.splice(this.parentNode.children.indexOf(this), 1);
    this.parentNode = null;
  }
}

test('any order is reached, and the row that has the focus is never moved', () => {
  let seed = 5;
  const next = n => { seed = (seed * 1664525 + 1013904223) % 4294967296; return Math.floor((seed / 4294967296) * n); };
  const nodes = Array.from({ length: 12 }, (_, k) => new Node(k));
  const body = new Body();
  for (let round = 0; round < 500; round++) {
    const pool = nodes.slice(), wanted = [];
    for (let count = next(13); count > 0; count--) wanted.push(...pool.splice(next(pool.length), 1));
    const held = body.children.length && next(3) ? body.children[next(body.children.length)] : null;
    nodes.forEach(node => { node.moved = false; });
    place(body, wanted, held);
    assert.deepEqual(body.children.map(one => one.name), wanted.map(one => one.name));
    assert.ok(!held || !wanted.includes(held) || !held.moved);
  }
});

test('an order that stays moves nothing', () => {
  const body = new Body(), wanted = [1, 2, 3].map(name => new Node(name));
  place(body, wanted, null);
  body.moves = 0;
  place(body, wanted, wanted[1]);
  assert.equal(body.moves, 0);
});

const HEAD = { columns: ['lr', 'reward last'], kinds: ['config', 'metric'], better: ['neither', 'higher'], sort: ['', false], search: '' };
const state = () => ({ seq: 3, parts: ['key', 'name', 'cells'], head: HEAD, words: '', order: [0], rows: [['a', 'A', [1, 2]]] });

test('a message that is here already changes nothing, and a missing one is noticed', () => {
  const rows = new Rows(state());
  assert.deepEqual(rows.apply({ seq: 3, words: 'old' }), []);
  assert.equal(rows.apply({ seq: 5, words: 'later' }), null);
  assert.equal(rows.words, '');
});

test('columns that come and go take the cells of their rows along, and the state keeps up', () => {
  const kept = state(), rows = new Rows(kept);
  const head = { ...HEAD, columns: ['reward last', 'Δ reward last'], kinds: ['metric', 'delta'] };
  rows.apply({ seq: 4, head, cells_from: [1, -1], rows: [[0, { cells: [1, 0.5] }], [1, ['b', 'B', [7, 8]]]] }, [Uint16Array.of(1, 0)]);
  assert.deepEqual(rows.all.map(row => row.cells), [[2, 0.5], [7, 8]]);
  assert.deepEqual(new Rows(structuredClone(kept)).all, rows.all);
  assert.deepEqual(kept.order, [1, 0]);
});

test('a changed row is another object, one that stayed is the same', () => {
  const rows = new Rows({ ...state(), rows: [['a', 'A', [1, 2]], ['b', 'B', [3, 4]]] });
  const [a, b] = rows.all;
  rows.apply({ seq: 4, rows: [[1, { name: 'other' }]] });
  assert.equal(rows.all[0], a);
  assert.notEqual(rows.all[1], b);
});

test('columns stand in one order: parameters before the curve, metrics behind it; each has a width', () => {
  const columns = columnsOf(HEAD);
  const ids = columns.map(column => column.id);
  assert.ok(ids.indexOf('c0') < ids.indexOf('spark') && ids.indexOf('spark') < ids.indexOf('c1'));
  const widths = new Widths();
  widths.begin(HEAD);
  const row = { name: 'n', source: 's', state: 'finished', progress: '', reading: '', parent: '', note: '', what_changed: '', mark: '#1', tags: [], cells: [1, 2] };
  widths.add(row);
  const before = widths.css(columns);
  assert.equal(before.length, columns.length);
  widths.add({ ...row, cells: [0.000123456, 2] });
  const after = widths.css(columns);
  assert.notEqual(after[ids.indexOf('c0')], before[ids.indexOf('c0')]);
  widths.add(row);
  assert.deepEqual(widths.css(columns), after); // never narrower
});
