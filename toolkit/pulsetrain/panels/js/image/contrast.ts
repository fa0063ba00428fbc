/** Histogram, colour bar and the two handles that set the contrast, on one axis. */

import { colourTable } from './colours';
import { make, sized } from './dom';
import type { Frame } from './protocol';
import { forward, inverse, short, ticks } from './scale';
import { BINS, histogram, histogramSpan, type Limits } from './statistics';
import type { Store } from './store';
import type { Theme } from './theme';

const COUNTS = 46; // heights in screen pixels
const BAR = 12;
const NUMBERS = 18;
const SIDE = 10; // room for half a handle
const STEP = 0.01; // of the axis, by an arrow key

const NAMES = ['lower limit of contrast', 'upper limit of contrast'] as const;

export class Contrast {
  readonly element: HTMLElement;
  private readonly canvas = make('canvas', { 'aria-hidden': 'true' });
  private readonly handles: [HTMLElement, HTMLElement];
  private readonly inputs: [HTMLInputElement, HTMLInputElement];
  private readonly unit = make('span', { class: 'pulsetrain-image-unit' });
  private readonly key = make('span', { class: 'pulsetrain-image-key' });
  private counted = new WeakMap<Frame, { key: string; counts: Uint32Array }>();
  private span: Limits = [0, 1];

  constructor(private readonly store: Store) {
    this.handles = [0, 1].map(end => this.makeHandle(end as 0 | 1)) as [HTMLElement, HTMLElement];
    this.inputs = [0, 1].map(end => this.makeInput(end as 0 | 1)) as [HTMLInputElement, HTMLInputElement];
    const auto = make('button', {
      type: 'button',
      title: 'Contrast from percentiles that hot pixels do not move'
    });
    auto.textContent = 'Auto';
    auto.addEventListener('click', () => this.store.setLimits(null));
    const axis = make('div', { class: 'pulsetrain-image-histogram' }, this.canvas, ...this.handles);
    const row = make(
      'div',
      { class: 'pulsetrain-image-limits' },
      this.inputs[0],
      '–',
      this.inputs[1],
      this.unit,
      auto,
      this.key
    );
    this.element = make('div', { class: 'pulsetrain-image-contrast' }, axis, row);
  }

  draw(theme: Theme): void {
    const { store } = this;
    const { shown, scale } = store;
    this.element.hidden = shown.length === 0;
    if (shown.length === 0) return;
    if (store.moving === null) this.span = histogramSpan(scale, store.auto, store.limits, store.threshold);
    const width = this.canvas.parentElement?.clientWidth ?? 0;
    if (width === 0) return;
    const canvas = sized(this.canvas, width, COUNTS + BAR + NUMBERS);
    this.drawCounts(canvas, shown, width, theme);
    this.drawBar(canvas, width);
    this.drawNumbers(canvas, width, theme);
    store.limits.forEach((value, end) => {
      this.place(end as 0 | 1, value, width);
    });
    const [before, after] = store.get('names') ?? [];
    this.unit.textContent = store.units;
    this.key.textContent = shown.length > 1 ? `histogram: ${before} as a line, ${after} as bars` : '';
  }

  private counts(frame: Frame): Uint32Array {
    const { store, span } = this;
    const key = `${store.scale} ${span}`;
    const known = this.counted.get(frame);
    if (known?.key === key) return known.counts;
    const counts = histogram(frame.values, frame.flags, store.scale, span, store.threshold);
    this.counted.set(frame, { key, counts });
    return counts;
  }

  /** The last frame as bars, one before it as a line. */
  private drawCounts(canvas: CanvasRenderingContext2D, shown: Frame[], width: number, theme: Theme): void {
    const all = shown.map(frame => this.counts(frame));
    const tallest = Math.log1p(Math.max(1, ...all.map(counts => counts.reduce((a, b) => Math.max(a, b), 1))));
    const wide = (width - 2 * SIDE) / BINS;
    const top = (count: number) => COUNTS - (Math.log1p(count) / tallest) * (COUNTS - 2);
    canvas.fillStyle = theme.faint;
    all.at(-1)?.forEach((count, bin) => {
      canvas.fillRect(SIDE + bin * wide, top(count), wide + 0.5, COUNTS - top(count));
    });
    if (all.length < 2) return;
    canvas.strokeStyle = theme.ink;
    canvas.lineWidth = 1;
    canvas.beginPath();
    all[0]?.forEach((count, bin) => {
      canvas.lineTo(SIDE + bin * wide, top(count));
      canvas.lineTo(SIDE + (bin + 1) * wide, top(count));
    });
    canvas.stroke();
  }

  private drawBar(canvas: CanvasRenderingContext2D, width: number): void {
    const colours = colourTable(this.store.colourMap);
    const [low, high] = this.store.limits.map(value => this.onAxis(value, width)) as Limits;
    for (let x = SIDE; x < width - SIDE; x++) {
      const share = Math.min(Math.max((x + 0.5 - low) / Math.max(high - low, 1e-9), 0), 1);
      const index = 4 * Math.min(Math.floor(share * 256), 255);
      canvas.fillStyle = `rgb(${colours[index]} ${colours[index + 1]} ${colours[index + 2]})`;
      canvas.fillRect(x, COUNTS, 1, BAR);
    }
  }

  private drawNumbers(canvas: CanvasRenderingContext2D, width: number, theme: Theme): void {
    const { store } = this;
    const [low, high] = this.span.map(place => inverse(store.scale, place, store.threshold)) as Limits;
    canvas.fillStyle = canvas.strokeStyle = theme.ink;
    canvas.lineWidth = 1;
    canvas.font = theme.font;
    canvas.textAlign = 'center';
    let free = 0;
    for (const value of ticks(store.scale, low, high, width / 70, store.threshold)) {
      const x = Math.round(this.onAxis(value, width)) + 0.5;
      const half = canvas.measureText(short(value)).width / 2;
      if (x - half < free || x + half > width) continue;
      free = x + half + 6;
      canvas.beginPath();
      canvas.moveTo(x, COUNTS + BAR);
      canvas.lineTo(x, COUNTS + BAR + 3);
      canvas.stroke();
      canvas.fillText(short(value), x, COUNTS + BAR + 14);
    }
  }

  private place(end: 0 | 1, value: number, width: number): void {
    const [handle, input] = [this.handles[end], this.inputs[end]];
    handle.style.left = `${this.onAxis(value, width)}px`;
    handle.setAttribute('aria-valuenow', String(value));
    handle.setAttribute('aria-valuetext', `${short(value)} ${this.store.units}`);
    if (document.activeElement !== input) input.value = String(Number(value.toPrecision(5)));
  }

  private makeHandle(end: 0 | 1): HTMLElement {
    const handle = make('div', {
      class: 'pulsetrain-image-handle',
      role: 'slider',
      tabindex: 0,
      'aria-label': NAMES[end]
    });
    handle.addEventListener('pointerdown', event => {
      handle.setPointerCapture(event.pointerId);
      event.stopPropagation();
    });
    handle.addEventListener('pointermove', event => {
      if (!handle.hasPointerCapture(event.pointerId)) return;
      const box = this.canvas.getBoundingClientRect();
      this.move(end, this.atAxis(event.clientX - box.left, box.width));
    });
    handle.addEventListener('pointerup', () => this.letGo());
    handle.addEventListener('pointercancel', () => this.letGo());
    handle.addEventListener('keydown', event => {
      const steps = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 }[
        event.key
      ];
      if (steps === undefined) return;
      event.preventDefault();
      event.stopPropagation();
      const { store, span } = this;
      const place =
        forward(store.scale, store.limits[end], store.threshold) + steps * STEP * (span[1] - span[0]);
      this.move(end, inverse(store.scale, place, store.threshold));
    });
    handle.addEventListener('keyup', () => this.letGo());
    handle.addEventListener('blur', () => this.letGo());
    return handle;
  }

  private makeInput(end: 0 | 1): HTMLInputElement {
    const input = make('input', { type: 'number', step: 'any', 'aria-label': NAMES[end] });
    input.addEventListener('change', () => {
      const value = Number(input.value);
      if (input.value !== '' && Number.isFinite(value)) {
        this.move(end, value);
        this.letGo();
      }
    });
    return input;
  }

  /** Move a limit, short of the other one; the kernel hears nothing of it yet. */
  private move(end: 0 | 1, value: number): void {
    const { store } = this;
    const [low, high] = store.limits;
    if (store.scale === 'log' && !(value > 0)) return;
    if (end === 0 ? value >= high : value <= low) return;
    store.moving = end === 0 ? [value, high] : [low, value];
    store.changed();
  }

  private letGo(): void {
    const { store } = this;
    if (store.moving === null) return;
    const limits = store.moving;
    store.moving = null;
    store.setLimits(limits);
    store.changed();
  }

  private onAxis(value: number, width: number): number {
    const place = forward(this.store.scale, value, this.store.threshold);
    const share = (place - this.span[0]) / (this.span[1] - this.span[0]);
    return SIDE + Math.min(Math.max(share, 0), 1) * (width - 2 * SIDE);
  }

  private atAxis(x: number, width: number): number {
    const share = Math.min(Math.max((x - SIDE) / (width - 2 * SIDE), 0), 1);
    const place = this.span[0] + share * (this.span[1] - this.span[0]);
    return inverse(this.store.scale, place, this.store.threshold);
  }
}
