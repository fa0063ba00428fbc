import { describe, expect, it } from 'vitest';
import { Viewport } from '../../../toolkit/pulsetrain/panels/js/image/viewport';

function viewport(flipped: [boolean, boolean] = [false, false]): Viewport {
  const view = new Viewport();
  view.flipped = flipped;
  view.setView(600, 400);
  view.setFrame(1000, 500);
  return view;
}

describe.each([{ flipped: [false, false] }, { flipped: [true, true] }, { flipped: [false, true] }] as {
  flipped: [boolean, boolean];
}[])('a view, flipped $flipped', ({ flipped }) => {
  it('shows the whole frame at first, in the middle', () => {
    const view = viewport(flipped);
    expect(view.zoom).toBe(0.6);
    const [left, top] = view.toScreen(...([flipped[0] ? 1000 : 0, flipped[1] ? 500 : 0] as const));
    expect([left, top]).toEqual([0, 50]);
  });

  it('takes places of the screen back to the frame', () => {
    const view = viewport(flipped);
    view.zoomAt(100, 300, 3.7);
    view.pan(-20, 33);
    const [x, y] = view.toFrame(...view.toScreen(123.4, 345.6));
    expect(x).toBeCloseTo(123.4);
    expect(y).toBeCloseTo(345.6);
  });

  it('keeps what lies under the cursor when it zooms', () => {
    const view = viewport(flipped);
    const before = view.toFrame(450, 120);
    view.zoomAt(450, 120, 5);
    const after = view.toFrame(450, 120);
    expect(after[0]).toBeCloseTo(before[0]);
    expect(after[1]).toBeCloseTo(before[1]);
  });

  it('follows the hand when it pans', () => {
    const view = viewport(flipped);
    view.zoomAt(300, 200, 4);
    const held = view.toFrame(300, 200);
    view.pan(37, -21);
    const [x, y] = view.toScreen(...held);
    expect(x).toBeCloseTo(337);
    expect(y).toBeCloseTo(179);
  });
});

describe('a view', () => {
  it('has x to the right and y downwards unless it is flipped', () => {
    const view = viewport();
    expect(view.toScreen(501, 251)).toEqual([300.6, 200.6]);
  });

  it('keeps the middle of the picture on the frame', () => {
    const view = viewport();
    view.zoomAt(300, 200, 2);
    view.pan(1e6, -1e6);
    expect(view.centre).toEqual([0, 500]);
  });

  it('zooms no further than a pixel of 64, and not far below the whole frame', () => {
    const view = viewport();
    view.zoomAt(300, 200, 1e9);
    expect(view.zoom).toBe(64);
    view.zoomAt(300, 200, 1e-9);
    expect(view.zoom).toBe(0.3);
  });

  it('stays where it is when the next frame has the same size, and fits one of another', () => {
    const view = viewport();
    view.zoomAt(10, 10, 4);
    view.setFrame(1000, 500);
    expect(view.zoom).toBeCloseTo(2.4);
    view.setFrame(300, 400);
    expect(view.zoom).toBe(1);
  });

  it('keeps the whole frame in sight when its room changes, unless the user has zoomed', () => {
    const view = viewport();
    view.setView(300, 400);
    expect(view.zoom).toBe(0.3);
    view.zoomAt(10, 10, 4);
    view.setView(600, 400);
    expect(view.zoom).toBeCloseTo(1.2);
  });
});
