/** What the contrast is set by: percentiles that a few hot pixels do not move, and the histogram. */

import { forward, type ScaleName } from './scale';

export type Values = Float32Array | Uint16Array;
export type Limits = [number, number];

/** At most this many values are sorted; `panels/_image_limits.py` takes the very same ones. */
const SAMPLED = 2 ** 18;
const COUNTED = 2 ** 20;
export const BINS = 256;

/** A sorted sample of the valid pixels. */
export function sample(values: Values, flags: Uint8Array | null): Values {
  const step = stride(values.length, SAMPLED);
  const found = values.slice(0, Math.ceil(values.length / step));
  let count = 0;
  for (let index = 0; index < values.length; index += step) {
    if (flags === null || flags[index] === 0) found[count++] = values[index] ?? 0;
  }
  return found.subarray(0, count).sort();
}

/** Several samples as one. */
export function merged(samples: Values[]): Float32Array {
  const all = new Float32Array(samples.reduce((length, part) => length + part.length, 0));
  let end = 0;
  for (const part of samples) {
    all.set(part, end);
    end += part.length;
  }
  return all.sort();
}

/** The value below which a share of a sorted sample lies; the nearest one, never between two. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  return sorted[Math.floor(share * (sorted.length - 1) + 0.5)] ?? Number.NaN;
}

/** Where symlog turns logarithmic: half the span of the middle 68 %, the width of Gaussian noise. */
export function threshold(sorted: ArrayLike<number>): number {
  if (sorted.length === 0) return 1;
  const width = (percentile(sorted, 0.84) - percentile(sorted, 0.16)) / 2;
  const reach = Math.max(Math.abs(percentile(sorted, 0.999)), Math.abs(percentile(sorted, 0.001))) / 100;
  return [width, reach, 1].find(value => value > 0) ?? 1;
}

/**
 * Contrast that shows most pixels: from the first to the 99.5th percentile. A logarithm has room for peaks above: up to
 * five times as much, as far as there is more than hot pixels.
 */
export function autoLimits(sorted: Values, scale: ScaleName, diverging: boolean): Limits {
  if (sorted.length === 0) return [scale === 'log' ? 0.1 : 0, 1];
  const greatest = sorted[sorted.length - 1] ?? 1;
  let high = percentile(sorted, 0.995);
  if (diverging && scale !== 'log') {
    const reach = Math.max(Math.abs(percentile(sorted, 0.005)), Math.abs(high));
    return reach > 0 ? [-reach, reach] : [-1, 1];
  }
  let low = percentile(sorted, 0.01);
  if (scale === 'log' || scale === 'symlog')
    high = Math.max(high, Math.min(5 * high, percentile(sorted, 0.9999)));
  if (scale === 'log') {
    const positive = sorted.subarray(firstAbove(sorted, 0));
    if (positive.length === 0) return [0.1, 1];
    if (!(high > 0)) high = greatest;
    low = Math.max(percentile(positive, 0.05), high / 1000);
  }
  if (!(high > low)) high = greatest;
  if (high > low) return [low, high];
  return scale === 'log' ? [low / 10, low] : [low, low + 1];
}

/** The span of the histogram: the auto limits with room about them, and the present limits in any case. */
export function histogramSpan(scale: ScaleName, auto: Limits, limits: Limits, width: number): Limits {
  const [low, high] = auto.map(value => forward(scale, value, width)) as Limits;
  const room = (high - low) * 0.2;
  const own = limits.map(value => forward(scale, value, width)).filter(Number.isFinite);
  return [Math.min(low - room, ...own), Math.max(high + room, ...own)];
}

/** Counts in equal bins of the scale; what lies beyond the span goes to the outermost bins. */
export function histogram(
  values: Values,
  flags: Uint8Array | null,
  scale: ScaleName,
  span: Limits,
  width: number
): Uint32Array {
  const counts = new Uint32Array(BINS);
  const step = stride(values.length, COUNTED);
  const factor = BINS / (span[1] - span[0]);
  for (let index = 0; index < values.length; index += step) {
    if (flags !== null && flags[index] !== 0) continue;
    const place = Math.floor((forward(scale, values[index] ?? 0, width) - span[0]) * factor);
    const bin = Math.min(Math.max(place, 0), BINS - 1);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

/** Odd, so that a sample walks over all columns of a frame whose width is a power of two. */
function stride(length: number, most: number): number {
  return length <= most ? 1 : Math.ceil(length / most) | 1;
}

function firstAbove(sorted: Values, bound: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) > bound) high = middle;
    else low = middle + 1;
  }
  return low;
}
