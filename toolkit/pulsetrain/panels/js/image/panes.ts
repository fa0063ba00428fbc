/** What of two frames is seen where: one of them, the one beside the other, or each on its side of a handle. */

import { make } from './dom';
import type { Frame } from './protocol';
import type { Limits } from './statistics';
import type { Store } from './store';
import type { Viewport } from './viewport';

/** A frame in one of the columns of the view, and the part of that, from x to x, that it fills. */
export interface Pane {
  frame: Frame;
  name: string;
  column: 0 | 1;
  part: Limits;
}

/** The number of views side by side. */
export function columnsOf(store: Store): 1 | 2 {
  return store.mode === 'side' && store.frames.length > 1 ? 2 : 1;
}

/** Which part of the view, from x to x, the picture covers. */
export function covered(view: Viewport): Limits {
  const ends = [view.toScreen(0, 0)[0], view.toScreen(...view.frame)[0]].sort((a, b) => a - b) as Limits;
  return [Math.min(Math.max(0, ends[0]), view.view[0]), Math.max(0, Math.min(view.view[0], ends[1]))];
}

/** `seen` is the frame that a blinking picture shows; `place` the handle's, in pixels of the view. */
export function panesOf(store: Store, view: Viewport, seen: 0 | 1, place: number): Pane[] {
  const [first, second] = store.shown;
  const whole: Limits = [0, view.view[0]];
  if (first === undefined) return [];
  if (!store.comparing) return [{ frame: first, name: '', column: 0, part: whole }];
  const [before, after] = store.get('names');
  if (second === undefined) {
    const name = {
      difference: `${after} − ${before}`,
      ratio: `${after} / ${before}`,
      std: `σ of ${after}`,
      after
    };
    const words = name[store.mode as keyof typeof name] ?? before;
    return [{ frame: first, name: words, column: 0, part: whole }];
  }
  if (store.mode === 'blink')
    return [
      { frame: [first, second][seen] as Frame, name: [before, after][seen] as string, column: 0, part: whole }
    ];
  const side = store.mode === 'side';
  return [
    { frame: first, name: before, column: 0, part: side ? whole : [0, place] },
    { frame: second, name: after, column: side ? 1 : 0, part: side ? whole : [place, whole[1]] }
  ];
}

/** Write names into the picture: each at the outer end of the part it belongs to. */
export function drawNames(canvas: CanvasRenderingContext2D, panes: Pane[], view: Viewport): void {
  const [left, right] = covered(view);
  canvas.font = '600 12px sans-serif';
  canvas.textBaseline = 'alphabetic';
  canvas.textAlign = 'left';
  const top = Math.max(0, Math.min(view.toScreen(0, 0)[1], view.toScreen(...view.frame)[1]));
  for (const { name, part } of panes) {
    const wide = canvas.measureText(name).width + 12;
    const [from, to] = [Math.max(part[0], left), Math.min(part[1], right)];
    if (name === '' || to - from < wide + 12) continue;
    const x = part[0] > 0 ? to - wide - 6 : from + 6;
    canvas.fillStyle = 'rgba(20, 20, 20, 0.72)';
    canvas.beginPath();
    canvas.roundRect(x, top + 6, wide, 20, 3);
    canvas.fill();
    canvas.fillStyle = '#ffffff';
    canvas.fillText(name, x + 6, top + 20);
  }
}

/** Of two views side by side, shows in the one where the pointer is in the other. */
export class Twin {
  readonly element = make('div', { class: 'pulsetrain-image-twin', 'aria-hidden': 'true', hidden: true });

  /** Place it, in pixels of the element; null hides it. */
  show(place: readonly [number, number] | null): void {
    this.element.hidden = place === null;
    if (place === null) return;
    this.element.style.left = `${place[0]}px`;
    this.element.style.top = `${place[1]}px`;
  }
}
