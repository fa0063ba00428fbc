import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job } from '../api';
import type { Following } from './followed';
import { type JobActions, JobDetails } from './JobDetails';
import { measuresOf, measureText, orderedBy } from './measures';
import { jobName, stateText } from './words';

/** Measures that a row has room for at most. */
const MEASURES = 8;

interface BatchRowProps {
  /** The job, undefined where it has not been read yet. */
  readonly job: Job | undefined;
  /** Its place, counted from 0. */
  readonly row: number;
  /** What the list is ordered by. */
  readonly order: string;
  /** Whether the keyboard's way through the list leads by this row. */
  readonly isActive: boolean;
  /** Whether its card is open. */
  readonly isOpen: boolean;
  readonly following: Following | undefined;
  readonly actions: JobActions;
  readonly onOpen: (job: Job) => void;
  readonly trans: TranslationBundle;
}

/** One job of a batch in two lines, and its card where that is open. */
export function BatchRow(props: BatchRowProps): React.ReactElement {
  const { job, row, order, isActive, isOpen, following, actions, onOpen, trans } = props;
  if (!job) {
    return <div className="pt-Row pt-mod-unread">{trans.__('Job %1 …', String(row + 1))}</div>;
  }
  const name = jobName(job) || job.id;
  const tabIndex = isActive ? 0 : -1;
  const cardId = `pt-card-${job.id}`;
  return (
    <div className={`pt-mod-${job.state}${isOpen ? ' pt-mod-open' : ''}`} data-job={job.id}>
      <div className="pt-Row">
        <input
          type="checkbox"
          tabIndex={tabIndex}
          aria-label={trans.__('Compare %1', name)}
          title={trans.__('Choose two jobs to compare them')}
          checked={actions.isChosen(job)}
          onChange={() => actions.choose(job)}
        />
        <button
          type="button"
          className="pt-Row-button"
          tabIndex={tabIndex}
          aria-expanded={isOpen}
          aria-controls={isOpen ? cardId : undefined}
          onClick={() => onOpen(job)}
        >
          <span className="pt-Row-name" title={name}>
            {name.replaceAll(' = ', '\u00a0=\u00a0')}
          </span>
          <span className="pt-Row-note">
            <span className="pt-Row-state">{stateText(job.state, trans)}</span>
            {noteOf(job, order, trans)}
          </span>
        </button>
      </div>
      {isOpen && (
        // biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here
        <div id={cardId} className="pt-Row-card" role="group" aria-label={name}>
          <JobDetails job={job} following={following} actions={actions} trans={trans} />
        </div>
      )}
    </div>
  );
}

/** What is most worth knowing: the measures of a finished job, how far one at work is, what another waits for. */
function noteOf(job: Job, order: string, trans: TranslationBundle): string {
  const wanted = orderedBy(order);
  const found = measuresOf(job);
  const measures = [
    ...found.filter(({ name }) => name === wanted),
    ...found.filter(({ name }) => name !== wanted)
  ]
    .slice(0, MEASURES)
    .map(measureText)
    .join(' · ');
  if (measures) {
    return measures;
  }
  switch (job.state) {
    case 'running':
    case 'stopping':
      return [trans.__('cell %1 of %2', String(job.cell), String(job.cells)), job.node]
        .filter(Boolean)
        .join(' · ');
    case 'queued':
      return [job.message, job.queue].filter(Boolean).join(' · ');
    default:
      return job.message;
  }
}
