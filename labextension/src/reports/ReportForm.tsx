import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { BatchOrder, Executor, TemplateForm, Values } from '../api';
import { type Entries, presetsOf, readForm } from '../form/entry';
import { FieldInput } from '../form/FieldInput';
import { fieldsOf } from '../form/schema';
import { BatchForm } from './BatchForm';
import { Fold } from './Fold';
import {
  type BatchStart,
  chosenExecutor,
  type Draft,
  draftCount,
  draftOf,
  isBatchInput,
  optionsOf,
  placeFaults,
  readOrder,
  typedFaults
} from './order';
import { useRefusals } from './refusals';

/** What a form asks of its surroundings where it can make batches. */
export interface BatchMaking {
  /** Whether the batch's part is open to begin with. */
  readonly open: boolean;
  readonly start: BatchStart;
  readonly onOpen: (open: boolean) => void;
  readonly executors: () => Promise<readonly Executor[]>;
  /** Show what an order would do, and do it if that is wanted; rejects with a `RefusedError` like `onRun`. */
  readonly onPreview: (order: BatchOrder) => Promise<void>;
  readonly onRun: (order: BatchOrder) => Promise<void>;
}

interface ReportFormProps {
  readonly template: TemplateForm;
  /** Values to begin with, such as those of an earlier job. */
  readonly values?: Values;
  readonly batch: BatchMaking;
  readonly trans: TranslationBundle;
  /** Queue the report; rejects with a `RefusedError` where the server refuses a value. */
  readonly onRun: (values: Values) => Promise<void>;
}

/** The typed form of a template; what is refused is said beside its input. */
export function ReportForm({ template, values, batch, trans, onRun }: ReportFormProps): React.ReactElement {
  const fields = React.useMemo(() => fieldsOf(template.schema), [template]);
  const [entries, setEntries] = React.useState<Entries>(() => presetsOf(fields, values));
  const [draft, setDraft] = React.useState<Draft>(() => draftOf(fields, batch.start));
  const [open, setOpen] = React.useState(batch.open);
  const [executors, trouble] = useExecutors(open, batch.executors);
  const { faults, message, busy, form, idPrefix, refuse, recheck, attempt } = useRefusals(trans);

  const executor = chosenExecutor(draft, executors ?? []);
  const options = executor ? optionsOf(draft, executor, batch.start.executor) : {};

  const change = (name: string, entry: string): void => {
    const next = { ...entries, [name]: entry };
    setEntries(next);
    const fault = readForm(fields, next, trans).faults[name];
    recheck(input => input === name, fault ? { [name]: fault } : {});
  };
  const run = (event: React.FormEvent): void => {
    event.preventDefault();
    const reading = readForm(fields, entries, trans);
    void attempt(
      reading.faults,
      () => onRun(reading.values),
      found => found
    );
  };
  const runBatch = (work: (order: BatchOrder) => Promise<void>): void => {
    if (executor) {
      const whole = { template: template.id, fields, entries, draft, executor, options };
      const { order, faults: wrong } = readOrder(whole, trans);
      void attempt(
        wrong,
        () => work(order),
        found => placeFaults(found, whole)
      );
    }
  };

  const showBatch = (wanted: boolean): void => {
    setOpen(wanted);
    batch.onOpen(wanted);
  };
  const goToBatch = (): void => {
    showBatch(true);
    requestAnimationFrame(() => {
      const head = form.current?.querySelector<HTMLElement>('.pt-Fold > summary');
      head?.scrollIntoView({ block: 'start' });
      head?.focus({ preventScroll: true });
    });
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
      <Fold title={trans.__('Run as batch')} open={open} onOpen={showBatch}>
        {trouble && <p className="pt-Trouble">{trans.__('Cannot ask where to run: %1', trouble)}</p>}
        <BatchForm
          fields={fields}
          entries={entries}
          draft={draft}
          executors={executors}
          options={options}
          faults={faults}
          idPrefix={idPrefix}
          onDraft={next => {
            setDraft(next);
            recheck(isBatchInput, typedFaults(fields, next, trans));
          }}
          onPreview={() => runBatch(batch.onPreview)}
          trans={trans}
        />
      </Fold>
      <div className="pt-Form-actions">
        {message && (
          <p className="pt-Form-message" role="alert">
            {message}
          </p>
        )}
        <div className="pt-Form-single">
          {!open && (
            <button
              type="button"
              className="jp-mod-styled"
              title={trans.__('Go over runs, or over values of parameters')}
              onClick={goToBatch}
            >
              {trans.__('Batch…')}
            </button>
          )}
          <button
            type="button"
            className="jp-mod-styled"
            onClick={() => {
              setEntries(presetsOf(fields));
              setDraft(draftOf(fields));
              refuse({}, '');
            }}
          >
            {trans.__('Defaults')}
          </button>
          <button type="submit" className={`jp-mod-styled${open ? '' : ' jp-mod-accept'}`} disabled={busy}>
            {busy && !open ? trans.__('Starting…') : trans.__('Run report')}
          </button>
        </div>
        {open && (
          <BatchButtons
            jobs={draftCount(fields, draft, trans)}
            disabled={busy || !executors}
            onPreview={() => runBatch(batch.onPreview)}
            onRun={() => runBatch(batch.onRun)}
            trans={trans}
          />
        )}
      </div>
    </form>
  );
}

/** How many jobs the batch comes to, a look at them, and the start. */
function BatchButtons(props: {
  readonly jobs: number;
  readonly disabled: boolean;
  readonly onPreview: () => void;
  readonly onRun: () => void;
  readonly trans: TranslationBundle;
}): React.ReactElement {
  const { jobs, disabled, onPreview, onRun, trans } = props;
  return (
    <div className="pt-Form-batch">
      <output>{trans._n('%1 job', '%1 jobs', jobs, String(jobs))}</output>
      <button type="button" className="jp-mod-styled" disabled={disabled} onClick={onPreview}>
        {trans.__('Preview')}
      </button>
      <button type="button" className="jp-mod-styled jp-mod-accept" disabled={disabled} onClick={onRun}>
        {trans.__('Run batch')}
      </button>
    </div>
  );
}

/** The executors, asked for once they are wanted, and why they cannot be had. */
function useExecutors(
  wanted: boolean,
  load: () => Promise<readonly Executor[]>
): [readonly Executor[] | undefined, string] {
  const [executors, setExecutors] = React.useState<readonly Executor[]>();
  const [trouble, setTrouble] = React.useState('');
  React.useEffect(() => {
    if (wanted) {
      load().then(
        found => {
          setExecutors(found);
          setTrouble('');
        },
        (error: Error) => setTrouble(error.message)
      );
    }
  }, [wanted, load]);
  return [executors, trouble];
}
