import { describe, expect, it } from 'vitest';
import {
  difference,
  familyOf,
  MODES,
  ratio,
  scaleOf,
  sureness
} from '../../../toolkit/pulsetrain/panels/js/image/modes';
import { type Frame, GAP, MASKED } from '../../../toolkit/pulsetrain/panels/js/image/protocol';
import { comparison } from '../../../toolkit/pulsetrain/panels/js/image/readout';

function frame(values: number[], flags: number[] | null = null): Frame {
  const width = values.length;
  return {
    version: 1,
    width,
    height: 1,
    values: Float32Array.from(values),
    flags: flags && Uint8Array.from(flags)
  };
}

describe('two frames against each other', () => {
  it('differ by after − before, with the gaps of both and the mask', () => {
    const made = difference(
      frame([1, 2, 3, 4], [0, GAP, 0, MASKED]),
      frame([5, 5, 5, 5], [0, 0, GAP, MASKED])
    );
    expect([...(made.flags ?? [])]).toEqual([0, GAP, GAP, MASKED]);
    expect([made.values[0], made.values[3]]).toEqual([4, 1]);
  });

  it('have a ratio only where both are positive', () => {
    const made = ratio(frame([1, 8, 0, 2, -1]), frame([8, 1, 3, 0, -1]));
    expect([made.values[0], made.values[1]]).toEqual([3, -3]);
    expect([...(made.flags ?? [])]).toEqual([0, 0, GAP, GAP, GAP]);
  });

  it('are sure by how many σ they are from zero, and not at all where σ is unknown', () => {
    const sure = sureness(frame([6, -6, 1, 5]), frame([2, 3, 0, Number.NaN]));
    expect([...sure.values]).toEqual([3, 2, 1e6, 0]);
  });

  it('have a scale that takes their signs', () => {
    expect(MODES.map(mode => scaleOf(familyOf(mode), 'log'))).toEqual([
      ...['log', 'log', 'log', 'log', 'symlog', 'linear', 'log', 'log']
    ]);
  });

  it('are told with σ, difference and ratio, and what is missing is not invented', () => {
    const frames = [
      frame([2, 0, 3], [0, 0, GAP]),
      frame([8, 4, 5]),
      frame([0.5, Number.NaN, 1], [0, GAP, 0])
    ];
    const told = (x: number) => comparison(frames, ['Low', 'High'], {}, 'photons', x, 0.5);
    expect(told(0.5)).toBe('x 0, y 0 · Low 2 · High 8 ± 0.5 photons · difference 6 · ratio 4');
    expect(told(1.5)).toBe('x 1, y 0 · Low 0 · High 4 photons · difference 4');
    expect(told(2.5)).toBe('x 2, y 0 · Low no data · High 5 ± 1 photons');
    expect(told(3.5)).toBe('');
  });
});
