import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job } from '../api';
import type { Following } from './followed';
import { type JobActions, JobDetails } from './JobDetails';
import { jobName, stateText } from './words';

interface JobCardProps {
  readonly job: Job;
  /** What is followed of it, undefined where nothing is. */
  readonly following: Following | undefined;
  readonly actions: JobActions;
  readonly trans: TranslationBundle;
}

/** One job by itself: what it is, how far it is, and what can be done with it. */
export function JobCard(props: JobCardProps): React.ReactElement {
  const { job, actions, trans } = props;
  const name = jobName(job);
  return (
    <div className={`pt-Job pt-mod-${job.state}`} data-job={job.id}>
      <div className="pt-Job-head">
        <span className="pt-Job-title" title={job.title}>
          {job.title}
        </span>
        <span className="pt-Job-state">{stateText(job.state, trans)}</span>
      </div>
      {name && (
        <div className="pt-Job-input" title={name}>
          {name}
        </div>
      )}
      <div className="pt-Job-when" title={job.id}>
        <span>{new Date(job.submitted * 1000).toLocaleString()}</span>
        <label className="pt-Choose">
          <input type="checkbox" checked={actions.isChosen(job)} onChange={() => actions.choose(job)} />
          {trans.__('Compare')}
        </label>
      </div>
      {!job.mine && <Owner user={job.user} trans={trans} />}
      <JobDetails {...props} />
    </div>
  );
}

/** Whose something is that can only be read. */
export function Owner({
  user,
  trans
}: {
  readonly user: string;
  readonly trans: TranslationBundle;
}): React.ReactElement {
  return <div className="pt-Job-owner">{trans.__('of %1, only to be read', user)}</div>;
}
