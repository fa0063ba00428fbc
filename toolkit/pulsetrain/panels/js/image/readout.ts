/** What is under the cursor, in words. */

import { type Frame, GAP, MASKED } from './protocol';
import { type Geometry, spacing } from './resolution';
import { short } from './scale';

/** Column and row of the pixel at a place of the frame; null outside. */
export function pixelAt(frame: Frame, x: number, y: number): [number, number] | null {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return column >= 0 && row >= 0 && column < frame.width && row < frame.height ? [column, row] : null;
}

/** The value of a pixel: null in a gap. */
export function valueAt(frame: Frame, column: number, row: number): number | null {
  const index = row * frame.width + column;
  return frame.flags?.[index] === GAP ? null : (frame.values[index] ?? null);
}

/** Place, value and resolution of the pixel at a place of the frame; empty outside. */
export function readout(frame: Frame, geometry: Geometry, units: string, x: number, y: number): string {
  const pixel = pixelAt(frame, x, y);
  if (pixel === null) return '';
  const value = valueAt(frame, ...pixel);
  const words = value === null ? 'no data' : `${digits(value)} ${units}${maskedAt(frame, ...pixel)}`;
  return [placed(pixel), words, ...located(geometry, ...pixel)].join(' · ');
}

/** The same of two frames, with σ of the second one where it is known. */
export function comparison(
  frames: Frame[],
  names: readonly [string, string],
  geometry: Geometry,
  units: string,
  x: number,
  y: number
): string {
  const [before, after, std] = frames as [Frame, Frame, Frame?];
  const pixel = pixelAt(before, x, y);
  if (pixel === null) return '';
  const [low, high] = [valueAt(before, ...pixel), valueAt(after, ...pixel)];
  const sigma = std === undefined ? null : valueAt(std, ...pixel);
  const spread = high === null || sigma === null ? '' : ` ± ${short(sigma)}`;
  const words = [low, high].map(value => (value === null ? 'no data' : String(digits(value))));
  const parts = [
    placed(pixel),
    `${names[0]} ${words[0]}`,
    `${names[1]} ${words[1]}${spread} ${units}${maskedAt(before, ...pixel)}`
  ];
  if (low !== null && high !== null) {
    parts.push(`difference ${short(high - low)}`);
    if (low > 0 && high > 0) parts.push(`ratio ${short(high / low)}`);
  }
  return [...parts, ...located(geometry, ...pixel)].join(' · ');
}

function placed([column, row]: [number, number]): string {
  return `x ${column}, y ${row}`;
}

function maskedAt(frame: Frame, column: number, row: number): string {
  return frame.flags?.[row * frame.width + column] === MASKED ? ' (masked)' : '';
}

/** A float32 holds seven digits: more would be invented. */
function digits(value: number): number {
  return Number(value.toPrecision(7));
}

/** Resolution of the middle of a pixel; where it is not known, millimetres from the beam, or from the corner. */
function located(geometry: Geometry, column: number, row: number): string[] {
  const [x, y] = [column + 0.5, row + 0.5];
  const d = spacing(geometry, x, y);
  if (d !== null)
    return [Number.isFinite(d) ? `d ${short(d)} Å, q = 1/d ${short(1 / d)} Å⁻¹` : 'direct beam'];
  const { beam, pixel_size: size } = geometry;
  if (size === undefined) return [];
  const [right, down] = [(x - (beam?.[0] ?? 0)) * size * 1e3, (y - (beam?.[1] ?? 0)) * size * 1e3];
  return [`${short(right)}, ${short(down)} mm`];
}
