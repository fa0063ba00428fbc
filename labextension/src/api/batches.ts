import type { ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';
import type { Client, Values } from './client';
import type { Counts, JobPage, JobQuery } from './jobs';

/** The values that a parameter takes in a batch, by its name. */
export type Grid = { readonly [name: string]: readonly ReadonlyJSONValue[] };

/** An executor with its options. */
export type ExecutorChoice = { readonly name: string } & Values;

/** Many jobs of one template. */
export interface Batch {
  readonly id: string;
  readonly title: string;
  readonly template: string;
  /** Seconds since the epoch. */
  readonly submitted: number;
  readonly executor: ExecutorChoice;
  readonly counts: Counts;
  readonly total: number;
  /** Seconds until the last job ends, where that can be told. */
  readonly eta: number | null;
  /** Names of the parameters that differ between its jobs. */
  readonly varied: readonly string[];
  /** Runs as they were typed, such as `10-25,31`; empty where there are none. */
  readonly runs: string;
  readonly grid: Grid;
  readonly parameters: Values;
  /** Whether there is something to compare yet. */
  readonly comparison: boolean;
  readonly message: string;
  /** Whose the batch is, and whether that is the one who asks: others' batches are only to be read. */
  readonly user: string;
  readonly mine: boolean;
}

/** What a batch is to be made of. */
export interface BatchOrder {
  readonly template: string;
  readonly parameters: Values;
  readonly runs: string;
  readonly grid: Grid;
  readonly executor: ExecutorChoice;
}

/** What an order would do. */
export interface BatchPlan {
  /** How many jobs. */
  readonly total: number;
  readonly varied: readonly string[];
  /** The values of the first jobs. */
  readonly rows: readonly Values[];
  /** The cell that the first job's notebook gets. */
  readonly cell: string;
  /** What will be started, such as a script for sbatch. */
  readonly script: string;
  readonly folder: string;
  /** What may be wrong with it, such as paths that are not there. */
  readonly warnings: readonly string[];
}

/** Which jobs of a batch are wanted, and in which order. */
export interface BatchJobQuery extends JobQuery {
  /** A varied parameter, a metric or "state"; "-" in front turns it round. */
  readonly order?: string;
}

/** Something that runs jobs. */
export interface Executor {
  readonly name: string;
  readonly title: string;
  /** Why it cannot be used here, or an empty string. */
  readonly trouble: string;
  /** JSON Schema of its options. */
  readonly schema: ReadonlyJSONObject;
}

/** Requests about batches. */
export class BatchRequests {
  constructor(private readonly client: Client) {}

  /** The newest first. */
  async list(): Promise<readonly Batch[]> {
    return (await this.client.get<{ batches: Batch[] }>(['batches'])).batches;
  }

  one(id: string): Promise<Batch> {
    return this.client.get(['batches', id]);
  }

  jobs(id: string, query: BatchJobQuery): Promise<JobPage> {
    return this.client.get(['batches', id, 'jobs'], { ...query });
  }

  executors(): Promise<readonly Executor[]> {
    return this.client.get(['executors']);
  }

  /** Say what an order would do, without doing it. */
  plan(order: BatchOrder): Promise<BatchPlan> {
    return this.client.post(['batches'], { ...order, dry_run: true });
  }

  /** Queue a batch; what is refused rejects with a `RefusedError` before any job exists. */
  submit(order: BatchOrder): Promise<Batch> {
    return this.client.post(['batches'], { ...order, dry_run: false });
  }

  stop(id: string): Promise<Batch> {
    return this.client.post(['batches', id, 'stop']);
  }

  /** Run what did not finish once more. */
  resume(id: string): Promise<Batch> {
    return this.client.post(['batches', id, 'resume']);
  }

  /** Address of the comparison of all jobs, which the server sends with a sandbox of its own. */
  comparisonUrl(id: string): string {
    return this.client.url(['batches', id, 'comparison']);
  }

  /** Address of the comparison as a table. */
  tableUrl(id: string): string {
    return this.client.url(['batches', id, 'comparison.csv']);
  }
}
