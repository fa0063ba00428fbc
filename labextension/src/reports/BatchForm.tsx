import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Executor } from '../api';
import type { Entries } from '../form/entry';
import type { Field } from '../form/schema';
import { ExecutorFields } from './ExecutorFields';
import { type Draft, type Faults, RUN, RUNS_INPUT, takesRuns } from './order';
import { VaryFields } from './VaryFields';

interface BatchFormProps {
  readonly fields: readonly Field[];
  readonly entries: Entries;
  readonly draft: Draft;
  /** Undefined until they are known. */
  readonly executors: readonly Executor[] | undefined;
  /** What stands in the inputs of the chosen executor's options. */
  readonly options: Entries;
  readonly faults: Faults;
  readonly idPrefix: string;
  readonly onDraft: (draft: Draft) => void;
  readonly onPreview: () => void;
  readonly trans: TranslationBundle;
}

/** What makes a batch of a form: runs, varied parameters, and where the jobs run. */
export function BatchForm(props: BatchFormProps): React.ReactElement {
  const { fields, entries, draft, faults, idPrefix, onDraft, onPreview, trans } = props;
  const onKeyDown = (event: React.KeyboardEvent): void => {
    // Enter would run the form as a single report.
    if (event.key === 'Enter' && (event.target as Element).matches('input, select')) {
      event.preventDefault();
      onPreview();
    }
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the inputs within are what takes the keys
    <div className="pt-BatchForm" onKeyDown={onKeyDown}>
      <Runs
        runs={draft.runs}
        enabled={takesRuns(fields, entries, draft)}
        isVaried={draft.variations.has(RUN)}
        fault={faults[RUNS_INPUT]}
        id={`${idPrefix}-${RUNS_INPUT}`}
        onRuns={runs => onDraft({ ...draft, runs })}
        trans={trans}
      />
      <VaryFields
        fields={fields}
        entries={entries}
        variations={draft.variations}
        faults={faults}
        idPrefix={idPrefix}
        onVariations={variations => onDraft({ ...draft, variations })}
        trans={trans}
      />
      <ExecutorFields {...props} />
    </div>
  );
}

interface RunsProps {
  readonly runs: string;
  /** Whether the template has somewhere to put them. */
  readonly enabled: boolean;
  /** Whether the runs are given among the varied parameters. */
  readonly isVaried: boolean;
  readonly fault: string | undefined;
  readonly id: string;
  readonly onRuns: (runs: string) => void;
  readonly trans: TranslationBundle;
}

function Runs({ runs, enabled, isVaried, fault, id, onRuns, trans }: RunsProps): React.ReactElement {
  const help = enabled
    ? trans.__('One job for each run, such as 10-25, 31.')
    : isVaried
      ? trans.__('The parameter run is varied below; do one of the two.')
      : trans.__(
          'This template has no parameter run. To go over runs, write {run} or {run:04d} into a text above, such as /data/r{run:04d}.'
        );
  return (
    <div className={`pt-Field${fault ? ' pt-mod-refused' : ''}`}>
      <div className="pt-Field-line">
        <label htmlFor={id} className="pt-Field-title">
          {trans.__('Runs')}
        </label>
      </div>
      <input
        id={id}
        type="text"
        spellCheck={false}
        // What stands in it can still be taken out where runs have no place any more.
        disabled={!enabled && runs === ''}
        value={runs}
        aria-invalid={fault ? true : undefined}
        aria-describedby={`${id}-help${fault ? ` ${id}-fault` : ''}`}
        onChange={event => onRuns(event.target.value)}
      />
      {fault && (
        <div id={`${id}-fault`} className="pt-Field-fault">
          {trans.__('runs: %1', fault)}
        </div>
      )}
      <div id={`${id}-help`} className="pt-Field-help">
        {help}
      </div>
    </div>
  );
}
