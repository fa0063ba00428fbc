import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api, Job } from '../api';
import { Followed, type Following } from './followed';
import { Watch } from './watch';

/** What the server lists, kept fresh while somebody looks, with the logs of the jobs that are followed. */
export abstract class FreshList implements IDisposable {
  constructor(
    name: string,
    protected readonly api: Api,
    isWatched: () => boolean
  ) {
    this.followed = new Followed(api);
    this.watch = new Watch(name, () => this.look(), isWatched);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.watch.isDisposed;
  }

  /** Why the server cannot be asked just now, or an empty string. */
  trouble = '';

  /** Whether the list has been read once. */
  known = false;

  following(id: string): Following | undefined {
    return this.followed.of(id);
  }

  /** Follow a job's log and the cell at work, or no longer. */
  async follow(id: string, wanted: boolean): Promise<void> {
    if (wanted) {
      this.followed.begin(id);
    } else {
      this.followed.end(id);
    }
    this.tell();
    await this.refresh();
  }

  async stop(id: string): Promise<void> {
    this.show(await this.api.jobs.stop(id));
  }

  async resume(id: string): Promise<void> {
    const job = await this.api.jobs.resume(id);
    this.followed.renew(id);
    this.show(job);
  }

  /** Look now, and from now on while watched. */
  async refresh(): Promise<void> {
    await this.watch.again();
  }

  dispose(): void {
    this.watch.dispose();
    Signal.clearData(this);
  }

  /** Read what is to be shown; says whether anything is at work, or nothing where others are wanted meanwhile. */
  protected abstract read(): Promise<boolean | undefined>;

  /** Put a job where it is listed. */
  protected abstract put(job: Job): void;

  protected tell(): void {
    this._changed.emit();
  }

  /** Show what an action answered at once, then ask again. */
  protected show(job: Job): void {
    this.put(job);
    this.tell();
    void this.refresh();
  }

  private async look(): Promise<boolean> {
    let busy: boolean | undefined;
    try {
      busy = await this.read();
    } catch (error) {
      this.trouble = String((error as Error).message);
      this.tell();
      throw error; // the watch looks less often
    }
    if (busy !== undefined) {
      this.trouble = '';
      this.known = true;
      this.tell();
    }
    return busy ?? true;
  }

  protected readonly followed: Followed;
  private readonly watch: Watch;
  private readonly _changed = new Signal<this, void>(this);
}
