/** What the browser holds of one image: shared by all views of it, kept as long as there is one. */

import type { AnyModel } from '@anywidget/types';
import { Arriving } from './arriving';
import { type ColourMap, isDiverging } from './colours';
import type { Pooling } from './levels';
import { difference, type Family, familyOf, type Mode, ratio, scaleOf, sureness } from './modes';
import { type Frame, MASKED, type Message, type Overlay, readPlaces, type State, WATCHED } from './protocol';
import { Renderer } from './renderer';
import type { ScaleName } from './scale';
import { autoLimits, type Limits, merged, sample, threshold, type Values } from './statistics';

export class Store {
  /** The frame; or before, after and, where it is known, σ. */
  frames: Frame[] = [];
  overlays = new Map<string, Overlay>();
  hidden = new Set<string>();
  masking = true;
  /** The picture of the kernel, where the browser cannot draw. */
  picture: Blob | null = null;
  /** Limits while a handle is being moved: nobody is told before it is let go. */
  moving: Limits | null = null;
  /** Why there is no frame, where the browser could not take it. */
  refused = '';
  private arriving: Arriving | null = null;
  /** Frames that are made of those that came, as long as the mode needs them. */
  private made = new Map<'difference' | 'ratio' | 'sure of difference' | 'sure of after', Frame>();
  private sorted = new Map<Family, Values>();
  private masked = false;
  private untold = false;
  private views = new Set<() => void>();
  private leaving: ReturnType<typeof setTimeout> | undefined;
  private released = false;

  constructor(readonly model: AnyModel<State>) {
    model.on('msg:custom', this.onMessage);
    for (const name of WATCHED) model.on(`change:${name}`, this.changed);
    model.on('change:mode', this.forget);
    this.ask();
  }

  get<Name extends keyof State>(name: Name): State[Name] {
    return this.model.get(name);
  }

  /** Set a part of the state and tell the kernel; of a comparison it is told once the user has left, by `tell`. */
  set<Name extends keyof State>(name: Name, value: State[Name]): void {
    this.model.set(name, value);
    if (this.comparing) this.untold = true;
    else this.model.save_changes();
  }

  /** Tell the kernel what has been set and not been told. */
  tell(): void {
    if (!this.untold || this.moving !== null) return;
    this.untold = false;
    this.model.save_changes();
  }

  /** Call when anything has changed; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.views.add(changed);
    clearTimeout(this.leaving);
    if (this.released) this.ask();
    return () => {
      this.views.delete(changed);
      if (this.views.size === 0) this.leaving = setTimeout(this.release, PATIENCE);
    };
  }

  readonly changed = (): void => {
    for (const view of this.views) view();
  };

  /** Say that a frame is on the screen: the kernel may send the next one. */
  drawn(frame: Frame): void {
    if (frame.version === this.told) return;
    this.told = frame.version;
    this.model.send({ kind: 'drawn', version: frame.version });
  }
  private told = -1;

  /** The first frame: all are of its size. */
  get frame(): Frame | null {
    return this.frames[0] ?? null;
  }

  get comparing(): boolean {
    return this.get('mode') !== undefined;
  }

  get mode(): Mode {
    return this.get('mode') ?? 'before';
  }

  get family(): Family {
    return familyOf(this.mode);
  }

  /** The size of what is on its way. */
  get awaited(): { width: number; height: number } | null {
    return this.arriving?.announced ?? null;
  }

  /** What the mode shows: one frame, or both. */
  get shown(): Frame[] {
    const [before, after, std] = this.frames;
    if (before === undefined || after === undefined) return this.frames;
    const { mode } = this;
    if (mode === 'before') return [before];
    if (mode === 'after') return [after];
    if (mode === 'std') return [std ?? after];
    if (mode === 'difference') return [this.make(mode, () => difference(before, after))];
    if (mode === 'ratio') return [this.make(mode, () => ratio(before, after))];
    return [before, after];
  }

  /** How many σ each pixel of a shown frame is from zero; null where that is not to be seen. */
  sureOf(frame: Frame): Frame | null {
    const [before, after, std] = this.frames;
    if (before === undefined || after === undefined || std === undefined) return null;
    if (frame === before || frame === std || this.get('fade') === 0) return null;
    if (frame === after) return this.make('sure of after', () => sureness(after, std));
    const made = this.make('difference', () => difference(before, after));
    return this.make('sure of difference', () => sureness(made, std));
  }

  get scale(): ScaleName {
    return scaleOf(this.family, this.get('scale'));
  }

  get signed(): boolean {
    return this.family === 'difference' || this.family === 'ratio';
  }

  get colourMap(): ColourMap {
    return this.get(this.signed ? 'diverging_map' : 'colour_map');
  }

  get pooling(): Pooling {
    if (this.comparing && this.get('pooling') === 'mean') return 'mean';
    return this.scale !== 'log' && isDiverging(this.colourMap) ? 'extreme' : 'peak';
  }

  get units(): string {
    const [before, after] = this.get('names') ?? [];
    return this.family === 'ratio' ? `log₂(${after} / ${before})` : this.get('units');
  }

  /** The contrast in force. A logarithm has no place for a lower limit that is not positive. */
  get limits(): Limits {
    const [low, high] = this.moving ?? this.get(LIMITS[this.family]) ?? this.auto;
    if (this.scale !== 'log' || low > 0) return [low, high];
    return high > this.auto[0] ? [this.auto[0], high] : this.auto;
  }

  /** Set the contrast of what is shown; null makes it automatic. */
  setLimits(limits: Limits | null): void {
    this.set(LIMITS[this.family], limits);
  }

  get auto(): Limits {
    return autoLimits(this.sample, this.scale, isDiverging(this.colourMap));
  }

  get hasMask(): boolean {
    return this.masked;
  }

  get threshold(): number {
    return threshold(this.sample);
  }

  dispose(): void {
    this.model.off('msg:custom', this.onMessage);
    for (const name of WATCHED) this.model.off(`change:${name}`, this.changed);
    this.model.off('change:mode', this.forget);
    clearTimeout(this.leaving);
    this.setFrames([]);
  }

  /** Say what to do where there was no memory for frames, and give back what they have taken. */
  refuse(error: unknown, { width, height }: { width: number; height: number }): void {
    if (!(error instanceof RangeError)) throw error;
    this.setFrames([]);
    this.refused =
      `This browser has no memory for frames of ${width} × ${height} px. ` +
      'Bin them or cut out a part and show that, or close other tabs and run the cell again.';
  }

  private ask(): void {
    this.released = false;
    this.model.send({ kind: 'hello', picture: Renderer.ofPage() === null });
  }

  /** Give back the memory of frames that nobody looks at: each run of a cell leaves a kernel object behind. */
  private readonly release = (): void => {
    this.setFrames([]);
    this.released = true;
  };

  /** A sorted sample of the valid pixels of all that shares the contrast. */
  private get sample(): Values {
    let sorted = this.sorted.get(this.family);
    if (sorted === undefined) {
      const [before, after] = this.frames;
      const frames = this.family === 'intensity' && before && after ? [before, after] : this.shown;
      const samples = frames.map(frame => sample(frame.values, frame.flags));
      sorted = samples.length === 1 ? samples[0] : merged(samples);
      this.sorted.set(this.family, sorted as Values);
    }
    return sorted as Values;
  }

  private make(name: Parameters<typeof this.made.get>[0], make: () => Frame): Frame {
    let frame = this.made.get(name);
    if (frame === undefined) {
      frame = make();
      this.made.set(name, frame);
    }
    return frame;
  }

  private readonly forget = (): void => {
    for (const frame of this.made.values()) Renderer.ofPage()?.release(frame);
    this.made.clear();
  };

  private readonly onMessage = (message: Message, buffers: DataView[]): void => {
    if (message.kind === 'frame') {
      // Another page may have asked for the frame that is here already.
      if (message.version === this.frame?.version) return;
      this.receive(message);
      this.take(buffers);
    } else if (message.kind === 'more') {
      if (message.version !== this.arriving?.announced.version || !this.take(buffers)) return;
    } else if (message.kind === 'no frame') {
      this.setFrames([]);
    } else if (message.kind === 'overlay') {
      const { name, label, marker, colour } = message;
      this.overlays.set(name, { name, label, marker, colour, places: readPlaces(buffers[0] as DataView) });
    } else if (message.kind === 'no overlay') {
      this.overlays.delete(message.name);
    } else if (message.kind === 'picture') {
      this.picture = new Blob([buffers[0] as DataView<ArrayBuffer>], { type: 'image/png' });
    }
    this.changed();
  };

  private receive(message: Extract<Message, { kind: 'frame' }>): void {
    try {
      this.arriving = new Arriving(message);
    } catch (error) {
      this.refuse(error, message);
    }
  }

  /** Take pieces of frames; returns whether they were the last ones. */
  private take(pieces: DataView[]): boolean {
    const frames = this.arriving?.take(pieces) ?? null;
    if (frames !== null) this.setFrames(frames);
    return frames !== null;
  }

  private setFrames(frames: Frame[]): void {
    this.arriving = null;
    this.refused = '';
    for (const frame of this.frames) Renderer.ofPage()?.release(frame);
    this.forget();
    this.sorted.clear();
    this.frames = frames;
    this.masked = frames.some(frame => frame.flags?.includes(MASKED));
    if (this.frame !== null && this.views.size === 0) this.drawn(this.frame);
  }
}

const PATIENCE = 1000; // ms; a view that is moved on the page is back in no time

const LIMITS = {
  intensity: 'limits',
  difference: 'difference_limits',
  ratio: 'ratio_limits',
  std: 'std_limits'
} as const satisfies Record<Family, keyof State>;
