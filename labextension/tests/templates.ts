import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { type Field, fieldsOf } from '../src/form/schema';

/** The schema that pydantic writes for the parameters cell of a tuning report. */
export const TUNING: ReadonlyJSONObject = {
  type: 'object',
  additionalProperties: false,
  required: ['run'],
  properties: {
    run: { type: 'integer', minimum: 1, description: 'Run number.' },
    min_snr: {
      type: 'number',
      default: 5.0,
      minimum: 2,
      maximum: 15,
      unit: 'σ',
      description: 'Least signal-to-noise ratio.'
    },
    threshold: { anyOf: [{ type: 'number', minimum: 0 }, { type: 'null' }], default: null },
    polarised: { anyOf: [{ type: 'boolean' }, { type: 'null' }], default: null },
    masked: { type: 'boolean', default: true },
    indexer: { enum: ['mosflm', 'xgandalf'], type: 'string', default: 'xgandalf' },
    centring: { anyOf: [{ enum: ['P', 'C'], type: 'string' }, { type: 'null' }], default: null },
    panels: { type: 'array', items: { type: 'integer' }, default: [0, 1] },
    title: { type: 'string', default: 'a = b' },
    comment: { anyOf: [{ type: 'string' }, { type: 'null' }], default: null },
    geometry: { type: 'object', default: { clen: 0.119 } },
    train: { anyOf: [{ type: 'integer' }, { type: 'string' }], default: 'last' },
    anything: { default: null },
    seed: { type: 'integer', expression: 'time.time_ns()' }
  }
};

export function field(name: string): Field {
  const found = fieldsOf(TUNING).find(known => known.name === name);
  if (!found) {
    throw new Error(`no field ${name}`);
  }
  return found;
}
