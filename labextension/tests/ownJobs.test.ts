import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Counts } from '../src/api';
import { OwnJobs } from '../src/statusbar/OwnJobs';

describe('the jobs of the status bar', () => {
  let counts: Counts;
  let asked: number;
  let kept: number;
  let jobs: OwnJobs;

  function watch(): OwnJobs {
    const requests = {
      counts: async () => {
        asked += 1;
        return counts;
      }
    };
    const memory = {
      fetch: async () => kept,
      save: async (failed: number) => {
        kept = failed;
      }
    };
    return new OwnJobs(requests, memory);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    counts = { running: 2, stopping: 1, queued: 4, failed: 3, dead: 1, done: 90 };
    asked = 0;
    kept = 3;
    jobs = watch();
  });
  afterEach(() => {
    jobs.dispose();
    vi.useRealTimers();
  });

  it('are those at work, those that wait, and failures that nobody has seen', async () => {
    await vi.advanceTimersByTimeAsync(30_000);
    expect([jobs.running, jobs.queued, jobs.failed]).toEqual([3, 4, 1]);
  });

  it('have no failures once these were looked at, until another one fails', async () => {
    await vi.advanceTimersByTimeAsync(30_000);
    jobs.see();
    expect([jobs.failed, kept]).toEqual([0, 4]);
    counts = { ...counts, failed: 5 };
    await vi.advanceTimersByTimeAsync(30_000);
    expect(jobs.failed).toBe(2);
  });

  it('show a failure anew after others have been deleted', async () => {
    counts = { failed: 1 };
    await vi.advanceTimersByTimeAsync(30_000);
    expect([jobs.failed, kept]).toEqual([0, 1]);
    counts = { failed: 2 };
    await vi.advanceTimersByTimeAsync(30_000);
    expect(jobs.failed).toBe(1);
  });

  it('are asked for seldom, and more seldom while nothing is at work', async () => {
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeLessThan(15);
    counts = {};
    await vi.advanceTimersByTimeAsync(30_000);
    asked = 0;
    await vi.advanceTimersByTimeAsync(60_000);
    expect(asked).toBeGreaterThan(1);
    expect(asked).toBeLessThan(5);
  });
});
