import type { TranslationBundle } from '@jupyterlab/translation';
import { JSONExt } from '@lumino/coreutils';
import * as React from 'react';
import type { BatchOrder, Executor, TemplateForm, Values } from '../api';
import { type Entries, presetsOf, readForm } from '../form/entry';
import { FieldInput } from '../form/FieldInput';
import { fieldsOf } from '../form/schema';
import { BatchForm } from './BatchForm';
import { Fold } from './Fold';
import { FormActions } from './FormActions';
import { FormHead } from './FormHead';
import {
  type BatchStart,
  chosenExecutor,
  type Draft,
  draftCount,
  draftOf,
  isBatchInput,
  isGivenByBatch,
  isSameDraft,
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

/** What has been entered into a form. */
interface Entered {
  readonly entries: Entries;
  readonly draft: Draft;
}

/** The typed form of a template; what is refused is said beside its input. */
export function ReportForm({ template, values, batch, trans, onRun }: ReportFormProps): React.ReactElement {
  const fields = React.useMemo(() => fieldsOf(template.schema), [template]);
  const [entries, setEntries] = React.useState<Entries>(() => presetsOf(fields, values));
  const [draft, setDraft] = React.useState<Draft>(() => draftOf(fields, batch.start));
  const [before, setBefore] = React.useState<Entered>();
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

  const fill = (entered: Entered, replaced: Entered | undefined): void => {
    setEntries(entered.entries);
    setDraft(entered.draft);
    setBefore(replaced);
    refuse({});
  };
  const goToDefaults = (): void => {
    const defaults = { entries: presetsOf(fields), draft: draftOf(fields) };
    const changed = !JSONExt.deepEqual(entries, defaults.entries) || !isSameDraft(draft, defaults.draft);
    fill(defaults, changed ? { entries, draft } : before);
  };
  const showBatch = (wanted: boolean): void => {
    if (wanted !== open) {
      setOpen(wanted);
      batch.onOpen(wanted);
    }
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
      <FormHead
        template={template}
        onDefaults={goToDefaults}
        onUndo={before && (() => fill(before, undefined))}
        trans={trans}
      />
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
            const isSettled = (input: string): boolean => isBatchInput(input) || isGivenByBatch(input, next);
            recheck(isSettled, typedFaults(fields, next, trans));
          }}
          onPreview={() => runBatch(batch.onPreview)}
          trans={trans}
        />
      </Fold>
      <FormActions
        message={message}
        busy={busy}
        open={open}
        jobs={draftCount(fields, draft, trans)}
        ready={executors !== undefined}
        onBatch={goToBatch}
        onPreview={() => runBatch(batch.onPreview)}
        onRunBatch={() => runBatch(batch.onRun)}
        trans={trans}
      />
    </form>
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
