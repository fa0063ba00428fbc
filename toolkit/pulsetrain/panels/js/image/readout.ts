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
  return frame.flags?.[index] === GAP ? null : (frame.planes[0]?.[index] ?? null);
}

export function readout(frame: Frame, geometry: Geometry, units: string, x: number, y: number): string {
  const pixel = pixelAt(frame, x, y);
  if (pixel === null) return '';
  const [column, row] = pixel;
  const value = valueAt(frame, column, row);
  const masked = frame.flags?.[row * frame.width + column] === MASKED ? ' (masked)' : '';
  // A float32 holds seven digits: more would be invented.
  const words = value === null ? 'no data' : `${Number(value.toPrecision(7))} ${units}${masked}`;
  const parts = [`x ${column}, y ${row}`, words];
  const d = spacing(geometry, column + 0.5, row + 0.5);
  if (d !== null)
    parts.push(Number.isFinite(d) ? `d ${short(d)} Å, q = 1/d ${short(1 / d)} Å⁻¹` : 'direct beam');
  return parts.join(' · ');
}
