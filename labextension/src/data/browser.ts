import { type ISignal, Signal } from '@lumino/signaling';
import type { DataRequests, Key, Listing, Picture, PictureSize, Sources } from '../api';

/** The keys of a source: on their way, there, or why not. */
export type Keys = 'loading' | Key[] | Error;

/** The key that is looked at. */
export interface Selected {
  readonly source: string;
  readonly key: Key;
  /** Number of the frame or spectrum that is shown, from 0. */
  readonly entry: number;
  readonly code: string;
  /** Address of the picture for an `img`, empty while there is none. */
  readonly picture: string;
  readonly words: string;
  readonly trouble: string;
  readonly busy: boolean;
}

type Requests = Pick<DataRequests, 'list' | 'sources' | 'keys' | 'code' | 'picture'>;

/** What has several entries is asked for again only when no further step has been made for so long. */
const SETTLED = 120; // ms

/** Where one is in the data: a folder, or a run or file with the source and key that are open in it. */
export class Browser {
  constructor(
    private readonly requests: Requests,
    private readonly pictureSize: () => PictureSize
  ) {}

  listing: Listing | undefined;
  /** The path that one comes from. */
  from = '';
  contents: Sources | undefined;
  readonly keys = new Map<string, Keys>();
  readonly expanded = new Set<string>();
  selected: Selected | undefined;
  busy = false;
  /** Why the last thing asked for cannot be shown. */
  trouble = '';

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Go to a folder, run or file; where it cannot be shown, stay and say why. */
  async open(path: string): Promise<void> {
    await this.go(async () => {
      let listing = await this.requests.list(path);
      const only = listing.entries[0];
      if (listing.path === '' && listing.entries.length === 1 && only) {
        listing = await this.requests.list(only.name);
      }
      const contents = hasSources(listing) ? await this.requests.sources(listing.path) : undefined;
      return { listing, contents };
    });
  }

  /** Open the spectra of the present folder as one series. */
  async openSeries(): Promise<void> {
    const { listing } = this;
    if (listing) {
      await this.go(async () => ({ listing, contents: await this.requests.sources(listing.path) }));
    }
  }

  /** Go to the folder around; from a series, back to its files. */
  async up(): Promise<void> {
    const { listing, contents } = this;
    if (!listing || listing.path === '') {
      return;
    }
    if (contents && !hasSources(listing)) {
      await this.open(listing.path);
    } else {
      await this.open(listing.path === listing.root ? '' : (parentsOf(listing).at(-1)?.path ?? ''));
    }
  }

  /** Show or hide the keys of a source. */
  async toggle(source: string): Promise<void> {
    if (this.expanded.delete(source)) {
      this._changed.emit();
      return;
    }
    this.expanded.add(source);
    const path = this.contents?.path ?? '';
    if (!Array.isArray(this.keys.get(source))) {
      this.keys.set(source, 'loading');
      this._changed.emit();
      const keys = await this.requests.keys(path, source).catch((error: Error) => error);
      if (path !== this.contents?.path) {
        return;
      }
      this.keys.set(source, keys);
    }
    this._changed.emit();
  }

  /** Look at a key. */
  async select(source: string, key: Key): Promise<void> {
    this.show({ source, key, entry: 0, code: '', picture: '', words: '', trouble: '', busy: true });
    const turn = this.turn;
    try {
      const code = await this.requests.code(key.path, source, key.name);
      if (turn === this.turn) {
        this.update({ code });
      }
    } catch (error) {
      if (turn === this.turn) {
        this.update({ trouble: (error as Error).message, busy: false });
      }
      return;
    }
    await this.draw(turn);
  }

  /** Look at another frame or spectrum of the key. */
  async step(entry: number): Promise<void> {
    const { selected } = this;
    if (!selected || entry < 0 || entry >= selected.key.entries || entry === selected.entry) {
      return;
    }
    this.turn += 1;
    const turn = this.turn;
    this.update({ entry, busy: true });
    await new Promise(resolve => setTimeout(resolve, SETTLED));
    await this.draw(turn);
  }

  /** Draw the picture again, as for another theme. */
  async redraw(): Promise<void> {
    if (this.selected) {
      this.turn += 1;
      await this.draw(this.turn);
    }
  }

  /** Forget the key that is looked at. */
  deselect(): void {
    this.show(undefined);
  }

  dispose(): void {
    this.show(undefined);
    Signal.clearData(this);
  }

  private async go(find: () => Promise<{ listing: Listing; contents: Sources | undefined }>): Promise<void> {
    this.going += 1;
    const going = this.going;
    this.busy = true;
    this.trouble = '';
    this._changed.emit();
    try {
      const { listing, contents } = await find();
      if (going !== this.going) {
        return;
      }
      this.from = this.listing?.path ?? '';
      this.listing = listing;
      this.contents = contents;
      this.keys.clear();
      this.expanded.clear();
      this.show(undefined);
    } catch (error) {
      if (going !== this.going) {
        return;
      }
      this.trouble = (error as Error).message;
    }
    this.busy = false;
    this._changed.emit();
    const [only, ...more] = this.contents?.sources ?? [];
    if (!this.trouble && only && more.length === 0) {
      await this.toggle(only.name);
    }
  }

  private async draw(turn: number): Promise<void> {
    const { selected } = this;
    if (!selected || turn !== this.turn) {
      return;
    }
    const { source, key, entry } = selected;
    let picture: Picture;
    try {
      picture = await this.requests.picture(key.path, source, key.name, entry, this.pictureSize());
    } catch (error) {
      if (turn === this.turn) {
        this.update({ picture: '', words: '', trouble: (error as Error).message, busy: false });
      }
      return;
    }
    if (turn === this.turn) {
      const url = URL.createObjectURL(picture.image);
      this.update({ picture: url, words: picture.words, trouble: '', busy: false });
    }
  }

  private show(selected: Selected | undefined): void {
    this.turn += 1;
    this.release(selected?.picture);
    this.selected = selected;
    this._changed.emit();
  }

  private update(change: Partial<Selected>): void {
    if (this.selected) {
      if (change.picture !== undefined) {
        this.release(change.picture);
      }
      this.selected = { ...this.selected, ...change };
      this._changed.emit();
    }
  }

  /** A picture's memory is held by its address. */
  private release(next: string | undefined): void {
    if (this.selected?.picture && this.selected.picture !== next) {
      URL.revokeObjectURL(this.selected.picture);
    }
  }

  private going = 0;
  /** Counts what was asked of the key in view; an answer to an earlier question is dropped. */
  private turn = 0;
  private readonly _changed = new Signal<this, void>(this);
}

/** The folders around, from the outermost that is open, with what each is called there. */
export function parentsOf({
  path,
  root
}: Listing): readonly { readonly name: string; readonly path: string }[] {
  if (path === '' || path === root) {
    return [];
  }
  const above = [{ name: nameOf(root), path: root }];
  const parts = path.slice(root.length).split('/').filter(Boolean);
  for (const part of parts.slice(0, -1)) {
    above.push({ name: part, path: join(above.at(-1)?.path ?? root, part) });
  }
  return above;
}

/** The last part of a path. */
export function nameOf(path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? path;
}

/** The path of an entry of a folder. */
export function join(folder: string, name: string): string {
  return folder === '' ? name : folder.endsWith('/') ? folder + name : `${folder}/${name}`;
}

function hasSources({ kind }: Listing): boolean {
  return kind === 'run' || kind === 'hdf5' || kind === 'spectra' || kind === 'numpy';
}
