import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api, Job, TemplateForm, Values } from '../api';

/** Milliseconds between looks at the jobs while one is at work, and while none is. */
const BUSY_INTERVAL = 1000;
const IDLE_INTERVAL = 5000;
/** How much of a log is kept, in characters; its beginning is read again when the log is opened anew. */
const LOG_TAIL = 20_000;

/** The jobs as the server lists them, kept fresh while somebody looks. */
export class Jobs implements IDisposable {
  constructor(
    private readonly api: Api,
    isWatched: () => boolean
  ) {
    this.poll = new Poll({
      name: 'pulsetrain:jobs',
      factory: () => this.look(),
      frequency: { interval: BUSY_INTERVAL, backoff: true, max: 60_000 },
      standby: () => (isWatched() ? 'when-hidden' : true),
      auto: false
    });
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Newest first. */
  list: readonly Job[] = [];

  /** Why the server cannot be asked just now, or an empty string. */
  trouble = '';

  /** Whether the list has been read once. */
  known = false;

  logOf(id: string): string | undefined {
    return this.logs.get(id)?.text;
  }

  /** Follow a job's log, or no longer. */
  async follow(id: string, wanted: boolean): Promise<void> {
    if (wanted) {
      this.logs.set(id, { text: '', offset: -LOG_TAIL });
    } else {
      this.logs.delete(id);
    }
    this._changed.emit();
    await this.refresh();
  }

  async submit(template: TemplateForm, values: Values): Promise<Job> {
    return this.show(await this.api.jobs.submit(template.id, values));
  }

  async stop(id: string): Promise<Job> {
    return this.show(await this.api.jobs.stop(id));
  }

  async resume(id: string): Promise<Job> {
    const job = await this.api.jobs.resume(id);
    if (this.logs.has(id)) {
      this.logs.set(id, { text: '', offset: -LOG_TAIL }); // the new attempt has a log of its own
    }
    return this.show(job);
  }

  /** Look now, and from now on while watched. */
  async refresh(): Promise<void> {
    await this.poll.refresh();
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async look(): Promise<void> {
    try {
      this.list = (await this.api.jobs.list()).jobs;
      for (const id of this.logs.keys()) {
        await (this.list.some(job => job.id === id) ? this.readLog(id) : this.logs.delete(id));
      }
      this.trouble = '';
      this.known = true;
    } catch (error) {
      this.trouble = String((error as Error).message);
      this._changed.emit();
      throw error; // the poll backs off
    }
    const interval = this.list.some(isAtWork) ? BUSY_INTERVAL : IDLE_INTERVAL;
    if (interval !== this.poll.frequency.interval) {
      this.poll.frequency = { ...this.poll.frequency, interval };
    }
    this._changed.emit();
  }

  private async readLog(id: string): Promise<void> {
    const kept = this.logs.get(id);
    if (kept) {
      const piece = await this.api.jobs.log(id, kept.offset);
      kept.text = (kept.text + piece.text).slice(-LOG_TAIL);
      kept.offset = piece.offset;
    }
  }

  /** Show what an action answered at once, then ask again. */
  private show(job: Job): Job {
    const place = this.list.findIndex(other => other.id === job.id);
    this.list = place < 0 ? [job, ...this.list] : this.list.with(place, job);
    this._changed.emit();
    void this.refresh();
    return job;
  }

  private readonly poll: Poll;
  private readonly logs = new Map<string, { text: string; offset: number }>();
  private readonly _changed = new Signal<this, void>(this);
}

/** Whether something may still happen to a job by itself. */
export function isAtWork(job: Job): boolean {
  return job.state === 'queued' || job.state === 'running' || job.state === 'stopping';
}
