import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Job } from '../api';

/** Put before a measure's name in an order, where a parameter may have the same name. */
const MEASURE = 'metrics.';

/** One number, text or flag that a job has measured. */
export interface Measure {
  /** Dotted where it lies within others. */
  readonly name: string;
  readonly value: number | string | boolean;
  /** Empty where it has none. */
  readonly unit: string;
}

/**
 * What a job has measured, as far as it can be said in a few words: no lists, and not what it states of its provenance.
 *
 * What has a unit comes first. It is mostly what was asked for, such as the temperature of a transition.
 */
export function measuresOf({ metrics }: Pick<Job, 'metrics'>): readonly Measure[] {
  const { provenance: _, ...measured } = metrics;
  const found = flat(measured, '');
  return [...found.filter(({ unit }) => unit), ...found.filter(({ unit }) => !unit)];
}

/** A measure in short: "boundary_at = 712.3 K", which no line is broken in. */
export function measureText(measure: Measure): string {
  return `${measure.name} = ${valueText(measure)}`.replaceAll(' ', '\u00a0');
}

/** Its value and unit: "712.3 K". */
export function valueText({ value, unit }: Measure): string {
  const short = typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
  return `${short} ${unit}`.trim();
}

/** What a list of jobs is asked to be ordered by, for it to be ordered by a measure. */
export function orderBy(name: string): string {
  return MEASURE + name;
}

/** The measure that a list is ordered by, if it is one. */
export function orderedBy(order: string): string | undefined {
  const name = order.replace(/^-/, '');
  return name.startsWith(MEASURE) ? name.slice(MEASURE.length) : undefined;
}

function flat(values: Job['metrics'], before: string): readonly Measure[] {
  return Object.entries(values).flatMap(([name, value]) => {
    const [inner, unit] = quantityOf(value);
    switch (typeof inner) {
      case 'number':
      case 'string':
      case 'boolean':
        return [{ name: before + name, value: inner, unit }];
      default:
        return isMapping(inner) ? flat(inner, `${before}${name}.`) : [];
    }
  });
}

/** A value and its unit, where it is told with one. */
function quantityOf(value: ReadonlyJSONValue): readonly [ReadonlyJSONValue | undefined, string] {
  const told = isMapping(value) && Object.keys(value).length === 2 && typeof value.unit === 'string';
  return told && value.value !== undefined ? [value.value, String(value.unit)] : [value, ''];
}

function isMapping(value: ReadonlyJSONValue | undefined): value is Job['metrics'] {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
