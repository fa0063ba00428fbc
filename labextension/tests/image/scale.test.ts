import { describe, expect, it } from 'vitest';
import { colourTable, DIVERGING, SEQUENTIAL } from '../../../toolkit/pulsetrain/panels/js/image/colours';
import { forward, inverse, SCALES, short, ticks } from '../../../toolkit/pulsetrain/panels/js/image/scale';

describe('scales of intensity', () => {
  it.each(SCALES)('%s and its inverse take each other back', scale => {
    for (const value of [0.003, 0.5, 1, 7, 1234.5, 6e5]) {
      expect(inverse(scale, forward(scale, value, 3), 3)).toBeCloseTo(value, 6);
    }
  });

  it.each(['linear', 'sqrt', 'symlog'] as const)('%s is odd, so that signed data keep their sign', scale => {
    expect(forward(scale, -42, 3)).toBe(-forward(scale, 42, 3));
    expect(inverse(scale, forward(scale, -42, 3), 3)).toBeCloseTo(-42, 9);
  });

  it.each(SCALES)('%s grows', scale => {
    const places = [0.1, 1, 5, 20, 1e4].map(value => forward(scale, value, 2));
    expect(places).toEqual([...places].sort((a, b) => a - b));
  });

  it('has no logarithm of what is not positive', () => {
    expect(forward('log', 0, 1)).toBe(Number.NEGATIVE_INFINITY);
    expect(forward('log', -3, 1)).toBe(Number.NEGATIVE_INFINITY);
  });

  it('is linear in symlog far below the threshold', () => {
    expect(forward('symlog', 0.02, 100) / forward('symlog', 0.01, 100)).toBeCloseTo(2, 3);
  });
});

describe('numbers on an axis', () => {
  it('are round and within the span', () => {
    expect(ticks('linear', 0, 10, 5)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(ticks('linear', -3, 3, 3)).toEqual([-2, 0, 2]);
  });

  it('are decades on a logarithm, and between them where it is short', () => {
    expect(ticks('log', 0.5, 2e4, 10)).toEqual([1, 10, 100, 1000, 10000]);
    expect(ticks('log', 1, 20, 10).map(short)).toEqual(['1', '2', '5', '10', '20']);
  });

  it('stand on both sides of zero on a symmetrical logarithm, and but for zero beyond its threshold', () => {
    expect(ticks('symlog', -1000, 1000, 8, 5)).toEqual([-1000, -100, -10, 0, 10, 100, 1000]);
    expect(ticks('symlog', 2, 1000, 8, 5)).toEqual([10, 100, 1000]);
    expect(ticks('symlog', -20, -2, 8, 1)).toEqual([-20, -10, -5, -2]);
  });

  it('are never asked of an empty span', () => {
    expect(ticks('linear', 1, 1, 5)).toEqual([]);
    expect(ticks('log', 2, 1, 5)).toEqual([]);
  });

  it('are written short', () => {
    expect([0, 12345.678, 1e7, -2.5e-5, 0.1 + 0.2].map(short)).toEqual([
      '0',
      '12350',
      '1e7',
      '-2.5e-5',
      '0.3'
    ]);
  });
});

describe('colour maps', () => {
  it.each([...SEQUENTIAL, ...DIVERGING])('%s has 256 opaque colours', name => {
    const table = colourTable(name);
    expect(table).toHaveLength(1024);
    expect(table.filter((_, index) => index % 4 === 3).every(alpha => alpha === 255)).toBe(true);
  });

  it('are within two steps of matplotlib at ends and middle', () => {
    const table = colourTable('viridis');
    // matplotlib.colormaps["viridis"](0), (128), (255), bytes=True
    const known = { 0: [68, 1, 84], 128: [33, 145, 140], 255: [253, 231, 37] };
    for (const [index, colour] of Object.entries(known)) {
      const found = table.slice(4 * Number(index), 4 * Number(index) + 3);
      expect(Math.max(...colour.map((part, channel) => Math.abs(part - (found[channel] ?? 0))))).toBeLessThan(
        3
      );
    }
  });
});
