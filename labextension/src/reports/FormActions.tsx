import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';

interface FormActionsProps {
  /** Why nothing was started, or an empty string. */
  readonly message: string;
  readonly busy: boolean;
  /** Whether the batch's part of the form is open. */
  readonly open: boolean;
  /** How many jobs the batch comes to. */
  readonly jobs: number;
  /** Whether it is known where a batch can run. */
  readonly ready: boolean;
  readonly onBatch: () => void;
  readonly onPreview: () => void;
  readonly onRunBatch: () => void;
  readonly trans: TranslationBundle;
}

/**
 * What starts a report or a batch, at the lower end of the form.
 *
 * What comes and goes stands above what stays: a second click must not meet another button than the first.
 */
export function FormActions(props: FormActionsProps): React.ReactElement {
  const { message, busy, open, onBatch, trans } = props;
  return (
    <div className="pt-Form-actions">
      {message && (
        <p className="pt-Form-message" role="alert">
          {message}
        </p>
      )}
      {open && <BatchButtons {...props} />}
      <div className="pt-Form-single">
        <button
          type="button"
          className="jp-mod-styled"
          title={trans.__('Go over runs, or over values of parameters')}
          onClick={onBatch}
        >
          {trans.__('Batch…')}
        </button>
        <button type="submit" className={`jp-mod-styled${open ? '' : ' jp-mod-accept'}`} disabled={busy}>
          {busy && !open ? trans.__('Starting…') : trans.__('Run report')}
        </button>
      </div>
    </div>
  );
}

/** How many jobs the batch comes to, a look at them, and the start. */
function BatchButtons(props: FormActionsProps): React.ReactElement {
  const { jobs, busy, ready, onPreview, onRunBatch, trans } = props;
  const disabled = busy || !ready;
  return (
    <div className="pt-Form-batch">
      <output>{trans._n('%1 job', '%1 jobs', jobs, String(jobs))}</output>
      <button type="button" className="jp-mod-styled" disabled={disabled} onClick={onPreview}>
        {trans.__('Preview')}
      </button>
      <button type="button" className="jp-mod-styled jp-mod-accept" disabled={disabled} onClick={onRunBatch}>
        {trans.__('Run batch')}
      </button>
    </div>
  );
}
