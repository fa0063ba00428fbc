import type { ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';

/** What input a parameter takes. */
export type Kind = 'flag' | 'choice' | 'integer' | 'number' | 'text' | 'list' | 'json';

/** One parameter of a template, as the form shows it. */
export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Whether None is a value. */
  readonly optional: boolean;
  /** Whether text that is no JSON is a value too (a union with str). */
  readonly textToo: boolean;
  readonly required: boolean;
  readonly preset: ReadonlyJSONValue | undefined;
  /** Source of a default that the notebook computes when it runs, or an empty string. */
  readonly expression: string;
  readonly choices: readonly ReadonlyJSONValue[];
  readonly low: number | undefined;
  readonly high: number | undefined;
  readonly unit: string;
  readonly help: string;
}

/** Read the fields of a form, in order, off the JSON Schema of a template's parameters. */
export function fieldsOf(schema: ReadonlyJSONObject): Field[] {
  const required = (schema.required ?? []) as readonly string[];
  const properties = (schema.properties ?? {}) as Record<string, ReadonlyJSONObject>;
  return Object.entries(properties).map(([name, property]) => {
    const variants = variantsOf(property);
    const typed = variants.filter(variant => variant.type !== 'null');
    const only = (typed.length === 1 ? typed[0] : undefined) ?? { type: 'union' };
    const choices = typed.length > 0 && typed.every(isChoice) ? typed.flatMap(choicesOf) : [];
    return {
      name,
      kind: choices.length > 0 ? 'choice' : kindOf(only),
      optional: typed.length < variants.length || isAnything(only),
      textToo: isAnything(only) || (typed.length > 1 && typed.some(variant => variant.type === 'string')),
      required: required.includes(name),
      preset: property.default,
      expression: textOf(property.expression),
      choices,
      low: numberOf(only.minimum ?? only.exclusiveMinimum),
      high: numberOf(only.maximum ?? only.exclusiveMaximum),
      unit: textOf(property.unit),
      help: textOf(property.description)
    };
  });
}

/** The allowed span in words, such as "2 … 15 σ"; empty where a number is free. */
export function spanOf(field: Field): string {
  if (field.low === undefined && field.high === undefined) {
    return '';
  }
  const span =
    field.high === undefined
      ? `≥ ${field.low}`
      : field.low === undefined
        ? `≤ ${field.high}`
        : `${field.low} … ${field.high}`;
  return `${span} ${field.unit}`.trim();
}

function variantsOf(property: ReadonlyJSONObject): ReadonlyJSONObject[] {
  const union = (property.anyOf ?? property.oneOf) as readonly ReadonlyJSONObject[] | undefined;
  if (union) {
    return union.flatMap(variantsOf);
  }
  return Array.isArray(property.type) ? property.type.map(type => ({ ...property, type })) : [property];
}

/** A parameter without a type: any JSON, and text that is none. */
function isAnything(variant: ReadonlyJSONObject): boolean {
  return variant.type === undefined && !isChoice(variant) && variant.$ref === undefined;
}

function isChoice(variant: ReadonlyJSONObject): boolean {
  return variant.enum !== undefined || variant.const !== undefined;
}

function choicesOf(variant: ReadonlyJSONObject): readonly ReadonlyJSONValue[] {
  return (variant.enum as readonly ReadonlyJSONValue[] | undefined) ?? [variant.const as ReadonlyJSONValue];
}

function kindOf(variant: ReadonlyJSONObject): Kind {
  switch (variant.type) {
    case 'boolean':
      return 'flag';
    case 'integer':
    case 'number':
      return variant.type;
    case 'string':
      return 'text';
    case 'array':
      return 'list';
    default:
      return 'json';
  }
}

function numberOf(value: ReadonlyJSONValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}

function textOf(value: ReadonlyJSONValue | undefined): string {
  return typeof value === 'string' ? value : '';
}
