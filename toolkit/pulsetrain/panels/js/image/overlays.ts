/** Markers and rings on top of the frame: drawn as lines, so that they stay crisp at any zoom. */

import type { Marker, Overlay } from './protocol';
import { type Geometry, ringRadius } from './resolution';
import type { Viewport } from './viewport';

/** Half the size of a marker: at least so many screen pixels, or so many pixels of the frame. */
const LEAST = 5.5;
const AROUND = 3;

/** Draw all places of an overlay that are in view, over a dark halo that holds on any colour map. */
export function drawOverlay(canvas: CanvasRenderingContext2D, view: Viewport, overlay: Overlay): void {
  const path = new Path2D();
  const half = Math.max(LEAST, AROUND * view.zoom);
  const { places } = overlay;
  for (let index = 0; index + 1 < places.length; index += 2) {
    const [x, y] = view.toScreen(places[index] as number, places[index + 1] as number);
    if (x < -half || y < -half || x > view.view[0] + half || y > view.view[1] + half) continue;
    addMarker(path, overlay.marker, x, y, half);
  }
  outlined(canvas, path, overlay.colour);
}

/** Draw rings of equal resolution about the beam, each with its d-spacing. */
export function drawRings(canvas: CanvasRenderingContext2D, view: Viewport, geometry: Geometry): void {
  if (geometry.beam === undefined) return;
  const [x, y] = view.toScreen(...geometry.beam);
  for (const d of geometry.rings ?? []) {
    const radius = (ringRadius(geometry, d) ?? 0) * view.zoom;
    if (radius === 0) continue;
    const path = new Path2D();
    path.arc(x, y, radius, 0, 2 * Math.PI);
    canvas.setLineDash([5, 4]);
    outlined(canvas, path, '#ffffff');
    canvas.setLineDash([]);
    const words = `${d} Å`;
    const [right, up] = [x + radius * Math.SQRT1_2, y - radius * Math.SQRT1_2];
    canvas.font = '12px sans-serif';
    canvas.textAlign = 'center';
    canvas.lineWidth = 3;
    canvas.strokeStyle = HALO;
    canvas.strokeText(words, right, up);
    canvas.fillStyle = '#ffffff';
    canvas.fillText(words, right, up);
  }
}

/** Show where the keyboard's cursor is. */
export function drawCursor(canvas: CanvasRenderingContext2D, x: number, y: number): void {
  const path = new Path2D();
  for (const side of [-1, 1]) {
    path.moveTo(x + 4 * side, y);
    path.lineTo(x + 14 * side, y);
    path.moveTo(x, y + 4 * side);
    path.lineTo(x, y + 14 * side);
  }
  outlined(canvas, path, '#ffffff');
}

/** A marker as the legend shows it. */
export function markerIcon(overlay: Overlay): SVGSVGElement {
  const icon = document.createElementNS(SVG, 'svg');
  icon.setAttribute('viewBox', '-8 -8 16 16');
  icon.setAttribute('aria-hidden', 'true');
  for (const [colour, width] of [
    [HALO, 4],
    [overlay.colour, 2]
  ] as const) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', OUTLINES[overlay.marker]);
    path.setAttribute('fill', 'none');
    path.setAttribute('stroke', colour);
    path.setAttribute('stroke-width', String(width));
    icon.append(path);
  }
  return icon;
}

const SVG = 'http://www.w3.org/2000/svg';
const HALO = 'rgba(0, 0, 0, 0.65)';

const OUTLINES: Record<Marker, string> = {
  square: 'M-5-5H5V5H-5Z',
  circle: 'M5.5 0A5.5 5.5 0 1 1-5.5 0A5.5 5.5 0 1 1 5.5 0Z',
  cross: 'M-5-5L5 5M5-5L-5 5',
  plus: 'M-6 0H6M0-6V6',
  diamond: 'M0-6L6 0L0 6L-6 0Z'
};

function addMarker(path: Path2D, marker: Marker, x: number, y: number, half: number): void {
  if (marker === 'square') {
    path.rect(x - half, y - half, 2 * half, 2 * half);
  } else if (marker === 'circle') {
    path.moveTo(x + half, y);
    path.arc(x, y, half, 0, 2 * Math.PI);
  } else if (marker === 'diamond') {
    path.moveTo(x, y - half);
    path.lineTo(x + half, y);
    path.lineTo(x, y + half);
    path.lineTo(x - half, y);
    path.closePath();
  } else {
    const [across, along] = marker === 'cross' ? [half * 0.8, half * 0.8] : [0, half];
    path.moveTo(x - across, y - along);
    path.lineTo(x + across, y + along);
    path.moveTo(x + along, y - across);
    path.lineTo(x - along, y + across);
  }
}

function outlined(canvas: CanvasRenderingContext2D, path: Path2D, colour: string): void {
  canvas.lineWidth = 3.5;
  canvas.strokeStyle = HALO;
  canvas.stroke(path);
  canvas.lineWidth = 1.75;
  canvas.strokeStyle = colour;
  canvas.stroke(path);
}
