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
  const box = React.useRef<HTMLDivElement>(null);
  const left = useWayBack(box, opened);
  return (
    <>
      <div className="pt-Scroll" ref={box}>
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
              {!opened && <Entries jobs={jobs} left={left} actions={actions} trans={trans} />}
            </>
          )}
        </UseSignal>
      </div>
      <CompareBar chosen={chosen} onCompare={onCompare} onClear={onClear} trans={trans} />
    </>
  );
}

/**
 * Begin at the top of a batch that is opened, and come back to where it was left; the focus goes along, since what had
 * it has gone. Returns the id of the batch that was open last.
 */
function useWayBack(box: React.RefObject<HTMLElement>, opened: BatchJobs | undefined): string {
  const last = React.useRef({ id: '', top: 0 });
  const now = React.useRef(0);
  React.useEffect(() => {
    const scroller = box.current;
    const note = (): void => {
      now.current = scroller?.scrollTop ?? 0;
    };
    scroller?.addEventListener('scroll', note, { passive: true });
    return () => scroller?.removeEventListener('scroll', note);
  }, [box]);
  React.useLayoutEffect(() => {
    const scroller = box.current;
    const focus = (selector: string): void => {
      if (document.activeElement === document.body || scroller?.contains(document.activeElement)) {
        scroller?.querySelector<HTMLElement>(selector)?.focus({ preventScroll: true });
      }
    };
    if (opened) {
      last.current = { id: opened.batch.id, top: now.current };
      scroller?.scrollTo({ top: 0 });
      focus('.pt-Back');
    } else if (last.current.id) {
      scroller?.scrollTo({ top: last.current.top });
      focus(`[data-batch="${CSS.escape(last.current.id)}"] button`);
    }
  }, [box, opened]);
  return last.current.id;
}

interface EntriesProps extends Pick<JobsSectionProps, 'jobs' | 'actions' | 'trans'> {
  /** The batch that was open last, which is drawn in any case: it gets the focus back. */
  readonly left: string;
}

function Entries({ jobs, left, actions, trans }: EntriesProps): React.ReactElement {
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
        always={keys.indexOf(left)}
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
