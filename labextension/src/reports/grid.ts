import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Grid } from '../api';
import { entryOf, readEntry } from '../form/entry';
import type { Field } from '../form/schema';
import { LARGEST } from './runs';

const STEPS = /^([^:\s]+)\s*:\s*([^:\s]+)\s*:\s*([^:\s]+)$/;

/** The texts in which the values of varied parameters are typed, by name and in the order they were chosen. */
export type Variations = ReadonlyMap<string, string>;

type Read = { readonly values: readonly ReadonlyJSONValue[] } | { readonly fault: string };

/** Whether the values of a parameter are ticked, since there are but a few. */
export function isTicked(field: Field): boolean {
  return field.kind === 'choice' || field.kind === 'flag';
}

/** The values that can be ticked, None among them where it is one. */
export function tickable(field: Field): readonly ReadonlyJSONValue[] {
  const values = field.kind === 'flag' ? [true, false] : field.choices;
  return field.optional ? [null, ...values] : values;
}

/**
 * Read the values that a parameter is to take.
 *
 * Either a list in JSON, or values with commas between them, or, for a number, `first:last:step` with both ends
 * counted.
 */
export function readValues(field: Field, text: string, trans: TranslationBundle): Read {
  const trimmed = text.trim();
  const pieces = piecesOf(field, trimmed);
  if (pieces === undefined) {
    return { fault: trans.__('cannot be read; expected a list such as [1, 2, 3] or ["a", "b"]') };
  }
  if (pieces.length === 0) {
    return {
      fault: isTicked(field) ? trans.__('tick the values to take') : trans.__('needs values such as 4, 5, 6')
    };
  }
  if (pieces.length > LARGEST) {
    return {
      fault: trans.__('got %1 values; a batch has at most %2 jobs', String(pieces.length), String(LARGEST))
    };
  }
  const values: ReadonlyJSONValue[] = [];
  for (const piece of pieces) {
    if (piece === null && field.optional) {
      values.push(null);
      continue;
    }
    const read = readEntry(field, piece ?? '', trans);
    if ('fault' in read) {
      return read;
    }
    values.push(read.value);
  }
  return { values };
}

/** How values are typed, so that reading them gives them back. */
export function textOfValues(field: Field, values: readonly ReadonlyJSONValue[]): string {
  const simple = !isTicked(field) && values.every(value => typeof value === 'number');
  return simple ? values.join(', ') : JSON.stringify(values);
}

/** Read all of a form's variations. */
export function readGrid(
  fields: readonly Field[],
  variations: Variations,
  trans: TranslationBundle
): { readonly grid: Grid; readonly faults: Readonly<Record<string, string>> } {
  const grid: Record<string, readonly ReadonlyJSONValue[]> = {};
  const faults: Record<string, string> = {};
  for (const [name, text] of variations) {
    const field = fields.find(known => known.name === name);
    const read = field
      ? readValues(field, text, trans)
      : { fault: trans.__('is no parameter of this template') };
    if ('fault' in read) {
      faults[name] = read.fault;
    } else {
      grid[name] = read.values;
    }
  }
  return { grid, faults };
}

/** How many jobs runs and a grid come to. */
export function countJobs(runs: number, grid: Grid): number {
  return Object.values(grid).reduce((product, values) => product * values.length, Math.max(1, runs));
}

/** A value as text, for people. */
export function showValue(value: ReadonlyJSONValue | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? null);
}

/** The typed values one by one, as they would stand in the field's own input; undefined where they cannot be told apart. */
function piecesOf(field: Field, text: string): readonly (string | null)[] | undefined {
  if (text === '') {
    return [];
  }
  const isNumber = field.kind === 'integer' || field.kind === 'number';
  const steps = isNumber ? STEPS.exec(text) : null;
  if (steps) {
    return stepsOf(Number(steps[1]), Number(steps[2]), Number(steps[3]))?.map(String);
  }
  const isList = field.kind === 'list' ? text.startsWith('[[') : text.startsWith('[') && text.endsWith(']');
  if (isList || field.kind === 'list') {
    const listed = listOf(isList ? text : `[${text}]`);
    if (field.kind === 'list' && !listed?.every(value => value === null || Array.isArray(value))) {
      return undefined;
    }
    return listed?.map(value => (value === null ? null : entryOf(field, value)));
  }
  if (/^["'[]/.test(text)) {
    return undefined; // half a list, or its quotes would be taken for a part of the texts
  }
  return text
    .split(',')
    .map(piece => piece.trim())
    .filter(Boolean)
    .map(piece => (field.optional && /^(none|null)$/i.test(piece) ? null : piece));
}

function listOf(text: string): readonly ReadonlyJSONValue[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function stepsOf(first: number, last: number, step: number): readonly number[] | undefined {
  const number = Math.floor((last - first) / step + 1e-9) + 1;
  if (!Number.isFinite(number) || number < 1) {
    return undefined;
  }
  return Array.from({ length: Math.min(number, LARGEST + 1) }, (_, place) =>
    Number((first + place * step).toPrecision(12))
  );
}
