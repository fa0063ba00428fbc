import { describe, expect, it } from 'vitest';
import { FACTOR, reduced } from '../../../toolkit/pulsetrain/panels/js/image/levels';
import { type Frame, GAP, MASKED } from '../../../toolkit/pulsetrain/panels/js/image/protocol';

function frame(width: number, height: number, values: Float32Array, flags: Uint8Array | null = null): Frame {
  return { version: 1, width, height, values, flags };
}

describe('a frame made smaller', () => {
  it('keeps every peak, also of blocks that are cut off by the edge', () => {
    const [width, height] = [11, 6];
    for (let index = 0; index < width * height; index++) {
      const values = new Float32Array(width * height);
      values[index] = 7;
      const small = reduced(frame(width, height, values), true, 'peak');
      expect([small.width, small.height]).toEqual([3, 2]);
      const block = Math.floor(Math.floor(index / width) / FACTOR) * 3 + Math.floor((index % width) / FACTOR);
      expect([...small.values]).toEqual([0, 1, 2, 3, 4, 5].map(place => (place === block ? 7 : 0)));
    }
  });

  it('keeps dips of signed data where they are deeper than peaks are high', () => {
    const values = Float32Array.of(1, -5, 3, 2);
    expect(reduced(frame(2, 2, values), true, 'extreme').values[0]).toBe(-5);
    expect(reduced(frame(2, 2, values), true, 'peak').values[0]).toBe(3);
  });

  it('has a gap only where nothing else is, and shows the mask while that is hidden', () => {
    const values = Float32Array.of(Number.NaN, 4, Number.NaN, 9);
    const some = reduced(frame(2, 2, values, Uint8Array.of(GAP, 0, GAP, MASKED)), true, 'peak');
    expect([some.values[0], some.flags?.[0]]).toEqual([4, 0]);
    const none = reduced(frame(2, 2, values, Uint8Array.of(GAP, MASKED, GAP, MASKED)), true, 'peak');
    expect(none.flags?.[0]).toBe(MASKED);
    const bare = reduced(frame(2, 2, values, Uint8Array.of(GAP, MASKED, GAP, MASKED)), false, 'peak');
    expect([bare.values[0], bare.flags?.[0]]).toEqual([9, 0]);
  });
});
