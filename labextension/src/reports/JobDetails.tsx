import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job, LiveCell } from '../api';
import type { Following } from './followed';
import { isAtWork } from './jobs';
import { measuresOf, valueText } from './measures';
import { durationText } from './words';

/** Measures that are told of a job; its report has all of them. */
const MEASURES = 12;

/** What can be done with a job. */
export interface JobActions {
  readonly stop: (job: Job) => void;
  readonly resume: (job: Job) => void;
  readonly openReport: (job: Job) => void;
  readonly openNotebook: (job: Job) => void;
  /** Fill the form with the job's values. */
  readonly reuse: (job: Job) => void;
  readonly follow: (job: Job, wanted: boolean) => void;
  /** Choose the job for a comparison, or no longer. */
  readonly choose: (job: Job) => void;
  readonly isChosen: (job: Job) => boolean;
}

interface JobDetailsProps {
  readonly job: Job;
  /** What is followed of it, undefined where nothing is. */
  readonly following: Following | undefined;
  readonly actions: JobActions;
  readonly trans: TranslationBundle;
}

/** How far a job is, where, why, and what can be done with it. */
export function JobDetails({ job, following, actions, trans }: JobDetailsProps): React.ReactElement {
  const act = (text: string, todo: (job: Job) => void): React.ReactElement => (
    <button type="button" className="jp-mod-styled" onClick={() => todo(job)}>
      {text}
    </button>
  );
  const measures = measuresOf(job);
  const more = measures.length - MEASURES;
  const where = [job.queue, job.node].filter(Boolean).join(' · ');
  return (
    <>
      {job.state !== 'done' && job.cells > 0 && <Progress job={job} trans={trans} />}
      {where && <div className="pt-Job-where">{where}</div>}
      {job.message && job.state !== 'running' && <div className="pt-Job-message">{job.message}</div>}
      {measures.length > 0 && (
        <dl className="pt-Measures">
          {measures.slice(0, MEASURES).map(measure => (
            <div key={measure.name}>
              <dt>{measure.name}</dt>
              <dd>{valueText(measure)}</dd>
            </div>
          ))}
        </dl>
      )}
      {more > 0 && (
        <div className="pt-Job-where">
          {trans._n(
            'and %1 more measure, in the report',
            'and %1 more measures, in the report',
            more,
            String(more)
          )}
        </div>
      )}
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here */}
      <div className="pt-Job-actions" role="group" aria-label={trans.__('%1: actions', job.title)}>
        {job.report && act(trans.__('Report'), actions.openReport)}
        {job.notebook !== null && act(trans.__('Notebook'), actions.openNotebook)}
        {job.mine && isAtWork(job) && job.state !== 'stopping' && act(trans.__('Stop'), actions.stop)}
        {job.mine && !isAtWork(job) && job.state !== 'done' && act(trans.__('Resume'), actions.resume)}
        {act(trans.__('Reuse'), actions.reuse)}
        <button
          type="button"
          className="jp-mod-styled"
          aria-expanded={following !== undefined}
          onClick={() => actions.follow(job, following === undefined)}
        >
          {trans.__('Log')}
        </button>
      </div>
      {following?.cell && <PresentCell cell={following.cell} isAtWork={isAtWork(job)} trans={trans} />}
      {following && <Tail text={following.log} label={trans.__('Log')} trans={trans} />}
    </>
  );
}

function Progress({ job, trans }: Pick<JobDetailsProps, 'job' | 'trans'>): React.ReactElement {
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

/** The source of the cell that a job has come to; where it ended there, what it had put out: mostly what went wrong. */
function PresentCell({
  cell,
  isAtWork,
  trans
}: {
  readonly cell: LiveCell;
  /** Whether it still writes; the log below shows what. */
  readonly isAtWork: boolean;
  readonly trans: TranslationBundle;
}): React.ReactElement {
  return (
    <figure className="pt-Cell">
      <figcaption>{isAtWork ? trans.__('At work') : trans.__('Where it ended')}</figcaption>
      <CellText className="pt-Cell-source" text={cell.source} label={trans.__('Source of the cell')} />
      {!isAtWork && cell.output && <CellText text={cell.output} label={trans.__('Output of the cell')} />}
    </figure>
  );
}

function CellText({
  text,
  label,
  className = ''
}: {
  readonly text: string;
  readonly label: string;
  readonly className?: string;
}): React.ReactElement {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <section className={`pt-Cell-text ${className}`} tabIndex={0} aria-label={label}>
      <pre>{text}</pre>
    </section>
  );
}

/** The end of a text that grows, scrolled to its end as it does. */
function Tail({
  text,
  label,
  trans
}: {
  readonly text: string;
  readonly label: string;
  readonly trans: TranslationBundle;
}): React.ReactElement {
  const box = React.useRef<HTMLPreElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: it is the text's growth that scrolls
  React.useEffect(() => {
    box.current?.scrollTo({ top: box.current.scrollHeight });
  }, [text]);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard
    <pre ref={box} className="pt-Job-log" tabIndex={0} role="log" aria-live="off" aria-label={label}>
      {text || trans.__('(empty)')}
    </pre>
  );
}
