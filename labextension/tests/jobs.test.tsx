import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Api, Job, JobState } from '../src/api';
import { JobCard } from '../src/reports/JobCard';
import { Jobs } from '../src/reports/jobs';
import { durationText } from '../src/reports/words';
import { ACTIONS, job } from './batches';

const trans = nullTranslator.load('pulsetrain');

afterEach(cleanup);

describe('a job', () => {
  it.each<[JobState, string[]]>([
    ['queued', ['Notebook', 'Stop', 'Reuse', 'Log']],
    ['running', ['Notebook', 'Stop', 'Reuse', 'Log']],
    ['stopping', ['Notebook', 'Reuse', 'Log']],
    ['stopped', ['Notebook', 'Resume', 'Reuse', 'Log']],
    ['failed', ['Notebook', 'Resume', 'Reuse', 'Log']],
    ['dead', ['Notebook', 'Resume', 'Reuse', 'Log']],
    ['done', ['Notebook', 'Reuse', 'Log']]
  ])('that is %s offers %j', (state, buttons) => {
    render(<JobCard job={job({ state })} following={undefined} actions={ACTIONS} trans={trans} />);
    expect(screen.getAllByRole('button').map(button => button.textContent)).toEqual(buttons);
  });

  it('of somebody else is only to be read', () => {
    const theirs = job({ state: 'failed', mine: false, user: 'grace' });
    render(<JobCard job={theirs} following={undefined} actions={ACTIONS} trans={trans} />);
    expect(screen.getByText('of grace, only to be read')).toBeTruthy();
    expect(screen.getAllByRole('button').map(button => button.textContent)).toEqual([
      'Notebook',
      'Reuse',
      'Log'
    ]);
  });

  it('that failed shows the cell where it ended, with what that has put out', () => {
    const cell = { number: 3, cells: 5, source: 'fit(x)', output: 'ValueError: no peaks' };
    const failed = job({ state: 'failed', metrics: { hits: 12, rate: 0.123456, spectrum: [1, 2] } });
    render(<JobCard job={failed} following={{ log: '', cell }} actions={ACTIONS} trans={trans} />);
    expect(screen.getByLabelText('Source of the cell').textContent).toBe('fit(x)');
    expect(screen.getByLabelText('Output of the cell').textContent).toBe('ValueError: no peaks');
    expect(screen.getAllByRole('definition').map(value => value.textContent)).toEqual(['12', '0.1235']);
  });

  it('with hundreds of measures tells the first of them, and how many more there are', () => {
    const metrics = Object.fromEntries(Array.from({ length: 500 }, (_, place) => [`m${place}`, place]));
    render(
      <JobCard job={job({ state: 'done', metrics })} following={undefined} actions={ACTIONS} trans={trans} />
    );
    expect(screen.getAllByRole('definition').length).toBe(12);
    expect(screen.getByText('and 488 more measures, in the report')).toBeTruthy();
  });

  it.each<[Job['parameters'], string]>([
    [{ path: '/gpfs/p900001/LaMnO3_pdf/', steps: 10 }, 'LaMnO3_pdf'],
    [{ path: 'scan.h5' }, 'scan.h5'],
    [{ pulses: 3, sample: 'a b', runs: [1, 2] }, 'pulses = 3, sample = a b, runs = [1,2]']
  ])('with %j is told apart as %s', (parameters, text) => {
    render(<JobCard job={job({ parameters })} following={undefined} actions={ACTIONS} trans={trans} />);
    expect(screen.getByTitle(text).textContent).toBe(text);
  });

  it('says how far it is and how long it will take', () => {
    render(<JobCard job={job()} following={undefined} actions={ACTIONS} trans={trans} />);
    expect(screen.getByText('cell 2 of 5, 2 min left')).toBeTruthy();
    const bar = screen.getByRole('progressbar') as HTMLProgressElement;
    expect([bar.value, bar.max]).toEqual([2, 5]);
  });

  it.each([
    [0, '1 s'],
    [89, '89 s'],
    [90, '2 min'],
    [7500, '2 h 5 min']
  ])('%d seconds are %s', (seconds, text) => {
    expect(durationText(seconds, trans)).toBe(text);
  });
});

describe('the list of jobs', () => {
  function listed(log: string) {
    const api = {
      list: vi.fn(async () => ({ total: 1, jobs: [job()] })),
      log: vi.fn(async (_id: string, offset: number) => ({
        text: log.slice(offset < 0 ? Math.max(0, log.length + offset) : offset),
        offset: log.length
      })),
      cell: vi.fn(async () => ({ number: 2, cells: 5, source: 'fit()', output: 'step 3' })),
      resume: vi.fn(async () => job({ state: 'queued' }))
    };
    return {
      api,
      jobs: new Jobs({ jobs: api, batches: { list: async () => [] } } as unknown as Api, () => true)
    };
  }

  it('reads each byte of a followed log once', async () => {
    const { api, jobs } = listed('first\n');
    await jobs.follow('a', true);
    await vi.waitFor(() => expect(jobs.following('a')?.log).toBe('first\n'));
    await jobs.refresh();
    await vi.waitFor(() => expect(api.log).toHaveBeenLastCalledWith('a', 6));
    expect(jobs.following('a')?.log).toBe('first\n');
    jobs.dispose();
  });

  it('begins the log anew with a new attempt', async () => {
    const { api, jobs } = listed('first\n');
    await jobs.follow('a', true);
    await vi.waitFor(() => expect(jobs.following('a')?.log).toBe('first\n'));
    await jobs.resume('a');
    expect(jobs.list[0]?.state).toBe('queued');
    await vi.waitFor(() => expect(api.log.mock.lastCall?.[1]).toBeLessThan(0));
    jobs.dispose();
  });

  it('says so when the server does not answer, and asks again', async () => {
    const { api, jobs } = listed('');
    const told: string[] = [];
    jobs.changed.connect(() => told.push(jobs.trouble));
    api.list.mockRejectedValueOnce(new Error('502 Bad Gateway'));
    await jobs.refresh();
    await vi.waitFor(() => expect(told).toContain('502 Bad Gateway'), { timeout: 5000 });
    await vi.waitFor(() => expect(jobs.trouble).toBe(''), { timeout: 20_000 });
    expect(jobs.known).toBe(true);
    jobs.dispose();
  }, 25_000);
});
