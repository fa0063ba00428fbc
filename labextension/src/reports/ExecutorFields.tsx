import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import * as React from 'react';
import type { Executor, Values } from '../api';
import { type Entries, presetsOf, readEntry } from '../form/entry';
import { FieldInput } from '../form/FieldInput';
import { type Field, fieldsOf } from '../form/schema';
import { Fold } from './Fold';
import { chosenExecutor, type Draft, EXECUTOR_INPUT, type Faults, optionInput } from './order';

/** The option that fills in the others. */
const PRESET = 'preset';

interface ExecutorFieldsProps {
  readonly draft: Draft;
  /** Undefined until they are known. */
  readonly executors: readonly Executor[] | undefined;
  readonly options: Entries;
  readonly faults: Faults;
  readonly idPrefix: string;
  readonly onDraft: (draft: Draft) => void;
  readonly trans: TranslationBundle;
}

/** Where the jobs run, with the options of that. */
export function ExecutorFields(props: ExecutorFieldsProps): React.ReactElement | null {
  const { draft, executors, options, faults, idPrefix, onDraft, trans } = props;
  const executor = chosenExecutor(draft, executors ?? []);
  const [open, setOpen] = React.useState(false);
  const fields = React.useMemo(() => (executor ? fieldsOf(executor.schema) : []), [executor]);
  if (!executors || !executor) {
    return null;
  }
  const id = `${idPrefix}-${EXECUTOR_INPUT}`;
  const fault = faults[EXECUTOR_INPUT];
  const change = (name: string, entry: string): void => {
    const chosen = name === PRESET ? presetValues(executor, fields, entry, trans) : undefined;
    const changed = chosen
      ? { ...presetsOf(fields, chosen), [PRESET]: entry }
      : { ...options, [name]: entry };
    onDraft({ ...draft, executor: executor.name, options: { ...draft.options, [executor.name]: changed } });
  };
  const refused = fields.some(({ name }) => faults[optionInput(name)]);
  return (
    <>
      <div className={`pt-Field${fault ? ' pt-mod-refused' : ''}`}>
        <label className="pt-Field-title" htmlFor={id}>
          {trans.__('Run on')}
        </label>
        <select
          id={id}
          value={executor.name}
          aria-invalid={fault ? true : undefined}
          aria-describedby={fault ? `${id}-fault` : undefined}
          onChange={event => onDraft({ ...draft, executor: event.target.value })}
        >
          {executors.map(({ name, title, trouble }) => (
            <option key={name} value={name} disabled={trouble !== ''}>
              {trouble ? trans.__('%1 – %2', title, trouble) : title}
            </option>
          ))}
        </select>
        {fault && (
          <div id={`${id}-fault`} className="pt-Field-fault">
            {fault}
          </div>
        )}
      </div>
      {fields.length > 0 && (
        <Fold title={trans.__('Options')} open={open || refused} onOpen={setOpen}>
          {fields.map(field => (
            <FieldInput
              key={field.name}
              field={{ ...field, name: optionInput(field.name) }}
              title={field.name}
              entry={options[field.name] ?? ''}
              fault={faults[optionInput(field.name)]}
              idPrefix={idPrefix}
              trans={trans}
              onEntry={(_, entry) => change(field.name, entry)}
            />
          ))}
        </Fold>
      )}
    </>
  );
}

/** What the chosen preset holds, where the executor says so. */
function presetValues(
  { schema }: Executor,
  fields: readonly Field[],
  entry: string,
  trans: TranslationBundle
): Values | undefined {
  const presets = schema.presets as ReadonlyJSONObject | undefined;
  const field = fields.find(({ name }) => name === PRESET);
  const read = field && readEntry(field, entry, trans);
  const name = read && 'value' in read ? String(read.value) : '';
  return presets && ((presets[name] as Values | undefined) ?? {});
}
