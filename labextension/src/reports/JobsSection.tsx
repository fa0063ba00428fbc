import type { TranslationBundle } from '@jupyterlab/translation';
import { UseSignal } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Job } from '../api';
import { Announcer } from './Announcer';
import { type BatchActions, BatchCard } from './BatchCard';
import { BatchView } from './BatchView';
import type { BatchJobs } from './batchJobs';
import { CompareBar } from './CompareBar';
import { JobCard } from './JobCard';
import type { JobActions } from './JobDetails';
import type { Jobs } from './jobs';
import { WindowedList } from './WindowedList';
import type { Span } from './windowing';

/** Height of a card that has not been drawn yet, in pixels. */
const CARD = 120;

interface JobsSectionProps {
  readonly jobs: Jobs;
  /** The batch whose jobs are shown, if one is. */
  readonly opened: BatchJobs | undefined;
  readonly chosen: readonly Job[];
  readonly actions: JobActions & BatchActions;
  readonly onCloseBatch: () => void;
  readonly onCompare: (first: Job, second: Job) => void;
  readonly onClear: () => void;
  readonly trans: TranslationBundle;
}

/** Jobs and batches, the newest first, or the jobs of one batch. */
export function JobsSection(props: JobsSectionProps): React.ReactElement {
  const { jobs, opened, chosen, actions, onCloseBatch, onCompare, onClear, trans } = props;
  return (
    <>
      <div className="pt-Scroll">
        {opened ? (
          <UseSignal signal={opened.changed}>
            {() => <BatchView jobs={opened} actions={actions} onClose={onCloseBatch} trans={trans} />}
          </UseSignal>
        ) : (
          <h2 className="pt-Heading">{trans.__('Jobs')}</h2>
        )}
        <UseSignal signal={jobs.changed}>
          {() => (
            <>
              <Announcer jobs={jobs.list} batches={jobs.batches} trans={trans} />
              {!opened && <Entries jobs={jobs} actions={actions} trans={trans} />}
            </>
          )}
        </UseSignal>
      </div>
      <CompareBar chosen={chosen} onCompare={onCompare} onClear={onClear} trans={trans} />
    </>
  );
}

function Entries({ jobs, actions, trans }: Pick<JobsSectionProps, 'jobs' | 'actions' | 'trans'>) {
  const { entries } = jobs;
  const keys = React.useMemo(() => entries.map(({ id }) => id), [entries]);
  const onSpan = React.useCallback(({ first, end }: Span) => jobs.view(first, end), [jobs]);
  return (
    <>
      {jobs.trouble && (
        <p className="pt-Trouble" role="alert">
          {trans.__('The server does not answer; trying again. (%1)', jobs.trouble)}
        </p>
      )}
      {jobs.known && entries.length === 0 && (
        <p className="pt-Hint">{trans.__('No report has been run yet.')}</p>
      )}
      <WindowedList
        keys={keys}
        guess={CARD}
        label={trans.__('Jobs and batches')}
        onSpan={onSpan}
        render={row => {
          const entry = entries[row];
          if (!entry) {
            return null;
          }
          return 'batch' in entry ? (
            <BatchCard batch={entry.batch} actions={actions} trans={trans} />
          ) : (
            <JobCard job={entry.job} following={jobs.following(entry.id)} actions={actions} trans={trans} />
          );
        }}
      />
    </>
  );
}
