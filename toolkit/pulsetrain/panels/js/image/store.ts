/** What the browser holds of one image: shared by all views of it, kept while its kernel object lives. */

import type { AnyModel } from '@anywidget/types';
import { isDiverging } from './colours';
import {
  type Frame,
  MASKED,
  type Message,
  type Overlay,
  readFrame,
  readPlaces,
  type State
} from './protocol';
import { Renderer } from './renderer';
import { autoLimits, type Limits, sample, threshold, type Values } from './statistics';

export class Store {
  frame: Frame | null = null;
  overlays = new Map<string, Overlay>();
  hidden = new Set<string>();
  masking = true;
  /** The picture of the kernel, where the browser cannot draw. */
  picture: Blob | null = null;
  /** Limits while a handle is being moved: the kernel is told when it is let go. */
  moving: Limits | null = null;
  private sorted: Values = new Float32Array();
  private width = 1;
  private masked = false;
  private views = new Set<() => void>();

  constructor(readonly model: AnyModel<State>) {
    model.on('msg:custom', this.onMessage);
    for (const name of WATCHED) model.on(`change:${name}`, this.changed);
    model.send({ kind: 'hello', picture: Renderer.ofPage() === null });
  }

  get<Name extends keyof State>(name: Name): State[Name] {
    return this.model.get(name);
  }

  /** Set a part of the state and tell the kernel. */
  set<Name extends keyof State>(name: Name, value: State[Name]): void {
    this.model.set(name, value);
    this.model.save_changes();
  }

  /** Call when anything has changed; returns how to stop that. */
  watch(changed: () => void): () => void {
    this.views.add(changed);
    return () => this.views.delete(changed);
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

  /** The contrast in force. A logarithm has no place for a lower limit that is not positive. */
  get limits(): Limits {
    const [low, high] = this.moving ?? this.get('limits') ?? this.auto;
    if (this.get('scale') !== 'log' || low > 0) return [low, high];
    return high > this.auto[0] ? [this.auto[0], high] : this.auto;
  }

  get auto(): Limits {
    return autoLimits(this.sorted, this.get('scale'), isDiverging(this.get('colour_map')));
  }

  get hasMask(): boolean {
    return this.masked;
  }

  get threshold(): number {
    return this.width;
  }

  dispose(): void {
    this.model.off('msg:custom', this.onMessage);
    for (const name of WATCHED) this.model.off(`change:${name}`, this.changed);
    this.setFrame(null);
  }

  private readonly onMessage = (message: Message, buffers: DataView[]): void => {
    if (message.kind === 'frame') {
      // Another page may have asked for the frame that is here already.
      if (message.version === this.frame?.version) return;
      this.setFrame(readFrame(message, buffers));
    } else if (message.kind === 'no frame') {
      this.setFrame(null);
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

  private setFrame(frame: Frame | null): void {
    if (this.frame !== null) Renderer.ofPage()?.release(this.frame);
    this.frame = frame;
    this.sorted = frame === null ? new Float32Array() : sample(frame.planes[0] as Values, frame.flags);
    this.width = threshold(this.sorted);
    this.masked = frame?.flags?.includes(MASKED) ?? false;
    if (frame !== null && this.views.size === 0) this.drawn(frame);
  }
}

const WATCHED = [
  'scale',
  'colour_map',
  'limits',
  'title',
  'units',
  'height',
  '_flipped',
  '_geometry'
] as const;
