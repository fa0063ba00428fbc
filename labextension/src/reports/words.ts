import type { TranslationBundle } from '@jupyterlab/translation';
import type { Batch, Counts, Job, JobState, Values } from '../api';
import { showValue } from './grid';

/** The states in the order in which they are told. */
export const STATES: readonly JobState[] = [
  'done',
  'running',
  'stopping',
  'queued',
  'stopped',
  'failed',
  'dead'
];

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

/** How many jobs are in which state: "4 done, 1 failed". */
export function countsText(counts: Counts, trans: TranslationBundle): string {
  return STATES.filter(state => counts[state])
    .map(state => trans.__('%1 %2', String(counts[state]), stateText(state, trans)))
    .join(', ');
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

/** The name of the file or folder that a job reads, by which those of one template are told apart. */
export function inputName({ parameters: { path } }: Pick<Job, 'parameters'>): string {
  return typeof path === 'string' ? (path.split('/').filter(Boolean).pop() ?? '') : '';
}

/** Values by name: "min_snr = 4, run = 12". */
export function valuesText(values: Values): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${showValue(value)}`)
    .join(', ');
}

/** What tells a job from the others: its varied values in a batch, else what it reads, else what was given. */
export function jobName(job: Job): string {
  return valuesText(job.varied) || inputName(job) || valuesText(job.parameters);
}

/** What a batch goes over: "runs 10-25 × min_snr: 4, 5, 6". */
export function gridText({ runs, grid }: Pick<Batch, 'runs' | 'grid'>, trans: TranslationBundle): string {
  const axes = Object.entries(grid).map(([name, values]) => `${name}: ${values.map(showValue).join(', ')}`);
  return [...(runs ? [trans.__('runs %1', runs)] : []), ...axes].join(' × ');
}
