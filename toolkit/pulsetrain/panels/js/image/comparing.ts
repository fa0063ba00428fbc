/** What a comparison has beside a single frame's toolbar: the modes, the fading of what is uncertain, the blinking. */

import type { Blink } from './blink';
import { make } from './dom';
import { MODES, type Mode } from './modes';
import type { Store } from './store';

const MOST = 5; // σ
let groups = 0;

export class Comparing {
  readonly element = make('div', { class: 'pulsetrain-image-bar' });
  private readonly choices = new Map<Mode, { label: HTMLElement; tick: HTMLInputElement; words: Text }>();
  private readonly play = make('button', { type: 'button' });
  private readonly blinking: HTMLElement;
  private readonly fading: HTMLElement;
  private readonly fade = make('input', { type: 'range', min: 0, max: MOST, step: 0.1 });
  private readonly faded = make('output');
  private readonly pooling = make(
    'select',
    {},
    make('option', { value: 'mean' }, 'mean'),
    make('option', { value: 'peak' }, 'peak')
  );

  constructor(
    private readonly store: Store,
    private readonly blink: Blink
  ) {
    const modes = make('div', {
      class: 'pulsetrain-image-modes',
      role: 'radiogroup',
      'aria-label': 'Comparison'
    });
    const group = `pulsetrain-image-${groups++}-${Math.random()}`; // a name is the page's, not the bundle's
    for (const mode of MODES) {
      const tick = make('input', { type: 'radio', name: group, value: mode });
      const words = document.createTextNode('');
      const label = make('label', {}, tick, make('span', {}, words));
      tick.addEventListener('change', () => store.set('mode', mode));
      this.choices.set(mode, { label, tick, words });
      modes.append(label);
    }
    const turn = make('button', { type: 'button', title: 'Show the other one' }, 'Switch');
    turn.addEventListener('click', () => blink.turn());
    this.play.addEventListener('click', () => blink.toggle());
    this.blinking = make('span', { class: 'pulsetrain-image-zoom' }, this.play, turn);
    this.fade.addEventListener('input', () => store.set('fade', Number(this.fade.value)));
    this.fading = make(
      'label',
      { title: 'What is closer to zero than so many σ fades to grey' },
      'Fade below ',
      this.fade,
      this.faded
    );
    this.pooling.addEventListener('change', () => {
      store.set('pooling', this.pooling.value === 'peak' ? 'peak' : 'mean');
    });
    const small = 'What is shown of pixels that share a place on the screen';
    this.element.append(
      modes,
      this.blinking,
      this.fading,
      make('label', { title: small }, 'Zoomed out ', this.pooling)
    );
  }

  draw(): void {
    const { store } = this;
    this.element.hidden = !store.comparing;
    if (!store.comparing) return;
    const [before, after] = store.get('names');
    for (const [mode, { label, tick, words }] of this.choices) {
      words.data = { ...WORDS, before, after }[mode];
      tick.checked = mode === store.mode;
      label.hidden = mode === 'std' && store.frames.length < 3;
    }
    this.blinking.hidden = store.mode !== 'blink';
    this.play.textContent = this.blink.playing ? 'Pause' : 'Play';
    this.fading.hidden = store.frames.length < 3;
    this.fade.value = String(store.get('fade'));
    this.faded.textContent = store.get('fade') === 0 ? 'off' : `${store.get('fade')} σ`;
    this.pooling.value = store.get('pooling');
  }
}

const WORDS = {
  swipe: 'Swipe',
  side: 'Side by side',
  difference: 'Difference',
  ratio: 'Ratio',
  blink: 'Blink',
  std: 'σ'
};
