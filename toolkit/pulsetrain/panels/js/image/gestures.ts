/** Wheel, drag, double click and keys on the picture. */

import type { Point, Viewport } from './viewport';

const WHEEL = 0.0015; // of zoom, per unit of a wheel's turn
const KEY_ZOOM = 1.5;
const KEY_PAN = 60; // screen pixels
const CLICK = 4; // a press that moves less is no drag

export interface Reactions {
  /** The view has moved. */
  moved(): void;
  /** The pointer, or the cursor of the keyboard (`spoken`), is at a place of the view; null: it has left. */
  pointed(place: Point | null, spoken: boolean): void;
  clicked(place: Point): void;
}

/** Let a user move about. `locate` tells where a place of the canvas lies in the view, of which there may be two. */
export function listen(
  canvas: HTMLElement,
  view: Viewport,
  locate: (x: number, y: number) => Point,
  react: Reactions
): void {
  let pressed: { from: Point; last: Point; moved: boolean } | null = null;
  let cursor: Point | null = null;

  const place = (event: MouseEvent): Point => {
    const box = canvas.getBoundingClientRect();
    return locate(event.clientX - box.left, event.clientY - box.top);
  };
  const point = (at: Point | null, spoken = false) => {
    cursor = at;
    react.pointed(at, spoken);
  };

  canvas.addEventListener(
    'wheel',
    event => {
      // A notebook is scrolled past its images: they take the wheel once they have the focus, or with Ctrl.
      if (document.activeElement !== canvas && !event.ctrlKey) return;
      event.preventDefault();
      const turn = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 33 : 1);
      view.zoomAt(...place(event), Math.exp(-WHEEL * turn));
      react.moved();
    },
    { passive: false }
  );
  canvas.addEventListener('pointerdown', event => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    const at: Point = [event.clientX, event.clientY];
    pressed = { from: at, last: at, moved: false };
  });
  canvas.addEventListener('pointermove', event => {
    if (pressed !== null) {
      const at: Point = [event.clientX, event.clientY];
      pressed.moved ||= Math.hypot(at[0] - pressed.from[0], at[1] - pressed.from[1]) > CLICK;
      if (pressed.moved) {
        view.pan(at[0] - pressed.last[0], at[1] - pressed.last[1]);
        react.moved();
      }
      pressed.last = at;
    }
    point(place(event));
  });
  canvas.addEventListener('pointerup', event => {
    if (pressed !== null && !pressed.moved) react.clicked(place(event));
    pressed = null;
  });
  canvas.addEventListener('pointercancel', () => {
    pressed = null;
  });
  canvas.addEventListener('pointerleave', () => point(null));
  canvas.addEventListener('dblclick', event => {
    event.preventDefault();
    view.fit();
    react.moved();
  });
  canvas.addEventListener('keydown', event => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const middle: Point = [view.view[0] / 2, view.view[1] / 2];
    const arrow = ARROWS[event.key];
    if (arrow !== undefined && event.shiftKey) {
      const [x, y] = cursor ?? middle;
      const step = Math.max(1, view.zoom);
      point([x + arrow[0] * step, y + arrow[1] * step], true);
    } else if (arrow !== undefined) {
      view.pan(-arrow[0] * KEY_PAN, -arrow[1] * KEY_PAN);
    } else if (event.key === '+' || event.key === '=') {
      view.zoomAt(...middle, KEY_ZOOM);
    } else if (event.key === '-') {
      view.zoomAt(...middle, 1 / KEY_ZOOM);
    } else if (event.key === '0' || event.key === 'Home') {
      view.fit();
    } else if (event.key === 'Enter' && cursor !== null) {
      react.clicked(cursor);
    } else return;
    event.preventDefault();
    event.stopPropagation(); // JupyterLab has shortcuts of its own on most of them
    react.moved();
  });
}

const ARROWS: Record<string, Point> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1]
};
