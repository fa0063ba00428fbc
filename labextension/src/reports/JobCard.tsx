import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job, JobState } from '../api';
import { isAtWork } from './jobs';

/** What can be done with a job. */
export interface JobActions {
  readonly stop: (job: Job) => void;
  readonly resume: (job: Job) => void;
  readonly openReport: (job: Job) => void;
  readonly openNotebook: (job: Job) => void;
  /** Fill the form with the job's values. */
  readonly reuse: (job: Job) => void;
  readonly followLog: (job: Job, wanted: boolean) => void;
}

interface JobCardProps {
  readonly job: Job;
  /** The followed log, undefined where it is not followed. */
  readonly log: string | undefined;
  readonly actions: JobActions;
  readonly trans: TranslationBundle;
}

/** One job: what it is, how far it is, and what can be done with it. */
export function JobCard({ job, log, actions, trans }: JobCardProps): React.ReactElement {
  const act = (text: string, todo: (job: Job) => void): React.ReactElement => (
    <button type="button" className="jp-mod-styled" onClick={() => todo(job)}>
      {text}
    </button>
  );
  const input = inputName(job) || valuesText(job);
  return (
    <li className={`pt-Job pt-mod-${job.state}`} data-job={job.id}>
      <div className="pt-Job-head">
        <span className="pt-Job-title" title={job.title}>
          {job.title}
        </span>
        <span className="pt-Job-state">{stateText(job.state, trans)}</span>
      </div>
      {input && (
        <div className="pt-Job-input" title={input}>
          {input}
        </div>
      )}
      <div className="pt-Job-when" title={job.id}>
        {new Date(job.submitted * 1000).toLocaleString()}
      </div>
      {job.state !== 'done' && job.cells > 0 && <Progress job={job} trans={trans} />}
      {job.message && job.state !== 'running' && <div className="pt-Job-message">{job.message}</div>}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here */}
      <div className="pt-Job-actions" role="group" aria-label={trans.__('%1: actions', job.title)}>
        {job.report && act(trans.__('Report'), actions.openReport)}
        {job.notebook !== null && act(trans.__('Notebook'), actions.openNotebook)}
        {isAtWork(job) && job.state !== 'stopping' && act(trans.__('Stop'), actions.stop)}
        {!isAtWork(job) && job.state !== 'done' && act(trans.__('Resume'), actions.resume)}
        {act(trans.__('Reuse'), actions.reuse)}
        <button
          type="button"
          className="jp-mod-styled"
          aria-expanded={log !== undefined}
          onClick={() => actions.followLog(job, log === undefined)}
        >
          {trans.__('Log')}
        </button>
      </div>
      {log !== undefined && <Log text={log} trans={trans} />}
    </li>
  );
}

/** The name of the file or folder that a job reads, by which those of one template are told apart. */
export function inputName({ parameters: { path } }: Job): string {
  return typeof path === 'string' ? (path.split('/').filter(Boolean).pop() ?? '') : '';
}

/** The values that were given, for a template that reads no file. */
function valuesText(job: Job): string {
  return Object.entries(job.parameters)
    .map(([name, value]) => `${name} = ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}

function Progress({ job, trans }: Pick<JobCardProps, 'job' | 'trans'>): React.ReactElement {
  const left = job.state === 'running' && job.eta !== null ? durationText(job.eta, trans) : '';
  return (
    <div className="pt-Job-progress">
      <progress value={job.cell} max={job.cells} aria-label={trans.__('Cells begun')} />
      <span>
        {trans.__('cell %1 of %2', String(job.cell), String(job.cells))}
        {left && trans.__(', %1 left', left)}
      </span>
    </div>
  );
}

/** The tail of the log, scrolled to its end as it grows. */
function Log({
  text,
  trans
}: {
  readonly text: string;
  readonly trans: TranslationBundle;
}): React.ReactElement {
  const box = React.useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the text's growth that scrolls
  React.useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre ref={box} className="pt-Job-log" tabIndex={0} role="log" aria-label={trans.__('Log')}>
      {text || trans.__('(empty)')}
    </pre>
  );
}

/** A job's state in words. */
export function stateText(state: JobState, trans: TranslationBundle): string {
  switch (state) {
    case 'queued':
      return trans.__('queued');
    case 'running':
      return trans.__('running');
    case 'stopping':
      return trans.__('stopping');
    case 'stopped':
      return trans.__('stopped');
    case 'failed':
      return trans.__('failed');
    case 'dead':
      return trans.__('interrupted');
    case 'done':
      return trans.__('done');
    default:
      return state;
  }
}

/** A rough duration: "40 s", "3 min", "2 h 5 min". */
export function durationText(seconds: number, trans: TranslationBundle): string {
  if (seconds < 90) {
    return trans.__('%1 s', String(Math.max(1, Math.round(seconds))));
  }
  const minutes = Math.round(seconds / 60);
  return minutes < 90
    ? trans.__('%1 min', String(minutes))
    : trans.__('%1 h %2 min', String(Math.floor(minutes / 60)), String(minutes % 60));
}
