import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Batch } from '../api';
import { CountsBar } from './CountsBar';
import { Owner } from './JobCard';
import { isBusy, isUnfinished } from './jobs';
import { durationText, gridText } from './words';

/** What can be done with a batch. */
export interface BatchActions {
  /** Show its jobs. */
  readonly openBatch: (batch: Batch) => void;
  readonly openComparison: (batch: Batch) => void;
  readonly stopBatch: (batch: Batch) => void;
  /** Run what did not finish once more. */
  readonly resumeBatch: (batch: Batch) => void;
  /** Fill the form with what the batch was made of. */
  readonly reuseBatch: (batch: Batch) => void;
  /** Address of its table. */
  readonly tableUrl: (batch: Batch) => string;
}

interface BatchCardProps {
  readonly batch: Batch;
  /** Whether its jobs are shown below. */
  readonly open?: boolean;
  readonly actions: BatchActions;
  readonly trans: TranslationBundle;
}

/** A batch: what it goes over, how far it is, and what can be done with it. */
export function BatchCard({ batch, open = false, actions, trans }: BatchCardProps): React.ReactElement {
  const act = (text: string, todo: (batch: Batch) => void, hint?: string): React.ReactElement => (
    <button type="button" className="jp-mod-styled" title={hint} onClick={() => todo(batch)}>
      {text}
    </button>
  );
  const busy = isBusy(batch);
  const over = gridText(batch, trans);
  const left = busy && batch.eta !== null ? trans.__('about %1 left', durationText(batch.eta, trans)) : '';
  return (
    <div className="pt-Job pt-Batch" data-batch={batch.id}>
      <div className="pt-Job-head">
        <span className="pt-Job-title" title={batch.title}>
          {batch.title}
        </span>
        <span className="pt-Job-state">
          {trans._n('%1 job', '%1 jobs', batch.total, String(batch.total))}
        </span>
      </div>
      {over && (
        <div className="pt-Job-input" title={over}>
          {over}
        </div>
      )}
      <div className="pt-Job-when" title={batch.id}>
        {[new Date(batch.submitted * 1000).toLocaleString(), batch.executor.name].join(' · ')}
      </div>
      {!batch.mine && <Owner user={batch.user} trans={trans} />}
      <CountsBar counts={batch.counts} total={batch.total} label={batch.title} note={left} trans={trans} />
      {batch.message && <div className="pt-Job-message">{batch.message}</div>}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here */}
      <div className="pt-Job-actions" role="group" aria-label={trans.__('%1: actions', batch.title)}>
        {!open && act(trans.__('Open'), actions.openBatch, trans.__('Show its jobs'))}
        {batch.comparison && act(trans.__('Comparison'), actions.openComparison)}
        {open && batch.comparison && (
          <a className="pt-Link" href={actions.tableUrl(batch)} download={`${batch.id}.csv`}>
            {trans.__('Table (CSV)')}
          </a>
        )}
        {batch.mine && busy && act(trans.__('Stop'), actions.stopBatch)}
        {batch.mine &&
          isUnfinished(batch) &&
          act(trans.__('Resume'), actions.resumeBatch, trans.__('Run only what did not finish once more'))}
        {act(trans.__('Reuse'), actions.reuseBatch, trans.__('Fill the form with these values'))}
      </div>
    </div>
  );
}
