import type { Api, Job, LiveCell } from '../api';

/** How much of a log is kept, in characters; its beginning is read again when the log is opened anew. */
const LOG_TAIL = 20_000;

/** What is shown of a job that is followed. */
export interface Following {
  readonly log: string;
  /** The cell at work, or the one that a job came to that ended before it was done. */
  readonly cell: LiveCell | undefined;
}

/** The logs and present cells of the jobs that somebody follows. */
export class Followed {
  constructor(private readonly api: Api) {}

  get ids(): readonly string[] {
    return [...this.kept.keys()];
  }

  of(id: string): Following | undefined {
    return this.kept.get(id);
  }

  begin(id: string): void {
    this.kept.set(id, { log: '', offset: -LOG_TAIL, cell: undefined });
  }

  end(id: string): void {
    this.kept.delete(id);
  }

  /** Begin anew where the job is followed: a new attempt has a log of its own. */
  renew(id: string): void {
    if (this.kept.has(id)) {
      this.begin(id);
    }
  }

  /** Read what has been written since the last time. */
  async read(job: Job): Promise<void> {
    const kept = this.kept.get(job.id);
    if (!kept) {
      return;
    }
    const [piece, cell] = await Promise.all([
      this.api.jobs.log(job.id, kept.offset),
      job.state === 'queued' || job.state === 'done' ? undefined : this.api.jobs.cell(job.id)
    ]);
    kept.log = (kept.log + piece.text).slice(-LOG_TAIL);
    kept.offset = piece.offset;
    kept.cell = cell?.source ? cell : undefined;
  }

  private readonly kept = new Map<string, { log: string; offset: number; cell: LiveCell | undefined }>();
}
