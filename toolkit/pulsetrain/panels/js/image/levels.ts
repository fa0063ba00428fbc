/** A smaller frame that keeps the peaks, for views in which a large one is seen whole. */

import { type Frame, MASKED } from './protocol';
import type { Values } from './statistics';

/** So many pixels along each side become one. */
export const FACTOR = 4;

/**
 * Put the most intense pixel of each block in its place: the greatest, or of signed data (`extreme`) the one furthest
 * from zero. A block has a flag only where it has no pixel to show: masked if one of them is, else a gap.
 */
export function reduced(frame: Frame, masking: boolean, extreme: boolean): Frame {
  const width = Math.ceil(frame.width / FACTOR);
  const height = Math.ceil(frame.height / FACTOR);
  const flags = frame.flags && new Uint8Array(width * height);
  const planes = frame.planes.map(plane => {
    const small =
      plane instanceof Uint16Array ? new Uint16Array(width * height) : new Float32Array(width * height);
    reduce(frame, plane, masking, extreme, width, small, flags);
    return small;
  });
  return { version: frame.version, width, height, planes, flags };
}

function reduce(
  frame: Frame,
  plane: Values,
  masking: boolean,
  extreme: boolean,
  width: number,
  small: Values,
  flags: Uint8Array | null
): void {
  for (let target = 0; target < small.length; target++) {
    const left = (target % width) * FACTOR;
    const top = Math.floor(target / width) * FACTOR;
    const right = Math.min(left + FACTOR, frame.width);
    const bottom = Math.min(top + FACTOR, frame.height);
    let best = 0;
    let found = false;
    let reason = 0;
    for (let y = top; y < bottom; y++) {
      for (let index = y * frame.width + left; index < y * frame.width + right; index++) {
        const flag = frame.flags === null ? 0 : (frame.flags[index] as number);
        if (flag !== 0 && (masking || flag !== MASKED)) {
          reason = Math.max(reason, flag);
          continue;
        }
        const value = plane[index] as number;
        if (!found || (extreme ? Math.abs(value) > Math.abs(best) : value > best)) best = value;
        found = true;
      }
    }
    small[target] = best;
    if (flags !== null && !found) flags[target] = reason;
  }
}
