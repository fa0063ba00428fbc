import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Api, Batch, Job, JobState } from '../api';
import { Followed, type Following } from './followed';
import { isBusy } from './jobs';
import { Watch } from './watch';
import type { Span } from './windowing';

/** How many jobs are asked for at a time. */
const PAGE = 50;
/** Milliseconds that a text is left to be typed before it is searched for. */
const TYPING = 300;

/** Which jobs of the batch are listed, and in which order. */
export interface Listing {
  readonly state: JobState | '';
  readonly search: string;
  /** A varied parameter, a metric or "state", with "-" in front for the other way round; empty as planned. */
  readonly order: string;
}

/** The jobs of one batch: those in view are read, and kept fresh while somebody looks. */
export class BatchJobs implements IDisposable {
  constructor(
    private readonly api: Api,
    public batch: Batch,
    isWatched: () => boolean
  ) {
    this.followed = new Followed(api);
    this.watch = new Watch(`pulsetrain:batch:${batch.id}`, () => this.look(), isWatched);
    void this.watch.again();
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this.watch.isDisposed;
  }

  /** How many jobs are listed. */
  total = 0;

  listing: Listing = { state: '', search: '', order: '' };

  /** Names of the measures that have been seen. */
  measures: readonly string[] = [];

  /** The job whose card is open, or an empty string. */
  selected = '';

  /** Why the server cannot be asked just now, or an empty string. */
  trouble = '';

  /** Whether the list has been read once. */
  known = false;

  /** The job in a row, undefined where it has not been read yet. */
  at(row: number): Job | undefined {
    return this.pages.get(Math.floor(row / PAGE))?.[row % PAGE];
  }

  following(id: string): Following | undefined {
    return this.followed.of(id);
  }

  /** List others, or in another order; what is typed is waited for. */
  list(listing: Listing): void {
    const typing = listing.search !== this.listing.search;
    this.listing = listing;
    this.followed.end(this.selected);
    this.selected = '';
    this._changed.emit();
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(
      () => {
        this.span = { first: 0, end: PAGE };
        this.stale = true;
        void this.watch.again();
      },
      typing ? TYPING : 0
    );
  }

  /** Say which rows are in view. */
  view(span: Span): void {
    this.span = span;
    if (this.inView().some(page => !this.pages.has(page))) {
      void this.watch.again();
    }
  }

  /** Open the card of a job, and follow it; or close it. */
  select(id: string): void {
    this.followed.end(this.selected);
    this.selected = id;
    if (id) {
      this.followed.begin(id);
    }
    this._changed.emit();
    void this.watch.again();
  }

  async follow(id: string, wanted: boolean): Promise<void> {
    if (wanted) {
      this.followed.begin(id);
    } else {
      this.followed.end(id);
    }
    this._changed.emit();
    await this.watch.again();
  }

  async stop(id: string): Promise<void> {
    this.show(await this.api.jobs.stop(id));
  }

  async resume(id: string): Promise<void> {
    const job = await this.api.jobs.resume(id);
    this.followed.renew(id);
    this.show(job);
  }

  /** Take note of what an action on the batch answered. */
  told(batch: Batch): void {
    this.batch = batch;
    this._changed.emit();
    void this.watch.again();
  }

  dispose(): void {
    window.clearTimeout(this.typing);
    this.watch.dispose();
    Signal.clearData(this);
  }

  private async look(): Promise<boolean> {
    const { listing } = this;
    // The server knows values as "name=value"; they are shown with spaces.
    const query = { ...listing, search: listing.search.replace(/\s*=\s*/g, '=') };
    try {
      const wanted = this.inView();
      const [batch, ...pages] = await Promise.all([
        this.api.batches.one(this.batch.id),
        ...wanted.map(page =>
          this.api.batches.jobs(this.batch.id, { ...query, offset: page * PAGE, limit: PAGE })
        )
      ]);
      if (listing !== this.listing) {
        return isBusy(this.batch); // others are wanted meanwhile, and asked for next
      }
      this.batch = batch;
      const total = pages[0]?.total ?? this.total;
      if (this.stale || total !== this.total) {
        this.pages.clear(); // rows have moved
        this.stale = false;
      }
      this.total = total;
      wanted.forEach((page, place) => {
        this.pages.set(page, pages[place]?.jobs ?? []);
      });
      await this.readSelected();
      this.trouble = '';
      this.known = true;
    } catch (error) {
      this.trouble = String((error as Error).message);
      this._changed.emit();
      throw error; // the watch looks less often
    }
    this.gatherMeasures();
    this._changed.emit();
    return isBusy(this.batch);
  }

  private async readSelected(): Promise<void> {
    for (const id of this.followed.ids) {
      const job = this.read().find(known => known.id === id) ?? (await this.api.jobs.one(id));
      await this.followed.read(job);
    }
  }

  /** Pages of the rows in view; all of them are near each other. */
  private inView(): readonly number[] {
    const first = Math.floor(this.span.first / PAGE);
    const last = Math.max(first, Math.floor((Math.max(1, this.span.end) - 1) / PAGE));
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  }

  private read(): readonly Job[] {
    return [...this.pages.values()].flat();
  }

  private gatherMeasures(): void {
    const names = new Set(this.measures);
    for (const job of this.read()) {
      for (const [name, value] of Object.entries(job.metrics)) {
        if (typeof value === 'number' || typeof value === 'string') {
          names.add(name);
        }
      }
    }
    if (names.size > this.measures.length) {
      this.measures = [...names];
    }
  }

  /** Show what an action answered at once, then ask again. */
  private show(job: Job): void {
    for (const [page, jobs] of this.pages) {
      const place = jobs.findIndex(other => other.id === job.id);
      if (place >= 0) {
        this.pages.set(page, jobs.with(place, job));
      }
    }
    this._changed.emit();
    void this.watch.again();
  }

  private typing = 0;
  private stale = false;
  private span: Span = { first: 0, end: PAGE };
  private readonly pages = new Map<number, readonly Job[]>();
  private readonly followed: Followed;
  private readonly watch: Watch;
  private readonly _changed = new Signal<this, void>(this);
}
