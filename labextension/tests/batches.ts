import type { Batch, Executor, Job } from '../src/api';

/** A batch of a hundred jobs at work. */
export function batch(changes: Partial<Batch> = {}): Batch {
  return {
    id: '20261123-044500-tuning-d4e5f6',
    title: 'Tuning',
    template: 'tuning',
    submitted: 1,
    executor: { name: 'local' },
    counts: { done: 60, running: 2, queued: 38 },
    total: 100,
    eta: 600,
    varied: ['run', 'min_snr'],
    runs: '1-50',
    grid: { min_snr: [4, 5] },
    parameters: { title: 'x' },
    comparison: true,
    message: '',
    user: 'ada',
    mine: true,
    ...changes
  };
}

export function job(changes: Partial<Job> = {}): Job {
  return {
    id: 'a',
    title: 'Spectra',
    template: 'spectra',
    state: 'running',
    message: '',
    cell: 2,
    cells: 5,
    eta: 100,
    submitted: 1,
    started: null,
    finished: null,
    parameters: {},
    notebook: 'pulsetrain-jobs/a/notebook.ipynb',
    report: false,
    batch: null,
    varied: {},
    metrics: {},
    executor: 'local',
    queue: '',
    node: '',
    user: 'ada',
    mine: true,
    ...changes
  };
}

const nothing = () => undefined;

/** What can be done with a job, for those who only look. */
export const ACTIONS = {
  stop: nothing,
  resume: nothing,
  openReport: nothing,
  openNotebook: nothing,
  reuse: nothing,
  follow: nothing,
  choose: nothing,
  isChosen: () => false
};

export const EXECUTORS: readonly Executor[] = [
  {
    name: 'local',
    title: 'This machine',
    trouble: '',
    schema: {
      properties: { slots: { anyOf: [{ type: 'integer', minimum: 1 }, { type: 'null' }], default: null } }
    }
  },
  {
    name: 'slurm',
    title: 'SLURM',
    trouble: '',
    schema: {
      properties: {
        preset: { type: 'string', enum: ['', 'upex'], default: '' },
        partition: { type: 'string', default: '' },
        time_limit: {
          anyOf: [{ type: 'integer', minimum: 1, maximum: 43200 }, { type: 'null' }],
          default: null
        }
      },
      presets: { upex: { partition: 'upex', time_limit: 480 } }
    }
  },
  { name: 'dask', title: 'Dask', trouble: 'distributed is not installed', schema: {} }
];
