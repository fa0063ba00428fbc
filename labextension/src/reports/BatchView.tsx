import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { type BatchActions, BatchCard } from './BatchCard';
import { BatchRow } from './BatchRow';
import { BatchToolbar } from './BatchToolbar';
import type { BatchJobs } from './batchJobs';
import type { JobActions } from './JobDetails';
import { WindowedList } from './WindowedList';
import type { Span } from './windowing';

/** Height of a row that has not been drawn yet, in pixels. */
const ROW = 46;

interface BatchViewProps {
  readonly jobs: BatchJobs;
  readonly actions: JobActions & BatchActions;
  readonly onClose: () => void;
  readonly trans: TranslationBundle;
}

/** One batch and its jobs, of which the page holds only those in view. */
export function BatchView({ jobs, actions, onClose, trans }: BatchViewProps): React.ReactElement {
  const { batch, listing, total } = jobs;
  const [active, setActive] = React.useState(0);
  const view = React.useRef<HTMLDivElement>(null);
  const keys = React.useMemo(() => Array.from({ length: total }, (_, row) => String(row)), [total]);
  const onSpan = React.useCallback((span: Span) => jobs.view(span), [jobs]);
  useStartInView(view, `${listing.state} ${listing.order} ${listing.search}`);
  const current = Math.min(active, Math.max(0, total - 1));

  const go = (row: number): void => {
    const target = Math.max(0, Math.min(row, total - 1));
    setActive(target);
    // The row is drawn in any case, but only after this.
    requestAnimationFrame(() =>
      view.current?.querySelector<HTMLElement>(`[data-row="${target}"] button`)?.focus()
    );
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    const step = STEPS[event.key];
    const isRow = (event.target as Element).matches('.pt-Row-button, .pt-Row input');
    if (step !== undefined && isRow) {
      event.preventDefault();
      go(current + step);
    }
  };
  return (
    <div ref={view} className="pt-BatchView" data-jobs-of={batch.id}>
      <button type="button" className="jp-mod-styled pt-Back" onClick={onClose}>
        {trans.__('‹ All jobs')}
      </button>
      <BatchCard batch={batch} open={true} actions={actions} trans={trans} />
      <BatchToolbar
        batch={batch}
        measures={jobs.measures}
        listing={listing}
        onListing={wanted => jobs.list(wanted)}
        trans={trans}
      />
      {jobs.trouble && (
        <p className="pt-Trouble" role="alert">
          {trans.__('The server does not answer; trying again. (%1)', jobs.trouble)}
        </p>
      )}
      {jobs.known && total === 0 && <p className="pt-Hint">{trans.__('No job is like that.')}</p>}
      <WindowedList
        key={`${listing.state} ${listing.order}`}
        keys={keys}
        guess={ROW}
        always={current}
        label={trans.__('Jobs of %1', batch.title)}
        onSpan={onSpan}
        onKeyDown={onKeyDown}
        render={row => (
          <BatchRow
            job={jobs.at(row)}
            row={row}
            order={listing.order}
            isActive={row === current}
            isOpen={jobs.selected !== '' && jobs.at(row)?.id === jobs.selected}
            following={jobs.selected ? jobs.following(jobs.selected) : undefined}
            actions={actions}
            onOpen={job => {
              setActive(row);
              jobs.select(jobs.selected === job.id ? '' : job.id);
            }}
            trans={trans}
          />
        )}
      />
    </div>
  );
}

/** Come back to the start of the list when others are listed, or in another order. */
function useStartInView(view: React.RefObject<HTMLDivElement>, listing: string): void {
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the listing's change that scrolls
  React.useLayoutEffect(() => {
    const scroller = view.current?.closest('.pt-Scroll');
    const toolbar = view.current?.querySelector('.pt-Toolbar');
    const list = view.current?.querySelector('.pt-Windowed');
    if (scroller && toolbar && list) {
      // The toolbar stays in view while the list is scrolled away beneath it.
      const hidden = toolbar.getBoundingClientRect().bottom - list.getBoundingClientRect().top;
      scroller.scrollTop -= Math.max(0, hidden);
    }
  }, [listing]);
}

/** How far a key goes in the list; the ends stop it. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: 10,
  PageUp: -10,
  Home: Number.NEGATIVE_INFINITY,
  End: Number.POSITIVE_INFINITY
};
