import { describe, expect, it } from 'vitest';
import { SCALES } from '../../../toolkit/pulsetrain/panels/js/image/scale';
import {
  autoLimits,
  BINS,
  histogram,
  histogramSpan,
  percentile,
  sample,
  threshold
} from '../../../toolkit/pulsetrain/panels/js/image/statistics';

/** Numbers 0 … count − 1, in an order of no meaning: 7919 is prime. */
function shuffled(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => (index * 7919) % count);
}

describe('percentiles', () => {
  it('are the nearest value of the sorted sample', () => {
    const sorted = sample(shuffled(1001), null);
    expect([0, 0.01, 0.5, 0.995, 1].map(share => percentile(sorted, share))).toEqual([0, 10, 500, 995, 1000]);
  });

  it('leave flagged pixels out', () => {
    const values = Float32Array.of(5, Number.NaN, 1, 1e9);
    expect([...sample(values, Uint8Array.of(0, 1, 0, 2))]).toEqual([1, 5]);
  });

  it('see every column of a wide frame', () => {
    const width = 2048;
    const values = new Uint16Array(width * 1024).map((_, index) => index % width);
    const seen = new Set(sample(values, null));
    expect(seen.size).toBe(width);
  });
});

describe('automatic contrast', () => {
  it('is not moved by a few hot pixels', () => {
    const values = shuffled(10_000);
    const clean = autoLimits(sample(values, null), 'linear', false);
    values.fill(1e7, 0, 20);
    const [low, high] = autoLimits(sample(values, null), 'linear', false);
    expect(Math.abs(low - clean[0])).toBeLessThan(50);
    expect(Math.abs(high - clean[1])).toBeLessThan(50);
  });

  it.each(SCALES)('is a span on a %s scale, whatever the frame', scale => {
    const frames = [[], [0], [0, 0, 0, 0], [7, 7, 7], [-5, -5], [-3, 0, 2], [0, 0, 0, 1]];
    for (const values of frames) {
      const [low, high] = autoLimits(sample(Float32Array.from(values), null), scale, false);
      expect(high).toBeGreaterThan(low);
      if (scale === 'log') expect(low).toBeGreaterThan(0);
    }
  });

  it('is symmetrical about zero on a diverging map', () => {
    const values = Float32Array.from({ length: 201 }, (_, index) => index - 50);
    expect(autoLimits(sample(values, null), 'linear', true)).toEqual([-149, 149]);
  });
});

describe('threshold of symlog', () => {
  it('is the width of Gaussian noise', () => {
    // The 16th and 84th percentiles of numbers spread evenly from −50 to 50.
    const values = Float32Array.from({ length: 101 }, (_, index) => index - 50);
    expect(threshold(values)).toBe(34);
  });

  it('is positive for a frame that is all zero', () => {
    expect(threshold(new Float32Array(10))).toBe(1);
  });
});

describe('histogram', () => {
  it('counts every valid pixel once', () => {
    const values = shuffled(5000);
    const flags = new Uint8Array(5000).fill(1, 0, 100);
    const counts = histogram(values, flags, 'linear', [0, 2500], 1);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(4900);
  });

  it('puts a value into its bin, and what lies beyond into the last one', () => {
    const counts = histogram(Uint16Array.of(0, 1, 1, 2, 900), null, 'linear', [0, BINS], 1);
    expect([...counts.slice(0, 4)]).toEqual([1, 2, 1, 0]);
    expect(counts[BINS - 1]).toBe(1);
  });

  it('spans the limits in force', () => {
    const [low, high] = histogramSpan('linear', [10, 20], [5, 1000], 1);
    expect(low).toBeLessThanOrEqual(5);
    expect(high).toBeGreaterThanOrEqual(1000);
  });
});
