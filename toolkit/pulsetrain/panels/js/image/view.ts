/** One image on the page, or a comparison of two: toolbar, picture, readout, contrast and legend. */

import { BELOW, drawAxes, LEFT, type Length } from './axes';
import { Blink } from './blink';
import { Comparing } from './comparing';
import { Contrast } from './contrast';
import { make, sized } from './dom';
import { listen } from './gestures';
import { Legend } from './legend';
import { drawCursor, drawOverlay, drawRings } from './overlays';
import { columnsOf, covered, drawNames, type Pane, panesOf, Twin } from './panes';
import { comparison, pixelAt, readout, valueAt } from './readout';
import type { Renderer } from './renderer';
import type { Store } from './store';
import { Swipe } from './swipe';
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
  private readonly comparing: Comparing;
  private readonly swipe: Swipe;
  private readonly twin = new Twin();
  private readonly blink = new Blink(() => this.soon());
  private readonly contrast: Contrast;
  private readonly legend: Legend;
  private readonly stops: (() => void)[];
  private theme: Theme;
  private length: Length = 'px';
  private pointed: Point | null = null;
  private cursor = false;
  private column = 0;
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
    this.comparing = new Comparing(store, this.blink);
    this.swipe = new Swipe(store);
    this.contrast = new Contrast(store);
    this.legend = new Legend(store);
    element.append(
      this.toolbar.element,
      this.comparing.element,
      this.canvas,
      this.swipe.element,
      this.twin.element,
      this.words,
      this.contrast.element,
      this.legend.element
    );
    this.theme = readTheme(element);
    listen(this.canvas, this.view, this.locate, {
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
    element.addEventListener('pointerleave', () => store.tell());
    element.addEventListener('focusout', event => {
      if (!element.contains(event.relatedTarget as Node | null)) store.tell();
    });
    const observer = new ResizeObserver(this.soon);
    observer.observe(element);
    this.stops = [
      store.watch(this.soon),
      renderer.onRestored(this.soon),
      onTheme(() => this.moved(() => (this.theme = readTheme(element)))),
      () => observer.disconnect(),
      () => this.blink.run(false),
      () => store.tell(),
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
    this.comparing.draw();
    this.legend.draw();
    this.canvas.style.height = `${height}px`;
    const canvas = sized(this.canvas, width, height);
    const { frame } = store;
    this.canvas.setAttribute('aria-label', this.label());
    if (frame !== null) {
      view.flipped = store.get('_flipped');
      view.setView(Math.max(width / columnsOf(store) - LEFT, 1), height - BELOW);
      view.setFrame(frame.width, frame.height);
      try {
        this.drawPanes(canvas);
        this.contrast.draw(this.theme);
      } catch (error) {
        store.refuse(error, frame);
      }
      store.drawn(frame);
    }
    this.blink.run(store.mode === 'blink');
    if (store.frame === null) this.contrast.draw(this.theme);
    this.point(this.pointed);
  }

  private drawPanes(canvas: CanvasRenderingContext2D): void {
    const { store, view } = this;
    const place = store.comparing ? this.swipe.draw(covered(view), this.canvas, view.view[1]) : 0;
    this.swipe.element.hidden = store.mode !== 'swipe' || store.frames.length < 2;
    const panes = panesOf(store, view, this.blink.seen, place);
    for (const pane of panes) this.drawFrame(canvas, pane);
    for (let column = 0; column < columnsOf(store); column++) {
      canvas.save();
      canvas.translate(column * (LEFT + view.view[0]), 0);
      this.drawOver(
        canvas,
        panes.filter(pane => pane.column === column)
      );
      canvas.restore();
    }
  }

  private drawFrame(canvas: CanvasRenderingContext2D, { frame, column, part }: Pane): void {
    const { store, view, theme } = this;
    const look = {
      scale: store.scale,
      threshold: store.threshold,
      limits: store.limits,
      colourMap: store.colourMap,
      masking: store.masking,
      pooling: store.pooling,
      sure: store.sureOf(frame),
      fade: store.get('fade'),
      paper: theme.paper,
      gap: theme.gap,
      hatch: theme.hatch
    };
    this.renderer.draw(frame, view, look, canvas, LEFT + column * (LEFT + view.view[0]), part);
  }

  /** What lies over the picture of a column. */
  private drawOver(canvas: CanvasRenderingContext2D, panes: Pane[]): void {
    const { store, view, theme } = this;
    canvas.save();
    canvas.beginPath();
    canvas.rect(LEFT, 0, ...view.view);
    canvas.clip();
    canvas.translate(LEFT, 0);
    drawRings(canvas, view, store.get('_geometry'));
    for (const overlay of store.overlays.values()) {
      if (!store.hidden.has(overlay.name)) drawOverlay(canvas, view, overlay);
    }
    drawNames(canvas, panes, view);
    if (this.cursor && this.pointed) drawCursor(canvas, ...this.pointed);
    canvas.restore();
    drawAxes(canvas, view, store.get('_geometry'), this.length, theme);
  }

  /** From a place of the canvas to the view, of which there may be two. */
  private readonly locate = (x: number, y: number): Point => {
    const wide = LEFT + this.view.view[0];
    this.column = Math.min(Math.max(Math.floor(x / wide), 0), columnsOf(this.store) - 1);
    return [x - this.column * wide - LEFT, y];
  };

  private point(place: Point | null): void {
    this.pointed = place;
    const { store, view } = this;
    const words = place === null ? '' : this.told(...view.toFrame(...place));
    const other = (1 - this.column) * (LEFT + view.view[0]) + LEFT;
    this.twin.show(
      place && words && columnsOf(store) === 2 && !this.cursor
        ? [other + place[0], this.canvas.offsetTop + place[1]]
        : null
    );
    this.words.textContent = words || this.hint();
  }

  /** What is to be told of a place of the frame. */
  private told(x: number, y: number): string {
    const { store } = this;
    const [geometry, units] = [store.get('_geometry'), store.get('units')];
    if (store.frame === null) return '';
    if (store.frames.length < 2) return readout(store.frame, geometry, units, x, y);
    return comparison(store.frames, store.get('names'), geometry, units, x, y);
  }

  private hint(): string {
    const { frame, refused, awaited } = this.store;
    if (frame === null && awaited !== null) return `${awaited.width} × ${awaited.height} px are on their way`;
    if (frame === null) return refused || 'No frame';
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
    const what = this.store.comparing
      ? `Comparison of ${this.store.get('names').join(' and ')}`
      : 'Detector image';
    const title = this.store.get('title');
    return `${what}${title && ` ${title}`}, ${size}. ${HELP}`;
  }
}
