/** The scale along the left and the lower edge: pixels, or millimetres from the beam. */

import type { Geometry } from './resolution';
import { short, ticks } from './scale';
import type { Theme } from './theme';
import type { Viewport } from './viewport';

export type Length = 'px' | 'mm';

/** Room for the numbers, in screen pixels. */
export const LEFT = 52;
export const BELOW = 34;

const TICK = 4;

export function drawAxes(
  canvas: CanvasRenderingContext2D,
  view: Viewport,
  geometry: Geometry,
  length: Length,
  theme: Theme
): void {
  const [width, height] = view.view;
  const begin = view.toFrame(0, 0);
  const end = view.toFrame(width, height);
  // The axes stand at the edges of the frame, or at those of the view where the frame reaches beyond.
  const corners = [view.toScreen(0, 0), view.toScreen(...view.frame)] as const;
  const left = LEFT + Math.max(0, Math.min(corners[0][0], corners[1][0]));
  const bottom = Math.min(height, Math.max(corners[0][1], corners[1][1]));
  canvas.fillStyle = canvas.strokeStyle = theme.ink;
  canvas.lineWidth = 1;
  canvas.font = theme.font;
  canvas.beginPath();
  for (const axis of [0, 1] as const) {
    const factor = length === 'mm' ? (geometry.pixel_size ?? 1) * 1e3 : 1;
    const origin = length === 'mm' ? (geometry.beam?.[axis] ?? 0) : 0;
    const ends = [begin[axis], end[axis]].map(place => (place - origin) * factor).sort((a, b) => a - b);
    const wanted = view.view[axis] / (axis === 0 ? 90 : 60);
    for (const value of ticks('linear', ends[0] ?? 0, ends[1] ?? 0, wanted)) {
      const place = value / factor + origin;
      if (place < -1e-6 || place > view.frame[axis] + 1e-6) continue;
      const at = Math.round(view.toScreen(place, place)[axis]) + 0.5;
      if (axis === 0) markBelow(canvas, LEFT + at, bottom, short(value), LEFT + width);
      else markBeside(canvas, left, at, short(value), bottom);
    }
  }
  canvas.stroke();
  canvas.textAlign = 'center';
  canvas.fillText(`x (${length})`, LEFT + width / 2, bottom + BELOW - 4);
  canvas.save();
  canvas.translate(left - LEFT + 11, height / 2);
  canvas.rotate(-Math.PI / 2);
  canvas.fillText(`y (${length})`, 0, 0);
  canvas.restore();
}

function markBelow(
  canvas: CanvasRenderingContext2D,
  x: number,
  top: number,
  words: string,
  end: number
): void {
  canvas.moveTo(x, top);
  canvas.lineTo(x, top + TICK);
  canvas.textAlign = 'center';
  canvas.textBaseline = 'alphabetic';
  const half = canvas.measureText(words).width / 2;
  canvas.fillText(words, Math.min(x, end - half), top + TICK + 11);
}

function markBeside(
  canvas: CanvasRenderingContext2D,
  right: number,
  y: number,
  words: string,
  end: number
): void {
  canvas.moveTo(right - TICK, y);
  canvas.lineTo(right, y);
  canvas.textAlign = 'right';
  canvas.fillText(words, right - TICK - 3, Math.min(Math.max(y + 4, 10), end));
}
