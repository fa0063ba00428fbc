import { nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { describe, expect, it } from 'vitest';
// The very cases that the Python side is tested with.
import cases from '../../tests/reports/typed.json';
import { fieldsOf } from '../src/form/schema';
import { readValues, textOfValues } from '../src/reports/grid';
import { hasPlace, readRuns } from '../src/reports/runs';

const trans = nullTranslator.load('pulsetrain');
const FIELDS = new Map(fieldsOf(cases.schema as ReadonlyJSONObject).map(field => [field.name, field]));
const REFUSED = { fault: expect.any(String) };

describe('what is typed is read as Python reads it:', () => {
  it.each(cases.runs)('runs $text', ({ text, runs }) => {
    expect(readRuns(text, trans)).toEqual(runs === null ? REFUSED : { runs });
  });

  it.each(cases.places)('place of a run in $text', ({ text, 'at run 7': placed }) => {
    expect(hasPlace(text)).toBe(placed !== text);
  });

  it.each(cases.values)('values of $name: $text', ({ name, text, values }) => {
    const field = FIELDS.get(name);
    if (!field) {
      throw new Error(`no field ${name}`);
    }
    expect(readValues(field, text, trans)).toEqual(values === null ? REFUSED : { values });
    if (values !== null) {
      expect(readValues(field, textOfValues(field, values), trans)).toEqual({ values });
    }
  });
});
