import type { Api, Batch, Job, JobState } from '../api';
import { FreshList } from './FreshList';
import { isBusy } from './jobs';
import { measuresOf } from './measures';
import type { Span } from './windowing';

/** How many jobs are asked for at a time. */
const PAGE = 50;
/** Milliseconds that a text is left to be typed before it is searched for. */
const TYPING = 300;

/** Which jobs of the batch are listed, and in which order. */
export interface Listing {
  readonly state: JobState | '';
  readonly search: string;
  /** A varied parameter, a measure as `orderBy` names it or "state", with "-" in front for the other way round; empty as planned. */
  readonly order: string;
}

/** The jobs of one batch: those in view are read, and kept fresh while somebody looks. */
export class BatchJobs extends FreshList {
  constructor(
    api: Api,
    public batch: Batch,
    isWatched: () => boolean
  ) {
    super(`pulsetrain:batch:${batch.id}`, api, isWatched);
    void this.refresh();
  }

  /** How many jobs are listed. */
  total = 0;

  listing: Listing = { state: '', search: '', order: '' };

  /** Names of the measures that have been seen. */
  measures: readonly string[] = [];

  /** The job whose card is open, or an empty string. */
  selected = '';

  /** The job in a row, undefined where it has not been read yet. */
  at(row: number): Job | undefined {
    return this.pages.get(Math.floor(row / PAGE))?.[row % PAGE];
  }

  /** List others, or in another order; what is typed is waited for. */
  list(listing: Listing): void {
    const typing = listing.search !== this.listing.search;
    this.listing = listing;
    this.followed.end(this.selected);
    this.selected = '';
    this.tell();
    window.clearTimeout(this.typing);
    this.typing = window.setTimeout(
      () => {
        this.span = { first: 0, end: PAGE };
        this.stale = true;
        void this.refresh();
      },
      typing ? TYPING : 0
    );
  }

  /** Say which rows are in view. */
  view(span: Span): void {
    this.span = span;
    if (this.inView().some(page => !this.pages.has(page))) {
      void this.refresh();
    }
  }

  /** Open the card of a job, and follow it; or close it. */
  select(id: string): void {
    this.followed.end(this.selected);
    this.selected = id;
    if (id) {
      this.followed.begin(id);
    }
    this.tell();
    void this.refresh();
  }

  /** Take note of what an action on the batch answered. */
  told(batch: Batch): void {
    this.batch = batch;
    this.tell();
    void this.refresh();
  }

  override dispose(): void {
    window.clearTimeout(this.typing);
    super.dispose();
  }

  protected override async read(): Promise<boolean | undefined> {
    const { listing } = this;
    // The server knows values as "name=value"; they are shown with spaces.
    const query = { ...listing, search: listing.search.replace(/\s*=\s*/g, '=') };
    const wanted = this.inView();
    const [batch, ...pages] = await Promise.all([
      this.api.batches.one(this.batch.id),
      ...wanted.map(page =>
        this.api.batches.jobs(this.batch.id, { ...query, offset: page * PAGE, limit: PAGE })
      )
    ]);
    if (listing !== this.listing) {
      return undefined; // others are asked for next
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
    await this.readFollowed();
    this.gatherMeasures();
    return isBusy(this.batch);
  }

  protected override put(job: Job): void {
    for (const [page, jobs] of this.pages) {
      const place = jobs.findIndex(other => other.id === job.id);
      if (place >= 0) {
        this.pages.set(page, jobs.with(place, job));
      }
    }
  }

  private async readFollowed(): Promise<void> {
    for (const id of this.followed.ids) {
      const job = this.seen().find(known => known.id === id) ?? (await this.api.jobs.one(id));
      await this.followed.read(job);
    }
  }

  /** Pages of the rows in view; all of them are near each other. */
  private inView(): readonly number[] {
    const first = Math.floor(this.span.first / PAGE);
    const last = Math.max(first, Math.floor((Math.max(1, this.span.end) - 1) / PAGE));
    return Array.from({ length: last - first + 1 }, (_, place) => first + place);
  }

  private seen(): readonly Job[] {
    return [...this.pages.values()].flat();
  }

  private gatherMeasures(): void {
    const names = new Set(this.measures);
    for (const job of this.seen()) {
      for (const { name } of measuresOf(job)) {
        names.add(name);
      }
    }
    if (names.size > this.measures.length) {
      this.measures = [...names];
    }
  }

  private typing = 0;
  private stale = false;
  private span: Span = { first: 0, end: PAGE };
  private readonly pages = new Map<number, readonly Job[]>();
}
