/** One image on the page: toolbar, picture, readout, contrast and legend. */

import { BELOW, drawAxes, LEFT, type Length } from './axes';
import { Contrast } from './contrast';
import { make, sized } from './dom';
import { listen } from './gestures';
import { Legend } from './legend';
import { drawCursor, drawOverlay, drawRings } from './overlays';
import { pixelAt, readout, valueAt } from './readout';
import type { Renderer } from './renderer';
import type { Store } from './store';
import { onTheme, readTheme, type Theme } from './theme';
import { Toolbar } from './toolbar';
import { type Point, Viewport } from './viewport';

const HELP =
  'Drag, arrows: move · wheel, + −: zoom · double click, 0: whole frame · Shift + arrows: read pixels';

export class View {
  private readonly canvas = make('canvas', { tabindex: 0, role: 'application' });
  private readonly words = make('div', { class: 'pulsetrain-image-readout' });
  private readonly view = new Viewport();
  private readonly toolbar: Toolbar;
  private readonly contrast: Contrast;
  private readonly legend: Legend;
  private readonly stops: (() => void)[];
  private theme: Theme;
  private length: Length = 'px';
  private pointed: Point | null = null;
  private cursor = false;
  private request = 0;

  constructor(
    private readonly store: Store,
    private readonly renderer: Renderer,
    private readonly element: HTMLElement
  ) {
    this.toolbar = new Toolbar(store, {
      zoom: factor =>
        this.moved(() => this.view.zoomAt(this.view.view[0] / 2, this.view.view[1] / 2, factor)),
      fit: () => this.moved(() => this.view.fit()),
      length: length => this.moved(() => (this.length = length))
    });
    this.contrast = new Contrast(store);
    this.legend = new Legend(store);
    element.append(this.toolbar.element, this.canvas, this.words, this.contrast.element, this.legend.element);
    this.theme = readTheme(element);
    listen(this.canvas, this.view, LEFT, {
      moved: this.soon,
      pointed: (place, spoken) => {
        // What is under a moving mouse is not to be read aloud.
        this.words.setAttribute('aria-live', spoken ? 'polite' : 'off');
        this.cursor = spoken;
        this.point(place);
        if (spoken) this.soon();
      },
      clicked: place => this.click(place)
    });
    for (const event of ['focus', 'blur'])
      this.canvas.addEventListener(event, () => this.point(this.pointed));
    const observer = new ResizeObserver(this.soon);
    observer.observe(element);
    this.stops = [
      store.watch(this.soon),
      renderer.onRestored(this.soon),
      onTheme(() => this.moved(() => (this.theme = readTheme(element)))),
      () => observer.disconnect(),
      () => cancelAnimationFrame(this.request)
    ];
    this.soon();
  }

  remove(): void {
    for (const stop of this.stops) stop();
  }

  /** Draw once before the next picture of the screen, however often it is asked for. */
  private readonly soon = (): void => {
    if (this.request === 0) this.request = requestAnimationFrame(() => this.draw());
  };

  private draw(): void {
    this.request = 0;
    const { store, view } = this;
    const [width, height] = [this.element.clientWidth, store.get('height')];
    if (width === 0) return; // in a hidden tab; the observer tells when it is seen
    this.toolbar.draw();
    this.legend.draw();
    this.canvas.style.height = `${height}px`;
    const canvas = sized(this.canvas, width, height);
    const { frame } = store;
    this.canvas.setAttribute('aria-label', this.label());
    if (frame !== null) {
      view.flipped = store.get('_flipped');
      view.setView(Math.max(width - LEFT, 1), height - BELOW);
      view.setFrame(frame.width, frame.height);
      this.drawFrame(canvas);
      store.drawn(frame);
    }
    this.contrast.draw(this.theme);
    this.point(this.pointed);
  }

  private drawFrame(canvas: CanvasRenderingContext2D): void {
    const { store, view, theme } = this;
    if (store.frame === null) return;
    const look = {
      scale: store.get('scale'),
      threshold: store.threshold,
      limits: store.limits,
      colourMap: store.get('colour_map'),
      masking: store.masking,
      paper: theme.paper,
      gap: theme.gap,
      hatch: theme.hatch
    };
    this.renderer.draw(store.frame, view, look, canvas, LEFT, 0);
    canvas.save();
    canvas.beginPath();
    canvas.rect(LEFT, 0, ...view.view);
    canvas.clip();
    canvas.translate(LEFT, 0);
    drawRings(canvas, view, store.get('_geometry'));
    for (const overlay of store.overlays.values()) {
      if (!store.hidden.has(overlay.name)) drawOverlay(canvas, view, overlay);
    }
    if (this.cursor && this.pointed) drawCursor(canvas, ...this.pointed);
    canvas.restore();
    drawAxes(canvas, view, store.get('_geometry'), this.length, theme);
  }

  private point(place: Point | null): void {
    this.pointed = place;
    const { frame } = this.store;
    const words =
      place && frame
        ? readout(frame, this.store.get('_geometry'), this.store.get('units'), ...this.view.toFrame(...place))
        : '';
    this.words.textContent = words || this.hint();
  }

  private hint(): string {
    const { frame } = this.store;
    if (frame === null) return 'No frame';
    const size = `${frame.width} × ${frame.height} px`;
    return document.activeElement === this.canvas
      ? HELP
      : `${size} · click on the image to zoom by the wheel`;
  }

  private click(place: Point): void {
    const { frame, model } = this.store;
    const pixel = frame && pixelAt(frame, ...this.view.toFrame(...place));
    if (!frame || !pixel || !this.store.get('_listening')) return;
    model.send({ kind: 'click', x: pixel[0], y: pixel[1], value: valueAt(frame, ...pixel) });
  }

  private moved(change: () => void): void {
    change();
    this.soon();
  }

  private label(): string {
    const { frame } = this.store;
    const size = frame ? `${frame.width} by ${frame.height} pixels` : 'no frame';
    return `Detector image ${this.store.get('title')}, ${size}. ${HELP}`;
  }
}
