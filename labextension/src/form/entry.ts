import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Values } from '../api';
import { type Field, spanOf } from './schema';

/** What a number's input holds while what it shows is no number; the browser keeps the text to itself. */
export const NO_NUMBER = '?';

/** What stands in the inputs, by name. A choice is kept as its place in the list, None as an empty string. */
export type Entries = Readonly<Record<string, string>>;

/** Either every value that was changed from its preset, or what is wrong, by name. */
export interface Reading {
  readonly values: Values;
  readonly faults: Readonly<Record<string, string>>;
}

/** What an input shows for a value. */
export function entryOf(field: Field, value: ReadonlyJSONValue | undefined): string {
  if (value === undefined || value === null) {
    return '';
  }
  switch (field.kind) {
    case 'choice':
      return String(field.choices.indexOf(value));
    case 'list':
      return Array.isArray(value)
        ? `[${value.map(item => JSON.stringify(item)).join(', ')}]`
        : JSON.stringify(value);
    case 'json':
      return field.textToo && typeof value === 'string' && !isJson(value) ? value : JSON.stringify(value);
    default:
      return String(value);
  }
}

/** What a fresh form shows: the values of an earlier job where they are known, else the presets. */
export function presetsOf(fields: readonly Field[], values: Values = {}): Entries {
  return Object.fromEntries(
    fields.map(field => [
      field.name,
      entryOf(field, field.name in values ? values[field.name] : field.preset)
    ])
  );
}

/**
 * Read the whole form.
 *
 * What still shows the preset is left out, so that the template's own default is used: it may be something
 * that JSON cannot carry.
 */
export function readForm(fields: readonly Field[], entries: Entries, trans: TranslationBundle): Reading {
  const values: Record<string, ReadonlyJSONValue> = {};
  const faults: Record<string, string> = {};
  for (const field of fields) {
    const entry = entries[field.name] ?? '';
    if (!field.required && entry === entryOf(field, field.preset)) {
      continue;
    }
    const read = readEntry(field, entry, trans);
    if ('fault' in read) {
      faults[field.name] = read.fault;
    } else {
      values[field.name] = read.value;
    }
  }
  return { values, faults };
}

type Read = { readonly value: ReadonlyJSONValue } | { readonly fault: string };

/** Read one input. */
export function readEntry(field: Field, entry: string, trans: TranslationBundle): Read {
  if (field.kind === 'text' && !(field.optional && entry === '')) {
    return entry === '' && field.required ? { fault: trans.__('needs a value') } : { value: entry };
  }
  const text = entry.trim();
  if (text === '') {
    return field.optional ? { value: null } : { fault: trans.__('needs a value') };
  }
  switch (field.kind) {
    case 'flag':
      return { value: text === 'true' };
    case 'choice': {
      const choice = field.choices[Number(text)];
      return choice === undefined ? { fault: trans.__('needs a value') } : { value: choice };
    }
    case 'integer':
    case 'number':
      return readNumber(field, text, trans);
    case 'list':
      return readJson(
        text.startsWith('[') ? text : `[${text}]`,
        trans.__('a list such as [1, 2, 3] or ["a", "b"]'),
        trans
      );
    default:
      return field.textToo && !isJson(text) ? { value: entry } : readJson(text, trans.__('JSON'), trans);
  }
}

function readNumber(field: Field, text: string, trans: TranslationBundle): Read {
  if (text === NO_NUMBER) {
    return { fault: trans.__('needs a number') };
  }
  const value = Number(text);
  if (!Number.isFinite(value)) {
    return { fault: trans.__('got %1, which is no number', text) };
  }
  if (field.kind === 'integer' && !Number.isSafeInteger(value)) {
    return { fault: trans.__('got %1, which is no whole number', text) };
  }
  if (value < (field.low ?? -Infinity) || value > (field.high ?? Infinity)) {
    return { fault: trans.__('got %1, allowed %2', text, spanOf(field)) };
  }
  return { value };
}

function readJson(text: string, expected: string, trans: TranslationBundle): Read {
  return isJson(text)
    ? { value: JSON.parse(text) }
    : { fault: trans.__('cannot be read; expected %1', expected) };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
