/** The ways of comparing two frames, and the frames that are made of both. */

import { type Frame, GAP, MASKED } from './protocol';
import type { ScaleName } from './scale';

export const MODES = ['before', 'after', 'swipe', 'side', 'difference', 'ratio', 'blink', 'std'] as const;
export type Mode = (typeof MODES)[number];

/** What is shown by one contrast. */
export type Family = 'intensity' | 'difference' | 'ratio' | 'std';

export function familyOf(mode: Mode): Family {
  return mode === 'difference' || mode === 'ratio' || mode === 'std' ? mode : 'intensity';
}

/** The scale of a family where another one is chosen for intensities; `panels/_compare_look.py` does the same. */
export function scaleOf(family: Family, chosen: ScaleName): ScaleName {
  if (family === 'ratio') return 'linear'; // it is a logarithm already
  return family === 'difference' && chosen === 'log' ? 'symlog' : chosen;
}

/** Pixel by pixel after − before. */
export function difference(before: Frame, after: Frame): Frame {
  return combined(before, after, (low, high) => high - low);
}

/** Pixel by pixel log₂(after / before); a gap where one of them is not positive. */
export function ratio(before: Frame, after: Frame): Frame {
  return combined(before, after, (low, high) => (low > 0 && high > 0 ? Math.log2(high / low) : Number.NaN));
}

/** How many σ each value is from zero: none where σ is not known. */
export function sureness(frame: Frame, std: Frame): Frame {
  const values = new Float32Array(frame.values.length);
  for (let index = 0; index < values.length; index++) {
    const sigma = std.values[index] as number;
    const size = Math.abs(frame.values[index] as number);
    if (sigma >= 0 && size > 0) values[index] = Math.min(size / sigma, MOST);
  }
  return { ...frame, values };
}

const MOST = 1e6;

function combined(before: Frame, after: Frame, value: (low: number, high: number) => number): Frame {
  const values = new Float32Array(before.values.length);
  let flags: Uint8Array | null = null;
  for (let index = 0; index < values.length; index++) {
    const own = before.flags?.[index] ?? 0;
    const other = after.flags?.[index] ?? 0;
    let flag = own === GAP || other === GAP ? GAP : own | other;
    if (flag !== GAP) {
      values[index] = value(before.values[index] as number, after.values[index] as number);
      if (!Number.isFinite(values[index])) flag = GAP;
    }
    if (flag === 0) continue;
    flags ??= new Uint8Array(values.length);
    flags[index] = flag === GAP ? GAP : MASKED;
  }
  return { ...before, values, flags };
}
