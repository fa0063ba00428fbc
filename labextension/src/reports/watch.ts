import { Poll } from '@lumino/polling';

/** Milliseconds between looks while something is at work, and while nothing is. */
const BUSY = 1000;
const IDLE = 5000;
const LONGEST = 60_000;
/** Rest for so many times as long as the server took to answer. */
const REST = 4;

/**
 * Look again and again while somebody watches: less often where nothing happens or the server is slow, and less and
 * less often where it does not answer.
 */
export class Watch {
  /** `look` says whether something is at work. */
  constructor(name: string, look: () => Promise<boolean>, isWatched: () => boolean) {
    this.poll = new Poll({
      name,
      factory: () => this.look(look),
      frequency: { interval: BUSY, backoff: true, max: LONGEST },
      standby: () => (isWatched() ? 'when-hidden' : true),
      auto: false
    });
  }

  get isDisposed(): boolean {
    return this.poll.isDisposed;
  }

  /** Look now, and from now on while watched. */
  async again(): Promise<void> {
    if (this.looking) {
      this.once = true; // the poll would let it be, and what is wanted now may not be what it has asked for
    } else {
      await this.poll.refresh();
    }
  }

  dispose(): void {
    this.poll.dispose();
  }

  private async look(work: () => Promise<boolean>): Promise<void> {
    const began = performance.now();
    this.looking = true;
    let busy: boolean;
    try {
      busy = await work();
    } finally {
      this.looking = false;
      if (this.once) {
        this.once = false;
        setTimeout(() => void this.poll.refresh()); // after the poll has taken note of this look
      }
    }
    const rest = Math.min(REST * (performance.now() - began), LONGEST);
    const interval = Math.max(busy ? BUSY : IDLE, rest);
    // A change begins the waiting anew, so small ones are let be.
    if (Math.abs(interval - this.poll.frequency.interval) > 0.2 * interval) {
      this.poll.frequency = { ...this.poll.frequency, interval };
    }
  }

  private looking = false;
  private once = false;
  private readonly poll: Poll;
}
