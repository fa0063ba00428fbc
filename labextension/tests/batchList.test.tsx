import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Api, Batch, BatchJobQuery, Job, JobPage } from '../src/api';
import { Announcer } from '../src/reports/Announcer';
import { BatchCard } from '../src/reports/BatchCard';
import { BatchJobs } from '../src/reports/batchJobs';
import { Jobs } from '../src/reports/jobs';
import { batch, job } from './batches';

const trans = nullTranslator.load('pulsetrain');
const nothing = () => undefined;
const ACTIONS = {
  openBatch: nothing,
  openComparison: nothing,
  stopBatch: nothing,
  resumeBatch: nothing,
  reuseBatch: nothing,
  tableUrl: () => 'table.csv'
};

afterEach(cleanup);

describe('a batch', () => {
  it.each<[string, Partial<Batch>, string[]]>([
    ['at work', {}, ['Open', 'Comparison', 'Stop', 'Reuse']],
    ['without results', { comparison: false }, ['Open', 'Stop', 'Reuse']],
    ['partly failed', { counts: { done: 90, failed: 10 } }, ['Open', 'Comparison', 'Resume', 'Reuse']],
    ['done', { counts: { done: 100 } }, ['Open', 'Comparison', 'Reuse']],
    ["somebody else's", { mine: false }, ['Open', 'Comparison', 'Reuse']]
  ])('that is %s offers what can be done', (_, changes, buttons) => {
    render(<BatchCard batch={batch(changes)} actions={ACTIONS} trans={trans} />);
    expect(screen.getAllByRole('button').map(button => button.textContent)).toEqual(buttons);
  });

  it('says in words what its bar shows in colours', () => {
    render(<BatchCard batch={batch()} actions={ACTIONS} trans={trans} />);
    expect(screen.getByText('runs 1-50 × min_snr: 4, 5')).toBeTruthy();
    expect(screen.getByText('60 done')).toBeTruthy();
    expect(screen.getByText('about 10 min left')).toBeTruthy();
    const bar = screen.getByRole('progressbar');
    expect(['aria-valuenow', 'aria-valuemax', 'aria-valuetext'].map(name => bar.getAttribute(name))).toEqual([
      '60',
      '100',
      '60 done, 2 running, 38 queued'
    ]);
  });
});

describe('what is said aloud', () => {
  it('is how a batch has ended, and not each step of its thousand jobs', () => {
    const said = (counts: Batch['counts'], jobs: readonly Job[] = []) => (
      <Announcer jobs={jobs} batches={[batch({ counts })]} trans={trans} />
    );
    const { container, rerender } = render(said({ queued: 3 }));
    rerender(said({ queued: 1, running: 1, done: 1 }));
    expect(container.textContent).toBe('');
    rerender(said({ done: 2, failed: 1 }));
    expect(container.textContent).toBe('Tuning: ended, 2 done, 1 failed');
    rerender(said({ done: 2, failed: 1 }, [job({ id: '2020', state: 'done' })]));
    expect(container.textContent, 'what is old and only now listed is no news').toMatch(/^Tuning/);
    rerender(said({ done: 2, failed: 1 }, [job({ id: '2027', state: 'queued' })]));
    expect(container.textContent).toBe('Spectra: queued');
  });
});

describe('the jobs of a batch', () => {
  function opened(total: number) {
    const jobs = vi.fn(
      async (_id: string, { offset = 0, limit = 0 }: BatchJobQuery): Promise<JobPage> => ({
        total,
        jobs: Array.from({ length: Math.min(limit, total - offset) }, (_, place) =>
          job({ id: `j${offset + place}` })
        )
      })
    );
    const ended = batch({ counts: { done: total } }); // which is looked at but every few seconds
    const api = { batches: { one: async () => ended, jobs } } as unknown as Api;
    return { jobs, list: new BatchJobs(api, ended, () => true) };
  }
  const offsets = (jobs: ReturnType<typeof opened>['jobs']) =>
    [...new Set(jobs.mock.calls.map(([, { offset }]) => offset))].sort();

  it('are read as they come into view', async () => {
    const { jobs, list } = opened(1000);
    await vi.waitFor(() => expect(list.at(0)?.id).toBe('j0'));
    expect(offsets(jobs)).toEqual([0]);
    list.view({ first: 740, end: 760 });
    await vi.waitFor(() => expect(list.at(751)?.id).toBe('j751'));
    expect(offsets(jobs)).toEqual([0, 700, 750]);
    expect(list.at(400)).toBeUndefined();
    list.dispose();
  });

  it('are asked for once more where others are wanted before the answer has come', async () => {
    const { jobs, list } = opened(3);
    await vi.waitFor(() => expect(list.known).toBe(true));
    let answer: (page: JobPage) => void = () => undefined;
    jobs.mockImplementationOnce(() => new Promise(resolve => (answer = resolve)));
    list.list({ state: '', search: '', order: 'hits' });
    await vi.waitFor(() => expect(jobs.mock.lastCall?.[1].order).toBe('hits'));
    list.list({ state: '', search: '', order: '-hits' });
    await new Promise(resolve => setTimeout(resolve, 20));
    answer({ total: 1, jobs: [job({ id: 'late' })] });
    await vi.waitFor(() => expect(jobs.mock.lastCall?.[1].order).toBe('-hits'), { timeout: 3000 });
    await vi.waitFor(() => expect(list.total).toBe(3));
    list.dispose();
  });

  it('are no longer followed when others are listed and the card has closed', async () => {
    const { list } = opened(3);
    await vi.waitFor(() => expect(list.known).toBe(true));
    list.select('j1');
    expect(list.following('j1')).toBeDefined();
    list.list({ state: 'failed', search: '', order: '' });
    expect([list.selected, list.following('j1')]).toEqual(['', undefined]);
    list.dispose();
  });

  it('are asked for as they are to be listed, once the typing has paused', async () => {
    const { jobs, list } = opened(3);
    await vi.waitFor(() => expect(list.known).toBe(true));
    list.list({ state: 'failed', search: 'r', order: '-hits' });
    list.list({ state: 'failed', search: 'run = 2', order: '-hits' });
    const asked = { state: 'failed', search: 'run=2', order: '-hits' };
    await vi.waitFor(() => expect(jobs.mock.lastCall?.[1]).toMatchObject(asked));
    expect(jobs.mock.calls.filter(([, query]) => query.search === 'r')).toEqual([]);
    list.dispose();
  });
});

describe('jobs and batches together', () => {
  it('are told newest first, more of them as the end comes into view', async () => {
    const known = Array.from({ length: 120 }, (_, place) =>
      job({ id: `2026-${String(120 - place).padStart(3, '0')}` })
    );
    const list = vi.fn(async ({ offset = 0, limit = 0 }) => ({
      total: known.length,
      jobs: known.slice(offset, offset + limit)
    }));
    const batches = [batch({ id: '2026-119b' }), batch({ id: '2026-000b' })];
    const jobs = new Jobs(
      { jobs: { list }, batches: { list: async () => batches } } as unknown as Api,
      () => true
    );
    const ids = () => jobs.entries.map(({ id }) => id);
    await jobs.refresh();
    await vi.waitFor(() => expect(ids().slice(0, 3)).toEqual(['2026-120', '2026-119b', '2026-119']));
    expect(jobs.entries.length, 'the old batch waits for the jobs before it').toBe(51);
    jobs.view(40, 51);
    await vi.waitFor(() => expect(jobs.entries.length).toBe(101));
    jobs.view(90, 101);
    await vi.waitFor(() => expect(ids().at(-1)).toBe('2026-000b'));
    expect(jobs.entries.length).toBe(122);
    known.splice(3, 1);
    await jobs.refresh();
    await vi.waitFor(() => expect(ids(), 'what has gone is gone').not.toContain('2026-117'));
    expect(jobs.entries.length).toBe(121);
    jobs.dispose();
  });
});
