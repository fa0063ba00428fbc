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
      const at = LEFT * (1 - axis) + view.toScreen(place, place)[axis];
      mark(canvas, axis, Math.round(at) + 0.5, height, short(value));
    }
  }
  canvas.stroke();
  canvas.textAlign = 'center';
  canvas.fillText(`x (${length})`, LEFT + width / 2, height + BELOW - 4);
  canvas.save();
  canvas.translate(11, height / 2);
  canvas.rotate(-Math.PI / 2);
  canvas.fillText(`y (${length})`, 0, 0);
  canvas.restore();
}

function mark(
  canvas: CanvasRenderingContext2D,
  axis: 0 | 1,
  at: number,
  height: number,
  words: string
): void {
  if (axis === 0) {
    canvas.moveTo(at, height);
    canvas.lineTo(at, height + TICK);
    canvas.textAlign = 'center';
    canvas.textBaseline = 'alphabetic';
    canvas.fillText(words, at, height + TICK + 11);
  } else {
    canvas.moveTo(LEFT - TICK, at);
    canvas.lineTo(LEFT, at);
    canvas.textAlign = 'right';
    canvas.fillText(words, LEFT - TICK - 3, Math.min(Math.max(at + 4, 10), height));
  }
}
