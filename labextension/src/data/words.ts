import type { TranslationBundle } from '@jupyterlab/translation';
import type { Entry, EntryKind, Key, Sources } from '../api';

/** What an entry is, in a word. */
export function kindText(kind: EntryKind, trans: TranslationBundle): string {
  switch (kind) {
    case 'proposal':
      return trans.__('proposal');
    case 'raw':
      return trans.__('raw data');
    case 'proc':
      return trans.__('corrected data');
    case 'run':
      return trans.__('run');
    case 'folder':
      return trans.__('folder');
    case 'hdf5':
      return trans.__('HDF5');
    case 'spectra':
      return trans.__('text');
    case 'numpy':
      return trans.__('NumPy');
    case 'outside':
      return trans.__('link to elsewhere');
    default:
      return trans.__('file');
  }
}

/** Kind, size and day of an entry. */
export function entryText(entry: Entry, trans: TranslationBundle): string {
  return entry.size === null ? kindText(entry.kind, trans) : sizeText(entry.size);
}

/** A size in the unit that keeps it below a thousand. */
export function sizeText(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  const power = bytes < 1 ? 0 : Math.min(Math.floor(Math.log10(bytes) / 3), units.length - 1);
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 99.5 ? value.toFixed(0) : value.toPrecision(2)} ${units[power]}`;
}

/** Shape, type and unit of a key: "384 × 16 × 512 × 128 float32, photons". */
export function keyText(key: Key, trans: TranslationBundle): string {
  const shape = key.shape.length > 0 ? key.shape.join(' × ') : trans.__('one');
  return [`${shape} ${key.dtype}`, key.units].filter(Boolean).join(', ');
}

/** How long a run is. */
export function trainsText(contents: Sources, trans: TranslationBundle): string {
  const { trains, first_train: first, last_train: last, duration } = contents;
  if (trains === null) {
    return '';
  }
  if (trains === 0 || first === null || last === null) {
    return trans.__('no trains');
  }
  const long = duration === null || duration < 1 ? '' : `, ${durationText(duration)}`;
  return `${trans._n('%1 train', '%1 trains', trains)}, ${first} … ${last}${long}`;
}

function durationText(seconds: number): string {
  if (seconds < 90) {
    return `${Math.round(seconds)} s`;
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** Whether a name holds all words of a filter, whatever their case. */
export function matches(name: string, filter: string): boolean {
  const lower = name.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every(word => lower.includes(word));
}
