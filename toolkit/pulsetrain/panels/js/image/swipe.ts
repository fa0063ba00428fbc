/** The handle between two frames that lie on each other: dragged, or moved by keys. */

import { LEFT } from './axes';
import { make } from './dom';
import type { Limits } from './statistics';
import type { Store } from './store';

const STEP = 0.02; // of the picture, by an arrow key

export class Swipe {
  readonly element = make('div', {
    class: 'pulsetrain-image-swipe',
    role: 'slider',
    tabindex: 0,
    'aria-valuemin': 0,
    'aria-valuemax': 100,
    'aria-orientation': 'horizontal'
  });
  /** What of the view the picture covers, in pixels of the screen. */
  private span: Limits = [0, 1];

  constructor(private readonly store: Store) {
    const { element } = this;
    element.addEventListener('pointerdown', event => {
      element.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    element.addEventListener('pointermove', event => {
      if (!element.hasPointerCapture(event.pointerId)) return;
      const left = (element.parentElement as HTMLElement).getBoundingClientRect().left + LEFT;
      this.move((event.clientX - left - this.span[0]) / (this.span[1] - this.span[0]));
    });
    element.addEventListener('keydown', event => {
      const share = store.get('swipe');
      const places: Record<string, number> = {
        ArrowLeft: share - STEP,
        ArrowDown: share - STEP,
        ArrowRight: share + STEP,
        ArrowUp: share + STEP,
        PageDown: share - 5 * STEP,
        PageUp: share + 5 * STEP,
        Home: 0,
        End: 1
      };
      const place = places[event.key];
      if (place === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      this.move(place);
    });
  }

  /** Put the handle where it belongs, given which part of the view the picture covers; returns its place in the view. */
  draw(span: Limits, canvas: HTMLElement, height: number): number {
    this.span = span;
    const { element, store } = this;
    const share = store.get('swipe');
    const [before, after] = store.get('names');
    const place = span[0] + share * (span[1] - span[0]);
    element.style.left = `${LEFT + place}px`;
    element.style.top = `${canvas.offsetTop}px`;
    element.style.height = `${height}px`;
    const percent = Math.round(share * 100);
    element.setAttribute('aria-label', `swipe between ${before} and ${after}`);
    element.setAttribute('aria-valuenow', String(percent));
    element.setAttribute('aria-valuetext', `${percent} % ${before}`);
    return place;
  }

  private move(share: number): void {
    this.store.set('swipe', Math.min(Math.max(share, 0), 1));
  }
}
