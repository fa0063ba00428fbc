import type { Client } from './client';

export type EntryKind =
  | 'proposal'
  | 'raw'
  | 'proc'
  | 'run'
  | 'folder'
  | 'hdf5'
  | 'spectra'
  | 'numpy'
  | 'other'
  | 'outside';

/** One entry of a folder. */
export interface Entry {
  readonly name: string;
  readonly kind: EntryKind;
  /** In bytes, null for a folder. */
  readonly size: number | null;
  /** Seconds since the epoch. */
  readonly modified: number;
}

/** A folder or file; the folders that are open at all where `path` is empty. */
export interface Listing {
  readonly path: string;
  /** The open folder that it lies below. */
  readonly root: string;
  readonly kind: EntryKind;
  readonly entries: readonly Entry[];
  /** Number of entries, also where only the first are told. */
  readonly total: number;
}

/** A source of a run, or a group of a file. */
export interface Source {
  readonly name: string;
  readonly kind: 'detector' | 'instrument' | 'control' | 'group';
  readonly note: string;
}

/** What a run or file holds. */
export interface Sources {
  readonly path: string;
  readonly kind: 'run' | 'hdf5' | 'spectra' | 'numpy';
  readonly sources: readonly Source[];
  readonly note: string;
  readonly trains: number | null;
  readonly first_train: number | null;
  readonly last_train: number | null;
  /** In seconds. */
  readonly duration: number | null;
}

/** A key of a source, or a dataset of a group. */
export interface Key {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly units: string;
  /** What it is opened as. */
  readonly opens: 'frames' | 'spectra' | 'values';
  /** Number of frames or spectra that can be shown one by one. */
  readonly entries: number;
  /** What names it to a reader of frames or spectra, beside the path. */
  readonly arguments: Readonly<Record<string, string>>;
  readonly path: string;
}

/** A small picture, and what it shows in words. */
export interface Picture {
  readonly image: Blob;
  readonly words: string;
}

export interface PictureSize {
  readonly width: number;
  readonly height: number;
  readonly theme: 'light' | 'dark';
}

/** Requests of the data sidebar. */
export class DataRequests {
  constructor(private readonly client: Client) {}

  /** List a folder; without a path, the folders that are open. */
  list(path: string): Promise<Listing> {
    return this.client.get(['data'], { path });
  }

  sources(path: string): Promise<Sources> {
    return this.client.get(['data', 'sources'], { path });
  }

  keys(path: string, source: string): Promise<Key[]> {
    return this.client.get(['data', 'keys'], { path, source });
  }

  /** The Python that opens a key. */
  async code(path: string, source: string, key: string): Promise<string> {
    return (await this.client.get<{ code: string }>(['data', 'code'], { path, source, key })).code;
  }

  async picture(
    path: string,
    source: string,
    key: string,
    entry: number,
    size: PictureSize
  ): Promise<Picture> {
    const answer = await this.client.fetch(['data', 'thumbnail'], { path, source, key, entry, ...size });
    const words = answer.headers.get('X-Description');
    return { image: await answer.blob(), words: words === null ? key : decodeURIComponent(words) };
  }
}
