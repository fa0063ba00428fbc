import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { presetsOf, readEntry, readForm } from '../src/form/entry';
import { fieldsOf } from '../src/form/schema';
import { field, TUNING } from './templates';

const trans = nullTranslator.load('pulsetrain');
const FIELDS = fieldsOf(TUNING);

function read(name: string, entry: string) {
  return readEntry(field(name), entry, trans);
}

describe('what is typed', () => {
  it.each([
    ['run', ' 42 ', 42],
    ['min_snr', '2', 2],
    ['min_snr', '1.5e1', 15],
    ['threshold', '', null],
    ['polarised', '', null],
    ['polarised', 'false', false],
    ['masked', 'false', false],
    ['indexer', '0', 'mosflm'],
    ['centring', '', null],
    ['panels', '[3, 4]', [3, 4]],
    ['panels', '3, 4', [3, 4]],
    ['panels', '[]', []],
    ['title', '', ''],
    ['title', '12', '12'],
    ['comment', '', null],
    ['geometry', '{"clen": 0.12}', { clen: 0.12 }],
    ['train', '1523', 1523],
    ['train', 'first', 'first'],
    ['anything', '[1]', [1]],
    ['anything', 'mask.h5', 'mask.h5']
  ])('%s: %j is read as %j', (name, entry, value) => {
    expect(read(name, entry)).toEqual({ value });
  });

  it.each([
    ['run', '', 'needs a value'],
    ['run', '0', 'got 0, allowed ≥ 1'],
    ['run', '1.5', 'got 1.5, which is no whole number'],
    ['run', '9007199254740993', 'got 9007199254740993, which is no whole number'],
    ['min_snr', '99', 'got 99, allowed 2 … 15 σ'],
    ['min_snr', '1e999', 'got 1e999, which is no number'],
    ['min_snr', '?', 'needs a number'],
    ['panels', '[3,', 'cannot be read; expected a list such as [1, 2, 3] or ["a", "b"]'],
    ['geometry', 'clen=0.12', 'cannot be read; expected JSON']
  ])('%s: %j is refused: %s', (name, entry, fault) => {
    expect(read(name, entry)).toEqual({ fault });
  });

  it.each([
    '"); import os; os.system("id") #',
    '\'\'\'\n"""\n{{ x }} {y} %s \\',
    '<img src=x onerror=alert(1)>',
    '[1, 2]',
    'null',
    ' leading and trailing ',
    '\u0000\u202e…'
  ])('a string stays that very string: %j', text => {
    expect(read('title', text)).toEqual({ value: text });
    expect(read('comment', text)).toEqual({ value: text });
  });
});

describe('the whole form', () => {
  it('sends nothing that still shows its preset', () => {
    const reading = readForm(FIELDS, { ...presetsOf(FIELDS), run: '7' }, trans);
    expect(reading).toEqual({ values: { run: 7 }, faults: {} });
  });

  it('names every fault', () => {
    const reading = readForm(FIELDS, { ...presetsOf(FIELDS), min_snr: '0', panels: 'x' }, trans);
    expect(Object.keys(reading.faults)).toEqual(['run', 'min_snr', 'panels']);
  });

  it('shows the values of an earlier job, None among them, and reads them back', () => {
    const values = {
      run: 3,
      min_snr: 2.5,
      polarised: false,
      indexer: 'mosflm',
      panels: [9],
      title: '',
      comment: 'x\ny',
      train: '7',
      geometry: {}
    };
    expect(readForm(FIELDS, presetsOf(FIELDS, values), trans).values).toEqual(values);
    expect(presetsOf(FIELDS, { threshold: null }).threshold).toBe('');
  });
});
