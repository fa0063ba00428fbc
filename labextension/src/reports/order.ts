import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt, type ReadonlyJSONValue } from '@lumino/coreutils';
import type { Batch, BatchOrder, Executor, ExecutorChoice, Grid, Values } from '../api';
import { type Entries, presetsOf, readForm } from '../form/entry';
import { type Field, fieldsOf } from '../form/schema';
import { countJobs, readGrid, textOfValues, type Variations } from './grid';
import { hasPlace, readRuns } from './runs';

/** The parameter that a run goes into. */
export const RUN = 'run';

/** What has been entered to make a batch of a form. */
export interface Draft {
  readonly runs: string;
  readonly variations: Variations;
  /** Name of the executor, or empty for the first that can be used. */
  readonly executor: string;
  /** What stands in the inputs of the executors' options, by the executor's name. */
  readonly options: { readonly [executor: string]: Entries };
}

/** What a batch's part of the form begins with. */
export interface BatchStart {
  readonly runs?: string;
  readonly grid?: Grid;
  readonly executor?: ExecutorChoice;
}

/** Faults by input: a field's under its name, the others' under the names that these make. */
export type Faults = Readonly<Record<string, string>>;
export const RUNS_INPUT = 'batch:runs';
export const EXECUTOR_INPUT = 'batch:executor';
export const varyInput = (name: string): string => `vary:${name}`;
export const optionInput = (name: string): string => `executor:${name}`;

/** Whether an input belongs to the batch's part of the form. */
export const isBatchInput = (input: string): boolean => input.includes(':');

export function draftOf(fields: readonly Field[], start: BatchStart = {}): Draft {
  const variations = new Map<string, string>();
  for (const [name, values] of Object.entries(start.grid ?? {})) {
    const field = fields.find(known => known.name === name);
    if (field) {
      variations.set(name, textOfValues(field, values));
    }
  }
  return { runs: start.runs ?? '', variations, executor: start.executor?.name ?? '', options: {} };
}

/** What a batch that is run again with changes begins with. */
export function startOf({ runs, grid, executor }: Batch): BatchStart {
  return { runs, grid, executor };
}

/** The executor that is chosen: the first that can be used where none is, or where that has gone. */
export function chosenExecutor(draft: Draft, executors: readonly Executor[]): Executor | undefined {
  return (
    executors.find(known => known.name === draft.executor) ??
    executors.find(known => !known.trouble) ??
    executors[0]
  );
}

/** What stands in the inputs of an executor's options. */
export function optionsOf(draft: Draft, executor: Executor, chosen?: ExecutorChoice): Entries {
  const known = executor.name === chosen?.name ? chosen : {};
  return draft.options[executor.name] ?? presetsOf(fieldsOf(executor.schema), known as Values);
}

/** Whether runs have somewhere to go: a parameter of theirs, or a place in a text. */
export function takesRuns(fields: readonly Field[], entries: Entries, { variations }: Draft): boolean {
  return (
    (fields.some(field => field.name === RUN) && !variations.has(RUN)) ||
    fields.some(field => hasPlace(variations.get(field.name) ?? entries[field.name] ?? ''))
  );
}

/** Whether the batch says which values a parameter takes, in place of its own input. */
export function isGivenByBatch(name: string, { runs, variations }: Draft): boolean {
  return variations.has(name) || (name === RUN && runs.trim() !== '');
}

export function isSameDraft(one: Draft, other: Draft): boolean {
  const plain = (draft: Draft): ReadonlyJSONValue => ({ ...draft, variations: [...draft.variations] });
  return JSONExt.deepEqual(plain(one), plain(other));
}

/** How many jobs the draft comes to, as far as it can be read. */
export function draftCount(fields: readonly Field[], draft: Draft, trans: TranslationBundle): number {
  const runs = readRuns(draft.runs, trans);
  return countJobs('runs' in runs ? runs.runs.length : 0, readGrid(fields, draft.variations, trans).grid);
}

/** What is wrong with what has been typed so far; what is still empty is not wrong yet. */
export function typedFaults(fields: readonly Field[], draft: Draft, trans: TranslationBundle): Faults {
  const runs = readRuns(draft.runs, trans);
  const typed = new Map([...draft.variations].filter(([, text]) => text.trim() !== ''));
  return {
    ...('fault' in runs ? { [RUNS_INPUT]: runs.fault } : {}),
    ...renamed(readGrid(fields, typed, trans).faults, varyInput)
  };
}

interface Form {
  readonly template: string;
  readonly fields: readonly Field[];
  readonly entries: Entries;
  readonly draft: Draft;
  readonly executor: Executor;
  readonly options: Entries;
}

/** Read the whole form as a batch. */
export function readOrder(
  form: Form,
  trans: TranslationBundle
): { readonly order: BatchOrder; readonly faults: Faults } {
  const { draft, entries, fields } = form;
  const runs = readRuns(draft.runs, trans);
  const single = fields.filter(({ name }) => !isGivenByBatch(name, draft));
  const values = readForm(single, entries, trans);
  const { grid, faults: varied } = readGrid(fields, draft.variations, trans);
  const options = readForm(fieldsOf(form.executor.schema), form.options, trans);
  return {
    order: {
      template: form.template,
      parameters: values.values,
      runs: draft.runs.trim(),
      grid,
      executor: { ...options.values, name: form.executor.name }
    },
    faults: {
      ...values.faults,
      ...('fault' in runs ? { [RUNS_INPUT]: runs.fault } : {}),
      ...renamed(varied, varyInput),
      ...renamed(options.faults, optionInput)
    }
  };
}

/** Put what the server refused beside the inputs that are to blame; what no input is to blame for is left out. */
export function placeFaults(faults: Faults, { fields, draft, executor }: Form): Faults {
  const options = new Set(fieldsOf(executor.schema).map(({ name }) => name));
  const placed: Record<string, string> = {};
  for (const [name, text] of Object.entries(faults)) {
    if (draft.variations.has(name)) {
      placed[varyInput(name)] = text;
    } else if (fields.some(field => field.name === name)) {
      placed[name] = text;
    } else if (name === 'runs') {
      placed[RUNS_INPUT] = text;
    } else if (name === 'executor') {
      placed[EXECUTOR_INPUT] = text;
    } else if (options.has(name)) {
      placed[optionInput(name)] = text;
    }
  }
  return placed;
}

function renamed(faults: Faults, rename: (name: string) => string): Faults {
  return Object.fromEntries(Object.entries(faults).map(([name, text]) => [rename(name), text]));
}
