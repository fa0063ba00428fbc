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

/** What the cell would take from a control: what it has a field for and says otherwise. */
export function toTake(fields: readonly Field[], control: LiveControl): Values {
  return Object.fromEntries(
    fields.flatMap(({ name, preset }) => {
      const value = control.values[name];
      return value === undefined || isSame(value, preset) ? [] : [[name, value]];
    })
  );
}

/** What a control would take from the cell: what can be set and is set otherwise. */
export function toGive(fields: readonly Field[], control: LiveControl): Values {
  return Object.fromEntries(
    Object.entries(valuesOf(fields)).filter(
      ([name, value]) => control.settable.includes(name) && !isSame(control.values[name], value)
    )
  );
}

function isSame(value: ReadonlyJSONValue | undefined, other: ReadonlyJSONValue | undefined): boolean {
  return value !== undefined && other !== undefined && JSONExt.deepEqual(value, other);
}
