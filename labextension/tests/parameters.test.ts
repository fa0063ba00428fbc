import { nullTranslator } from '@jupyterlab/translation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RefusedError, type Values } from '../src/api';
import { type Field, fieldsOf } from '../src/form/schema';
import { differenceOf } from '../src/parameters/cell';
import { Drafts } from '../src/parameters/Drafts';
import { toGive, toTake } from '../src/parameters/exchange';

const trans = nullTranslator.load('pulsetrain');

function fieldsWith(steps: number): Field[] {
  return fieldsOf({
    required: ['path'],
    properties: {
      steps: { type: 'integer', default: steps, minimum: 1 },
      masked: { type: 'boolean', default: true },
      runs: { type: 'array', default: [1, 2] },
      when: { expression: 'len("now")' },
      path: { type: 'string' }
    }
  });
}

describe('the smallest change of a text', () => {
  it.each([
    ['steps = 60  # Steps', 'steps = 250  # Steps', { start: 8, end: 9, text: '25' }],
    ['a', 'a', { start: 1, end: 1, text: '' }],
    ['', 'new', { start: 0, end: 0, text: 'new' }],
    ['aa', 'a', { start: 1, end: 2, text: '' }],
    ['x = "😀"', 'x = "😁"', { start: 5, end: 7, text: '😁' }],
    ['x = "𐐀"', 'x = "😀"', { start: 5, end: 7, text: '😀' }]
  ])('%j becomes %j', (before, after, difference) => {
    expect(differenceOf(before, after)).toEqual(difference);
    const { start, end, text } = differenceOf(before, after);
    expect(before.slice(0, start) + text + before.slice(end)).toBe(after);
  });
});

describe('what is typed into the form of a cell', () => {
  let written: Values[];
  let drafts: Drafts;
  let steps: number;

  /** A cell that takes what is written, as the server does; it refuses steps of 13. */
  async function write(values: Values): Promise<void> {
    await new Promise(resolve => setTimeout(resolve, 100));
    if (values.steps === 13) {
      throw new RefusedError('steps: got 13', 400, { steps: 'got 13' });
    }
    written.push(values);
    steps = Number(values.steps ?? steps);
    drafts.show(fieldsWith(steps));
  }

  beforeEach(() => {
    vi.useFakeTimers();
    written = [];
    steps = 60;
    drafts = new Drafts(write, trans);
    drafts.show(fieldsWith(steps));
  });
  afterEach(() => void vi.useRealTimers());

  it('is written once nothing more is typed', async () => {
    for (const entry of ['6', '61', '612']) {
      drafts.change('steps', entry);
      await vi.advanceTimersByTimeAsync(200);
    }
    expect(written).toEqual([]);
    await vi.advanceTimersByTimeAsync(1000);
    expect(written).toEqual([{ steps: 612 }]);
  });

  it('is written at once when it is chosen, or its field is left', async () => {
    drafts.change('masked', 'false');
    drafts.change('steps', '7');
    const left = drafts.settle('steps');
    await vi.advanceTimersByTimeAsync(150);
    await left;
    expect(written).toContainEqual({ masked: false });
    expect(written).toContainEqual({ steps: 7 });
    expect(drafts.entries.steps).toBe('7');
  });

  it('is not written while it shows what the cell says', async () => {
    drafts.change('steps', '61');
    drafts.change('steps', '60');
    drafts.change('when', '');
    await vi.advanceTimersByTimeAsync(1000);
    expect(written).toEqual([]);
  });

  it('is written back even if it was changed back before the cell could follow', async () => {
    drafts.change('steps', '61');
    await vi.advanceTimersByTimeAsync(550); // under way
    drafts.change('steps', '60');
    const settled = drafts.settle();
    await vi.advanceTimersByTimeAsync(1000);
    await settled;
    expect(written).toEqual([{ steps: 61 }, { steps: 60 }]);
  });

  it('stays beside what is wrong with it until it is mended', async () => {
    drafts.change('steps', '0');
    await vi.advanceTimersByTimeAsync(1000);
    expect(drafts.faults).toEqual({ steps: 'got 0, allowed ≥ 1' });
    await drafts.settle();
    expect(drafts.entries.steps).toBe('0');
    drafts.change('steps', '13');
    await vi.advanceTimersByTimeAsync(1000);
    expect(drafts.faults).toEqual({ steps: 'got 13' });
    drafts.change('steps', '14');
    await vi.advanceTimersByTimeAsync(1000);
    expect(drafts.faults).toEqual({});
    expect(written).toEqual([{ steps: 14 }]);
  });

  it('is dropped when another cell is shown', async () => {
    drafts.change('steps', '7');
    drafts.show(fieldsWith(5), true);
    await vi.advanceTimersByTimeAsync(1000);
    expect(written).toEqual([]);
    expect(drafts.entries.steps).toBe('5');
  });
});

describe('what a cell and a control can give each other', () => {
  const control = {
    id: 'x',
    template: 'spectra',
    title: 'Series',
    values: { steps: 60.0, masked: false, runs: [1, 3], path: '/data', seed: 3, when: null },
    settable: ['steps', 'masked', 'runs', 'seed'],
    trouble: ''
  };

  it('is what differs and has a place on the other side', () => {
    expect(toTake(fieldsWith(60), control, '')).toEqual({
      masked: false,
      runs: [1, 3],
      path: '/data',
      when: null
    });
    expect(toGive(fieldsWith(61), control, '')).toEqual({ steps: 61, masked: true, runs: [1, 2] });
  });

  it.each([
    ['/home/ada/work', 'data/x', '/home/ada/work/data/x', true],
    ['~/work/', './data/x/', '/home/ada/work/data/x', true],
    ['/home/ada/work', '../data/x', '/home/ada/data/x', true],
    ['/home/ada/work', '/data/x/', '/data/x', true],
    ['/home/ada/work', 'data/x', '/scratch/work/data/x', false],
    ['~/work', 'data/x', '/home/ada/network/data/x', false],
    ['', 'data/x', '/home/ada/work/data/x', false],
    ['/home/ada/work', '', '/home/ada/work', false]
  ])('in %s the path %j is that of %s: %s', (folder, path, whole, same) => {
    const fields = fieldsOf({ properties: { path: { type: 'string', default: path } } });
    const other = { ...control, values: { path: whole }, settable: ['path'] };
    expect(toTake(fields, other, folder)).toEqual(same ? {} : { path: whole });
    expect(toGive(fields, other, folder)).toEqual(same ? {} : { path });
  });
});
