import { describe, expect, it } from 'vitest';
import { fieldsOf, spanOf } from '../src/form/schema';
import { field, TUNING } from './templates';

describe('the fields of a form', () => {
  it('come in the order of the parameters cell', () => {
    expect(fieldsOf(TUNING).map(({ name }) => name)).toEqual(Object.keys(TUNING.properties as object));
  });

  it.each([
    ['run', 'integer'],
    ['min_snr', 'number'],
    ['threshold', 'number'],
    ['polarised', 'flag'],
    ['masked', 'flag'],
    ['indexer', 'choice'],
    ['centring', 'choice'],
    ['panels', 'list'],
    ['title', 'text'],
    ['comment', 'text'],
    ['geometry', 'json'],
    ['train', 'json'],
    ['anything', 'json'],
    ['seed', 'integer']
  ])('%s takes %s', (name, kind) => {
    expect(field(name).kind).toBe(kind);
  });

  it('know whether None is a value', () => {
    const optional = fieldsOf(TUNING).filter(known => known.optional);
    expect(optional.map(({ name }) => name)).toEqual([
      'threshold',
      'polarised',
      'centring',
      'comment',
      'anything'
    ]);
  });

  it('carry unit, help, bounds and the source of a computed default', () => {
    expect(field('min_snr')).toMatchObject({
      unit: 'σ',
      help: 'Least signal-to-noise ratio.',
      low: 2,
      high: 15
    });
    expect(field('seed')).toMatchObject({ expression: 'time.time_ns()', preset: undefined, required: false });
    expect(field('run').required).toBe(true);
  });

  it('say which span is allowed, open at either end', () => {
    expect(spanOf(field('min_snr'))).toBe('2 … 15 σ');
    expect(spanOf(field('threshold'))).toBe('≥ 0');
    expect(spanOf({ ...field('run'), low: undefined, high: 9 })).toBe('≤ 9');
    expect(spanOf(field('title'))).toBe('');
  });

  it('are none where a template has no parameters', () => {
    expect(fieldsOf({ type: 'object' })).toEqual([]);
  });
});
