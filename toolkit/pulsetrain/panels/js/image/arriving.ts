/** Frames on their way: the kernel cuts large ones into messages that every server and proxy lets through. */

import { type Frame, GAP, MASKED, type Message } from './protocol';
import type { Values } from './statistics';

type Announced = Extract<Message, { kind: 'frame' }>;

export class Arriving {
  private readonly planes: Values[];
  private readonly bits: Uint8Array | null;
  /** What the pieces fill, one after the other: planes and mask. */
  private readonly parts: Uint8Array[];
  private filled = 0;

  /** Throws a RangeError where the browser has no room for them. */
  constructor(readonly announced: Announced) {
    const count = announced.width * announced.height;
    this.planes = announced.planes.map(type =>
      type === 'uint16' ? new Uint16Array(count) : new Float32Array(count)
    );
    this.bits = announced.masked ? new Uint8Array(Math.ceil(count / 8)) : null;
    this.parts = this.planes.map(({ buffer }) => new Uint8Array(buffer));
    if (this.bits !== null) this.parts.push(this.bits);
  }

  /** Take the pieces of a message; returns the frames once the last one is there. */
  take(pieces: DataView[]): Frame[] | null {
    for (const { buffer, byteOffset, byteLength } of pieces) {
      const part = this.parts[0] as Uint8Array;
      part.set(new Uint8Array(buffer, byteOffset, byteLength), this.filled);
      this.filled += byteLength;
      if (this.filled < part.length) continue;
      this.parts.shift();
      this.filled = 0;
    }
    if (this.parts.length > 0) return null;
    const { version, width, height } = this.announced;
    return this.planes.map(values => ({ version, width, height, values, flags: flags(values, this.bits) }));
  }
}

/** Mark gaps and masked pixels, a byte each; null where there are none. */
function flags(values: Values, bits: Uint8Array | null): Uint8Array | null {
  const count = values.length;
  let found: Uint8Array | null = null;
  for (let index = 0; index < count && values instanceof Float32Array; index++) {
    if (Number.isFinite(values[index])) continue;
    found ??= new Uint8Array(count);
    found[index] = GAP;
  }
  if (bits === null) return found;
  found ??= new Uint8Array(count);
  for (let index = 0; index < count; index++) {
    const bit = (bits[index >> 3] as number) & (128 >> (index & 7));
    if (found[index] === 0 && bit !== 0) found[index] = MASKED;
  }
  return found;
}
