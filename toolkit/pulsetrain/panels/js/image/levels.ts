/** A smaller frame for views in which a large one is seen whole. */

import { type Frame, MASKED } from './protocol';

/** So many pixels along each side become one. */
export const FACTOR = 4;

/**
 * What is shown of pixels that share a place: the greatest, of signed data the one furthest from zero (`extreme`), or
 * the mean.
 */
export type Pooling = 'peak' | 'extreme' | 'mean';

/**
 * Make one pixel of each block. A block has a flag only where it has no pixel to show: masked if one of them is, else
 * a gap.
 */
export function reduced(frame: Frame, masking: boolean, pooling: Pooling): Frame {
  const width = Math.ceil(frame.width / FACTOR);
  const height = Math.ceil(frame.height / FACTOR);
  const flags = frame.flags && new Uint8Array(width * height);
  const whole = frame.values instanceof Uint16Array && pooling !== 'mean';
  const values = whole ? new Uint16Array(width * height) : new Float32Array(width * height);
  const small = { version: frame.version, width, height, values, flags };
  reduce(frame, masking, pooling, small);
  return small;
}

function reduce(frame: Frame, masking: boolean, pooling: Pooling, small: Frame): void {
  const { values, flags } = frame;
  for (let target = 0; target < small.values.length; target++) {
    const left = (target % small.width) * FACTOR;
    const top = Math.floor(target / small.width) * FACTOR;
    const right = Math.min(left + FACTOR, frame.width);
    const bottom = Math.min(top + FACTOR, frame.height);
    let best = 0;
    let sum = 0;
    let found = 0;
    let reason = 0;
    for (let y = top; y < bottom; y++) {
      for (let index = y * frame.width + left; index < y * frame.width + right; index++) {
        const flag = flags === null ? 0 : (flags[index] as number);
        if (flag !== 0 && (masking || flag !== MASKED)) {
          reason = Math.max(reason, flag);
          continue;
        }
        const value = values[index] as number;
        if (found === 0 || (pooling === 'extreme' ? Math.abs(value) > Math.abs(best) : value > best))
          best = value;
        sum += value;
        found++;
      }
    }
    small.values[target] = pooling === 'mean' && found > 0 ? sum / found : best;
    if (small.flags !== null && found === 0) small.flags[target] = reason;
  }
}
