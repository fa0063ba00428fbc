/** What kernel and browser say to each other; `panels/image.py` is the other end. */

import type { ColourMap } from './colours';
import type { Pooling } from './levels';
import type { Mode } from './modes';
import type { Geometry } from './resolution';
import type { ScaleName } from './scale';
import type { Limits, Values } from './statistics';

/** The synchronised state: small, for it may be stored in a notebook. Frames and overlays come as messages. */
export interface State {
  scale: ScaleName;
  colour_map: ColourMap;
  limits: Limits | null;
  title: string;
  units: string;
  height: number;
  _flipped: [boolean, boolean];
  _geometry: Geometry;
  _listening: boolean;
  /** Of a comparison; what follows is missing of a single frame. */
  mode?: Mode;
  names: [string, string];
  diverging_map: ColourMap;
  difference_limits: Limits | null;
  ratio_limits: Limits | null;
  std_limits: Limits | null;
  /** Share of the picture that shows the first frame. */
  swipe: number;
  /** So many σ from zero a value must be to have its full colour. */
  fade: number;
  pooling: Pooling;
}

/** What an image is drawn anew for. */
export const WATCHED = [
  'scale',
  'colour_map',
  'limits',
  'title',
  'units',
  'height',
  '_flipped',
  '_geometry',
  'mode',
  'names',
  'diverging_map',
  'difference_limits',
  'ratio_limits',
  'std_limits',
  'swipe',
  'fade',
  'pooling'
] as const satisfies (keyof State)[];

export type Marker = 'square' | 'circle' | 'cross' | 'plus' | 'diamond';

export type Message =
  | { kind: 'frame'; version: number; width: number; height: number; planes: string[]; masked: boolean }
  | { kind: 'more'; version: number }
  | { kind: 'no frame'; version: number }
  | { kind: 'overlay'; name: string; label: string; marker: Marker; colour: string }
  | { kind: 'no overlay'; name: string }
  | { kind: 'picture' };

/** Why a pixel has no colour; bits of `Frame.flags`. */
export const GAP = 1;
export const MASKED = 2;

/** A detector frame, row by row. */
export interface Frame {
  version: number;
  width: number;
  height: number;
  values: Values;
  flags: Uint8Array | null;
}

export interface Overlay {
  name: string;
  label: string;
  marker: Marker;
  colour: string;
  /** x, y, x, y … in pixels of the frame, a pixel's centre being at + 0.5. */
  places: Float32Array;
}

export function readPlaces({ buffer, byteOffset, byteLength }: DataView): Float32Array {
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength) as ArrayBuffer);
}
