/** From a place on a flat detector, perpendicular to the beam, to what diffracts there. */

/** Lengths in metres, the wavelength in Å, the beam in pixels of the frame. */
export interface Geometry {
  beam?: [number, number];
  pixel_size?: number;
  clen?: number;
  wavelength?: number;
  rings?: number[];
}

/** d-spacing in Å at a place, by Bragg's law: λ = 2 d sin θ, tan 2θ = r / clen. Null without a complete geometry. */
export function spacing(geometry: Geometry, x: number, y: number): number | null {
  const { beam, pixel_size, clen, wavelength } = geometry;
  if (!beam || !pixel_size || !clen || !wavelength) return null;
  const radius = Math.hypot(x - beam[0], y - beam[1]) * pixel_size;
  return wavelength / (2 * Math.sin(Math.atan2(radius, clen) / 2));
}

/** Radius in pixels of the ring of a d-spacing in Å; null where it does not scatter forwards. */
export function ringRadius(geometry: Geometry, d: number): number | null {
  const { pixel_size, clen, wavelength } = geometry;
  if (!pixel_size || !clen || !wavelength) return null;
  const twoTheta = 2 * Math.asin(wavelength / (2 * d));
  return twoTheta < Math.PI / 2 ? (clen * Math.tan(twoTheta)) / pixel_size : null;
}
