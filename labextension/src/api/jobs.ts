import type { ReadonlyJSONValue } from '@lumino/coreutils';
import type { Client, Values } from './client';

export type JobState = 'queued' | 'running' | 'stopping' | 'stopped' | 'failed' | 'dead' | 'done';

/** How many jobs are in each state; a state that none is in may be missing. */
export type Counts = { readonly [state in JobState]?: number };

/** What a job folder says of itself. */
export interface Job {
  readonly id: string;
  readonly title: string;
  readonly template: string;
  readonly state: JobState;
  /** What is awaited, or why the job ended, in one line. */
  readonly message: string;
  /** Code cells begun, and in all. */
  readonly cell: number;
  readonly cells: number;
  /** Seconds until the end, where that can be told. */
  readonly eta: number | null;
  /** Seconds since the epoch. */
  readonly submitted: number;
  readonly started: number | null;
  readonly finished: number | null;
  readonly parameters: Values;
  /** Path of the job's notebook for the contents API, null where it lies outside the server's root. */
  readonly notebook: string | null;
  readonly report: boolean;
  /** The batch that the job belongs to, and its values that differ from the others'. */
  readonly batch: string | null;
  readonly varied: Values;
  /** What the notebook displayed as its measures. */
  readonly metrics: { readonly [name: string]: ReadonlyJSONValue };
  readonly executor: string;
  /** What the executor's queue calls the job, and where it has put it; empty where it says nothing. */
  readonly queue: string;
  readonly node: string;
  /** Whose the job is, and whether that is the one who asks: others' jobs are only to be read. */
  readonly user: string;
  readonly mine: boolean;
}

/** Some of the jobs, and how many there are in all. */
export interface JobPage {
  readonly total: number;
  readonly jobs: readonly Job[];
}

/** Which jobs are wanted: a piece of the list, those in a state, those that a text is found in. */
export interface JobQuery {
  readonly offset?: number;
  readonly limit?: number;
  readonly state?: JobState | '';
  readonly search?: string;
}

/** A piece of a job's log. */
export interface LogPiece {
  readonly text: string;
  /** Where the next piece begins, in bytes. */
  readonly offset: number;
}

/** The cell at work, or the one that a job came to. */
export interface LiveCell {
  /** Code cells begun, and in all. */
  readonly number: number;
  readonly cells: number;
  readonly source: string;
  /** The text it has written so far. */
  readonly output: string;
}

/** Requests about jobs, those of batches among them. */
export class JobRequests {
  constructor(private readonly client: Client) {}

  /** Jobs by themselves, the newest first. */
  list(query: JobQuery = {}): Promise<JobPage> {
    return this.client.get(['jobs'], { ...query });
  }

  /** How many of one's own jobs are in each state, those of batches among them. */
  async counts(): Promise<Counts> {
    return (await this.client.get<{ counts: Counts }>(['counts'])).counts;
  }

  one(id: string): Promise<Job> {
    return this.client.get(['jobs', id]);
  }

  /** Queue a report; a refused parameter rejects with a `RefusedError` before a job exists. */
  submit(template: string, parameters: Values): Promise<Job> {
    return this.client.post(['jobs'], { template, parameters });
  }

  stop(id: string): Promise<Job> {
    return this.client.post(['jobs', id, 'stop']);
  }

  resume(id: string): Promise<Job> {
    return this.client.post(['jobs', id, 'resume']);
  }

  /** The log from a byte onwards; a negative offset counts from its end. */
  log(id: string, offset: number): Promise<LogPiece> {
    return this.client.get(['jobs', id, 'log'], { offset });
  }

  cell(id: string): Promise<LiveCell> {
    return this.client.get(['jobs', id, 'cell']);
  }

  /** Address of the report's HTML, which the server sends with a sandbox of its own. */
  reportUrl(id: string): string {
    return this.client.url(['jobs', id, 'report']);
  }

  /** Address of a page that shows two jobs side by side. */
  compareUrl(first: string, second: string): string {
    // The client's query takes each name once.
    return `${this.client.url(['compare'])}?${new URLSearchParams([
      ['job', first],
      ['job', second]
    ])}`;
  }
}
