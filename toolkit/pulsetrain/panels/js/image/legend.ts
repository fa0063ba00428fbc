/** What the markers are, how many there are, and whether they are shown. */

import { make } from './dom';
import { markerIcon } from './overlays';
import type { Store } from './store';

export class Legend {
  readonly element = make('div', {
    class: 'pulsetrain-image-legend',
    role: 'group',
    'aria-label': 'Markers'
  });
  private shown = '';

  constructor(private readonly store: Store) {}

  draw(): void {
    const overlays = [...this.store.overlays.values()];
    const key = JSON.stringify([
      overlays.map(({ name, label, marker, colour, places }) => [name, label, marker, colour, places.length]),
      [...this.store.hidden]
    ]);
    if (key === this.shown) return;
    this.shown = key;
    const focused = (document.activeElement as HTMLElement | null)?.dataset.overlay;
    this.element.replaceChildren(
      ...overlays.map(overlay => {
        const tick = make('input', { type: 'checkbox', 'data-overlay': overlay.name });
        tick.checked = !this.store.hidden.has(overlay.name);
        tick.addEventListener('change', () => {
          if (tick.checked) this.store.hidden.delete(overlay.name);
          else this.store.hidden.add(overlay.name);
          this.store.changed();
        });
        return make(
          'label',
          {},
          tick,
          markerIcon(overlay),
          `${overlay.label} (${overlay.places.length / 2})`
        );
      })
    );
    if (focused !== undefined) {
      this.element.querySelector<HTMLElement>(`[data-overlay="${CSS.escape(focused)}"]`)?.focus();
    }
  }
}
