import { PathExt } from '@jupyterlab/coreutils';
import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import type { Values } from '../api';
import type { Field } from '../form/schema';
import type { LiveControl } from './LiveControls';

/** The values that a cell states; one that is computed when the notebook runs is known to nobody before. */
export function valuesOf(fields: readonly Field[]): Values {
  return Object.fromEntries(
    fields.flatMap(({ name, preset }) => (preset === undefined ? [] : [[name, preset]]))
  );
}

/**
 * What the cell would take from a control: what it has a field for and says otherwise.
 *
 * A path in the cell may begin at the notebook's folder, in which its kernel works; a control tells whole ones.
 */
export function toTake(fields: readonly Field[], control: LiveControl, folder: string): Values {
  return Object.fromEntries(
    fields.flatMap(({ name, preset }) => {
      const value = control.values[name];
      return value === undefined || isSame(value, preset, folder) ? [] : [[name, value]];
    })
  );
}

/** What a control would take from the cell: what can be set and is set otherwise. */
export function toGive(fields: readonly Field[], control: LiveControl, folder: string): Values {
  return Object.fromEntries(
    Object.entries(valuesOf(fields)).filter(
      ([name, value]) => control.settable.includes(name) && !isSame(control.values[name], value, folder)
    )
  );
}

function isSame(
  told: ReadonlyJSONValue | undefined,
  stated: ReadonlyJSONValue | undefined,
  folder: string
): boolean {
  return (
    told !== undefined &&
    stated !== undefined &&
    (JSONExt.deepEqual(told, stated) || isSamePlace(told, stated, folder))
  );
}

/** Whether a whole path and one that begins at a folder lead to the same place. */
function isSamePlace(whole: ReadonlyJSONValue, part: ReadonlyJSONValue, folder: string): boolean {
  if (typeof whole !== 'string' || typeof part !== 'string' || !whole.startsWith('/') || !part || !folder) {
    return false;
  }
  const from = part.startsWith('/') ? part : `${folder}/${part}`;
  const plain = (path: string): string => `/${PathExt.normalize(path)}`.replace(/\/+$/, '');
  // The server's page says "~" for the home that it runs in, whose name it keeps to itself.
  return from.startsWith('~/') ? plain(whole).endsWith(plain(from).slice(2)) : plain(whole) === plain(from);
}
