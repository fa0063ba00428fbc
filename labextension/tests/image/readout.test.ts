import { describe, expect, it } from 'vitest';
import { Arriving } from '../../../toolkit/pulsetrain/panels/js/image/arriving';
import type { Frame } from '../../../toolkit/pulsetrain/panels/js/image/protocol';
import { readout } from '../../../toolkit/pulsetrain/panels/js/image/readout';
import { ringRadius, spacing } from '../../../toolkit/pulsetrain/panels/js/image/resolution';

// A pixel as far from the beam as the detector from the sample: 2θ = 45°.
const geometry = {
  beam: [100, 200] as [number, number],
  pixel_size: 1e-4,
  clen: 0.1,
  wavelength: 1,
  rings: []
};

describe('resolution on a flat detector', () => {
  it('is Bragg’s', () => {
    expect(spacing(geometry, 1100, 200)).toBeCloseTo(1 / (2 * Math.sin(Math.PI / 8)), 12);
    expect(spacing(geometry, 100, -800)).toBeCloseTo(1 / (2 * Math.sin(Math.PI / 8)), 12);
  });

  it('is infinite in the beam, and unknown without a geometry', () => {
    expect(spacing(geometry, 100, 200)).toBe(Number.POSITIVE_INFINITY);
    expect(spacing({ pixel_size: 1e-4 }, 1, 1)).toBeNull();
  });

  it('is the same on a ring as it is called by', () => {
    const radius = ringRadius(geometry, 2.5) ?? Number.NaN;
    expect(spacing(geometry, 100, 200 + radius)).toBeCloseTo(2.5, 12);
  });

  it('has no ring that would have to scatter backwards', () => {
    expect(ringRadius(geometry, 0.6)).toBeNull();
    expect(ringRadius(geometry, 0.3)).toBeNull();
  });
});

describe('a frame as it comes from the kernel', () => {
  const message = {
    kind: 'frame',
    version: 1,
    width: 3,
    height: 2,
    planes: ['float32'],
    masked: true
  } as const;
  const plane = Float32Array.of(1, Number.NaN, 3, 4.5, Number.POSITIVE_INFINITY, -6);
  // Bits from the highest one: the first, second and last pixel are masked.
  const mask = new DataView(Uint8Array.of(0b11000100).buffer);

  function frame(buffer: DataView): Frame {
    const arriving = new Arriving({ ...message, planes: [...message.planes] });
    return arriving.take([buffer, mask])?.[0] as Frame;
  }

  it('has its gaps before its mask', () => {
    expect([...(frame(new DataView(plane.buffer)).flags ?? [])]).toEqual([2, 1, 0, 0, 1, 2]);
  });

  it('is read from an odd place of a message', () => {
    const bytes = new Uint8Array(25);
    bytes.set(new Uint8Array(plane.buffer), 1);
    expect(frame(new DataView(bytes.buffer, 1)).values).toEqual(plane);
  });

  it('is put together from pieces, wherever messages cut it, and there with the last one', () => {
    const planes = ['float32', 'uint16'];
    const counts = Uint16Array.of(7, 8, 9, 10, 11, 65535);
    const all = new Uint8Array([
      ...new Uint8Array(plane.buffer),
      ...new Uint8Array(counts.buffer),
      0b00000100
    ]);
    const piece = (from: number, to: number) => new DataView(all.buffer, from, to - from);
    const arriving = new Arriving({ ...message, planes });
    expect(arriving.take([piece(0, 5)])).toBeNull();
    expect(arriving.take([piece(5, 24), piece(24, 31)])).toBeNull();
    const frames = arriving.take([piece(31, 36), piece(36, 37)]) ?? [];
    expect(frames.map(({ values }) => values)).toEqual([plane, counts]);
    expect([...(frames[1]?.flags ?? [])]).toEqual([0, 0, 0, 0, 0, 2]);
  });

  it('needs no flags where every pixel is good', () => {
    const arriving = new Arriving({ ...message, width: 2, height: 1, planes: ['uint16'], masked: false });
    const [read] = arriving.take([new DataView(Uint16Array.of(1, 2).buffer)]) ?? [];
    expect(read?.flags).toBeNull();
    expect(read?.values).toEqual(Uint16Array.of(1, 2));
  });

  it('is read out pixel by pixel', () => {
    const read = frame(new DataView(plane.buffer));
    expect(readout(read, {}, 'ADU', 0.99, 1.01)).toBe('x 0, y 1 · 4.5 ADU');
    expect(readout(read, {}, 'ADU', 1.5, 0.5)).toBe('x 1, y 0 · no data');
    expect(readout(read, {}, 'ADU', 0.5, 0.5)).toBe('x 0, y 0 · 1 ADU (masked)');
    expect(readout(read, {}, 'ADU', 3.01, 0.5)).toBe('');
    expect(readout(read, {}, 'ADU', -0.01, 0.5)).toBe('');
  });

  it('tells the resolution at the middle of a pixel', () => {
    const read = frame(new DataView(plane.buffer));
    const here = { ...geometry, beam: [0.5, -999.5] as [number, number] };
    expect(readout(read, here, 'ADU', 0.9, 0.1)).toContain('d 1.307 Å, q = 1/d 0.7654 Å⁻¹');
  });
});
