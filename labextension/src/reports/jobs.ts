import type { Api, Batch, BatchOrder, Job, JobPage, Values } from '../api';
import { FreshList } from './FreshList';

/** How many jobs are asked for at a time. */
const PAGE = 50;

/** A job by itself, or a batch of many. */
export type Entry =
  | { readonly id: string; readonly job: Job }
  | { readonly id: string; readonly batch: Batch };

/** Single jobs and batches as the server lists them, kept fresh while somebody looks. */
export class Jobs extends FreshList {
  constructor(api: Api, isWatched: () => boolean) {
    super('pulsetrain:jobs', api, isWatched);
  }

  /** Jobs by themselves, the newest first, as far as they have been read. */
  list: readonly Job[] = [];

  /** All batches, the newest first. */
  batches: readonly Batch[] = [];

  /** Jobs and batches, the newest first. */
  entries: readonly Entry[] = [];

  /** Say which entries are in view: they are kept fresh, and more are read before the end is reached. */
  view(first: number, end: number): void {
    const before = this.entries.slice(0, first).filter(entry => 'job' in entry).length;
    this.inView = Math.floor(before / PAGE) * PAGE;
    if (end >= this.entries.length && this.list.length < this.total && !this.reading) {
      this.reading = true;
      this.readPage(this.list.length)
        .then(
          () => this.tell(),
          () => undefined // said with the next look
        )
        .finally(() => {
          this.reading = false;
        });
    }
  }

  async submit(template: string, values: Values): Promise<void> {
    this.show(await this.api.jobs.submit(template, values));
  }

  async submitBatch(order: BatchOrder): Promise<Batch> {
    return this.showBatch(await this.api.batches.submit(order));
  }

  async stopBatch(id: string): Promise<Batch> {
    return this.showBatch(await this.api.batches.stop(id));
  }

  async resumeBatch(id: string): Promise<Batch> {
    return this.showBatch(await this.api.batches.resume(id));
  }

  /** Take note of where a batch stands, as somebody else has seen it. */
  told(batch: Batch): void {
    const place = this.batches.findIndex(({ id }) => id === batch.id);
    if (place >= 0 && this.batches[place] !== batch) {
      this.batches = this.batches.with(place, batch);
      this.sort();
      this.tell();
    }
  }

  protected override async read(): Promise<boolean> {
    const [batches] = await Promise.all([
      this.api.batches.list(),
      this.readPage(0),
      this.inView > 0 ? this.readPage(this.inView) : undefined
    ]);
    this.batches = batches;
    for (const id of this.followed.ids) {
      const job = this.list.find(known => known.id === id);
      await (job ? this.followed.read(job) : this.followed.end(id));
    }
    this.sort();
    return this.list.some(isAtWork) || this.batches.some(isBusy);
  }

  protected override put(job: Job): void {
    this.list = [job, ...this.list.filter(other => other.id !== job.id)].sort(newestFirst);
    this.sort();
  }

  private async readPage(offset: number): Promise<void> {
    const page = await this.api.jobs.list({ offset, limit: PAGE });
    this.total = page.total;
    this.list = joined(this.list, page, offset);
    this.sort();
  }

  /** Put jobs and batches in one row; batches older than the last job known wait until all before them are. */
  private sort(): void {
    const oldest = this.list.length < this.total ? (this.list.at(-1)?.id ?? '') : '';
    const entries: Entry[] = [
      ...this.list.map(job => ({ id: job.id, job })),
      ...this.batches.filter(batch => batch.id > oldest).map(batch => ({ id: batch.id, batch }))
    ];
    this.entries = entries.sort(newestFirst);
  }

  private showBatch(batch: Batch): Batch {
    this.batches = [batch, ...this.batches.filter(other => other.id !== batch.id)];
    this.sort();
    this.tell();
    void this.refresh();
    return batch;
  }

  private total = 0;
  private inView = 0;
  private reading = false;
}

/** Whether something may still happen to a job by itself. */
export function isAtWork({ state }: Pick<Job, 'state'>): boolean {
  return state === 'queued' || state === 'running' || state === 'stopping';
}

/** Whether any job of a batch is still to end. */
export function isBusy({ counts }: Batch): boolean {
  return Boolean(counts.queued || counts.running || counts.stopping);
}

/** Whether a batch has jobs that ended before they were done. */
export function isUnfinished({ counts }: Batch): boolean {
  return Boolean(counts.stopped || counts.failed || counts.dead);
}

/** Names begin with the time of submission. */
function newestFirst(one: { readonly id: string }, other: { readonly id: string }): number {
  return one.id < other.id ? 1 : one.id > other.id ? -1 : 0;
}

/** The jobs known with a page of fresh ones; those that should be on it and are not have gone. */
function joined(known: readonly Job[], { jobs, total }: JobPage, offset: number): readonly Job[] {
  const fresh = new Set(jobs.map(job => job.id));
  const first = offset === 0 ? undefined : jobs[0]?.id;
  const last = offset + jobs.length >= total ? '' : (jobs.at(-1)?.id ?? '');
  const others = known.filter(
    ({ id }) => !fresh.has(id) && (id < last || (first !== undefined && id > first))
  );
  return [...others, ...jobs].sort(newestFirst);
}
