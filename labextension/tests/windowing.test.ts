import { describe, expect, it } from 'vitest';
import { Layout } from '../src/reports/windowing';

describe('the layout of a long list', () => {
  const layout = new Layout([10, undefined, 30, undefined], 20);

  it('guesses the height of rows that have not been drawn', () => {
    expect([0, 1, 2, 3, 4].map(row => layout.topOf(row))).toEqual([0, 10, 30, 60, 80]);
    expect(layout.height).toBe(80);
  });

  it.each([
    [-5, 0],
    [0, 0],
    [9.9, 0],
    [10, 1],
    [59, 2],
    [60, 3],
    [500, 3]
  ])('finds the row at %d px', (height, row) => {
    expect(layout.rowAt(height)).toBe(row);
  });

  it('draws what shows, and some more on either side', () => {
    const long = new Layout(new Array(100_000).fill(undefined), 40);
    expect(long.span(0, 400, 5)).toEqual({ first: 0, end: 16 });
    expect(long.span(2_000_000, 400, 5)).toEqual({ first: 49_995, end: 50_016 });
    expect(long.span(99_999_999, 400, 5)).toEqual({ first: 99_994, end: 100_000 });
  });

  it('draws nothing of an empty list', () => {
    expect(new Layout([], 40).span(0, 400, 5)).toEqual({ first: 0, end: 0 });
  });
});
