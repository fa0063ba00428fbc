import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { RefusedError, type TemplateForm, type Values } from '../api';
import { type Entries, presetsOf, readForm } from './entry';
import { FieldInput } from './FieldInput';
import { type Field, fieldsOf } from './schema';

interface ReportFormProps {
  readonly template: TemplateForm;
  /** Values to begin with, such as those of an earlier job. */
  readonly values?: Values;
  readonly trans: TranslationBundle;
  /** Queue the report; rejects with a `RefusedError` where the server refuses a value. */
  readonly onRun: (values: Values) => Promise<void>;
}

/** The typed form of a template; what is refused is said beside its field. */
export function ReportForm({ template, values, trans, onRun }: ReportFormProps): React.ReactElement {
  const fields = React.useMemo(() => fieldsOf(template.schema), [template]);
  const [entries, setEntries] = React.useState<Entries>(() => presetsOf(fields, values));
  const [faults, setFaults] = React.useState<Readonly<Record<string, string>>>({});
  const [message, setMessage] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const form = React.useRef<HTMLFormElement>(null);
  const idPrefix = React.useId();

  const change = (name: string, entry: string): void => {
    const next = { ...entries, [name]: entry };
    setEntries(next);
    const found = readForm(fields, next, trans).faults[name];
    setFaults(({ [name]: _, ...others }) => (found ? { ...others, [name]: found } : others));
  };

  const refuse = (found: Readonly<Record<string, string>>, text: string): void => {
    setFaults(found);
    setMessage(text);
    const first = fields.find(field => field.name in found);
    if (first) {
      form.current?.querySelector<HTMLElement>(`[id="${CSS.escape(`${idPrefix}-${first.name}`)}"]`)?.focus();
    }
  };

  const run = async (event: React.FormEvent): Promise<void> => {
    event.preventDefault();
    const reading = readForm(fields, entries, trans);
    if (Object.keys(reading.faults).length > 0) {
      refuse(reading.faults, summaryOf(fields, reading.faults, trans));
      return;
    }
    setBusy(true);
    try {
      await onRun(reading.values);
      refuse({}, '');
    } catch (error) {
      const found = error instanceof RefusedError ? error.faults : {};
      const named = fields.some(field => field.name in found);
      refuse(found, named ? summaryOf(fields, found, trans) : String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form ref={form} className="pt-Form" noValidate onSubmit={run} aria-label={template.title}>
      {fields.length === 0 && <p className="pt-Hint">{trans.__('This template has no parameters.')}</p>}
      {fields.map(field => (
        <FieldInput
          key={field.name}
          field={field}
          entry={entries[field.name] ?? ''}
          fault={faults[field.name]}
          idPrefix={idPrefix}
          trans={trans}
          onEntry={change}
        />
      ))}
      {message && (
        <p className="pt-Form-message" role="alert">
          {message}
        </p>
      )}
      <div className="pt-Form-actions">
        <button
          type="button"
          className="jp-mod-styled"
          onClick={() => {
            setEntries(presetsOf(fields));
            refuse({}, '');
          }}
        >
          {trans.__('Defaults')}
        </button>
        <button type="submit" className="jp-mod-styled jp-mod-accept" disabled={busy}>
          {busy ? trans.__('Starting…') : trans.__('Run report')}
        </button>
      </div>
    </form>
  );
}

function summaryOf(
  fields: readonly Field[],
  faults: Readonly<Record<string, string>>,
  trans: TranslationBundle
): string {
  const names = fields.filter(field => field.name in faults).map(field => field.name);
  return trans.__('Not started. Please check: %1', names.join(', '));
}
