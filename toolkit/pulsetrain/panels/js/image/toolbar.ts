/** Scale, colour map, mask, units of length and zoom. */

import type { Length } from './axes';
import { type ColourMap, DIVERGING, SEQUENTIAL } from './colours';
import { make } from './dom';
import { scaleOf } from './modes';
import { SCALES } from './scale';
import type { Store } from './store';

export interface Actions {
  zoom(factor: number): void;
  fit(): void;
  length(length: Length): void;
}

export class Toolbar {
  readonly element = make('div', {
    class: 'pulsetrain-image-bar',
    role: 'toolbar',
    'aria-label': 'Display of the image'
  });
  private readonly title = make('b');
  private readonly scale: HTMLSelectElement;
  private readonly colours: HTMLSelectElement;
  private readonly length: HTMLElement;
  private readonly mask: HTMLElement;
  private readonly masking = make('input', { type: 'checkbox' });

  constructor(
    private readonly store: Store,
    act: Actions
  ) {
    this.scale = choice(SCALES, value => store.set('scale', value));
    this.colours = choice([...SEQUENTIAL, ...DIVERGING], (value: ColourMap) =>
      store.set(store.signed ? 'diverging_map' : 'colour_map', value)
    );
    this.length = make('label', {}, 'Axes ', choice(['px', 'mm'] as const, act.length));
    this.masking.addEventListener('change', () => {
      store.masking = this.masking.checked;
      store.changed();
    });
    this.mask = make('label', { title: 'Hide masked pixels' }, this.masking, ' Mask');
    this.element.append(
      this.title,
      make('label', {}, 'Scale ', this.scale),
      make('label', {}, 'Colours ', this.colours),
      this.length,
      this.mask,
      make(
        'span',
        { class: 'pulsetrain-image-zoom' },
        button('−', 'Zoom out', () => act.zoom(1 / 1.5)),
        button('+', 'Zoom in', () => act.zoom(1.5)),
        button('Fit', 'Show the whole frame', act.fit)
      )
    );
  }

  draw(): void {
    const { store } = this;
    this.title.textContent = store.get('title');
    this.title.hidden = store.get('title') === '';
    this.scale.value = store.scale;
    for (const option of this.scale.options) {
      const name = option.value as (typeof SCALES)[number];
      option.disabled = scaleOf(store.family, name) !== name;
    }
    this.colours.value = store.colourMap;
    for (const option of this.colours.options) {
      option.hidden = store.comparing && store.signed !== DIVERGING.some(name => name === option.value);
    }
    this.length.hidden = store.get('_geometry').pixel_size === undefined;
    this.mask.hidden = !store.hasMask;
    this.masking.checked = store.masking;
  }
}

function choice<Value extends string>(
  values: readonly Value[],
  chosen: (value: Value) => void
): HTMLSelectElement {
  const select = make(
    'select',
    {},
    ...values.map(value =>
      make('option', { value }, DIVERGING.some(name => name === value) ? `${value} (signed)` : value)
    )
  );
  select.addEventListener('change', () => chosen(select.value as Value));
  return select;
}

function button(words: string, help: string, pressed: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', title: help, 'aria-label': help }, words);
  made.addEventListener('click', pressed);
  return made;
}
