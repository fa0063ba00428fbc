import { nullTranslator } from '@jupyterlab/translation';
import { describe, expect, it } from 'vitest';
import { fieldsOf } from '../src/form/schema';
import { countJobs, readGrid, readValues, textOfValues, tickable } from '../src/reports/grid';
import { readRuns } from '../src/reports/runs';
import { field, TUNING } from './templates';

const trans = nullTranslator.load('pulsetrain');

describe('runs', () => {
  it.each([
    ['5-3', 'got 5-3, which ends before it begins'],
    ['1, x', 'got x, allowed numbers and spans such as 10-25, 31'],
    ['1-999999', 'got 1-999999; a batch has at most 100000 jobs']
  ])('%j are refused: %s', (text, fault) => {
    expect(readRuns(text, trans)).toEqual({ fault });
  });
});

describe('values of a varied parameter', () => {
  // What is read of all other kinds stands in typed.test.ts.
  it.each([
    ['train', '7, first', [7, 'first']],
    ['train', '["7", 7]', ['7', 7]]
  ])('%s: %j are %j', (name, text, values) => {
    expect(readValues(field(name), text, trans)).toEqual({ values });
    expect(readValues(field(name), textOfValues(field(name), values), trans)).toEqual({ values });
  });

  it.each([
    ['min_snr', '', 'needs values such as 4, 5, 6'],
    ['min_snr', '4, 99', 'got 99, allowed 2 … 15 σ'],
    ['min_snr', '4, x', 'got x, which is no number'],
    ['min_snr', '6:4:1', 'cannot be read; expected a list such as [1, 2, 3] or ["a", "b"]'],
    ['run', '1, 2.5', 'got 2.5, which is no whole number'],
    ['title', '["a", b]', 'cannot be read; expected a list such as [1, 2, 3] or ["a", "b"]'],
    ['indexer', '["crystfel"]', 'needs a value'],
    ['indexer', '[]', 'tick the values to take']
  ])('%s: %j are refused: %s', (name, text, fault) => {
    expect(readValues(field(name), text, trans)).toEqual({ fault });
  });

  it('can be ticked where there are but a few, None among them', () => {
    expect(tickable(field('indexer'))).toEqual(['mosflm', 'xgandalf']);
    expect(tickable(field('centring'))).toEqual([null, 'P', 'C']);
    expect(tickable(field('masked'))).toEqual([true, false]);
  });
});

describe('a grid', () => {
  it('keeps the order in which parameters were chosen, and names every fault', () => {
    const variations = new Map([
      ['masked', '[true, false]'],
      ['min_snr', '4, 5, 6'],
      ['title', ''],
      ['gone', '1']
    ]);
    const { grid, faults } = readGrid(fieldsOf(TUNING), variations, trans);
    expect(Object.keys(grid)).toEqual(['masked', 'min_snr']);
    expect(Object.keys(faults)).toEqual(['title', 'gone']);
  });

  it('comes to the product of runs and values', () => {
    expect(countJobs(17, { min_snr: [4, 5, 6], masked: [true, false] })).toBe(102);
    expect(countJobs(0, { min_snr: [4, 5] })).toBe(2);
    expect(countJobs(0, {})).toBe(1);
  });
});
