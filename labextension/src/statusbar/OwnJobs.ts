import type { IDisposable } from '@lumino/disposable';
import { Poll } from '@lumino/polling';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Counts, JobRequests } from '../api';

/** Milliseconds between looks while something is at work, and while nothing is: this is a glance, not the list. */
const BUSY_INTERVAL = 5000;
const IDLE_INTERVAL = 20_000;
const LONGEST = 120_000;

/** Keeps how many failures have been seen, from one session to the next. */
export interface Memory {
  readonly fetch: () => Promise<number>;
  readonly save: (failed: number) => Promise<void>;
}

/** How one's own jobs stand: those at work, and those that have failed since they were last looked at. */
export class OwnJobs implements IDisposable {
  constructor(
    private readonly requests: Pick<JobRequests, 'counts'>,
    private readonly memory: Memory
  ) {
    this.poll = new Poll({
      name: 'pulsetrain:own-jobs',
      factory: () => this.look(),
      frequency: { interval: IDLE_INTERVAL, backoff: true, max: LONGEST },
      standby: 'when-hidden'
    });
  }

  running = 0;
  queued = 0;

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** Failures that nobody has looked at. */
  get failed(): number {
    return Math.max(0, this.allFailed - (this.seen ?? this.allFailed));
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Take the failures as seen. */
  see(): void {
    if (this.seen !== this.allFailed) {
      this.seen = this.allFailed;
      void this.memory.save(this.allFailed);
      this._changed.emit();
    }
  }

  dispose(): void {
    this.poll.dispose();
    Signal.clearData(this);
  }

  private async look(): Promise<void> {
    this.seen ??= await this.memory.fetch();
    const counts = await this.requests.counts();
    this.running = sum(counts, 'running', 'stopping');
    this.queued = sum(counts, 'queued');
    this.allFailed = sum(counts, 'failed', 'dead');
    if (this.allFailed < this.seen) {
      this.see(); // some have been deleted, or run again
    }
    const interval = this.running + this.queued > 0 ? BUSY_INTERVAL : IDLE_INTERVAL;
    if (interval !== this.poll.frequency.interval) {
      this.poll.frequency = { ...this.poll.frequency, interval };
    }
    this._changed.emit();
  }

  private readonly poll: Poll;
  private allFailed = 0;
  private seen: number | undefined;
  private readonly _changed = new Signal<this, void>(this);
}

function sum(counts: Counts, ...states: readonly (keyof Counts)[]): number {
  return states.reduce((total, state) => total + (counts[state] ?? 0), 0);
}
