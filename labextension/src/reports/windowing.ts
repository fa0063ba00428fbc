/** The part of a long list that is drawn: rows from `first` up to, but without, `end`. */
export interface Span {
  readonly first: number;
  readonly end: number;
}

/** Where the rows of a list are, those that have not been drawn yet at a height that is guessed. */
export class Layout {
  /** `heights` in pixels, undefined where a row has not been measured. */
  constructor(heights: readonly (number | undefined)[], guess: number) {
    this.tops = new Float64Array(heights.length + 1);
    let top = 0;
    heights.forEach((height, place) => {
      top += height ?? guess;
      this.tops[place + 1] = top;
    });
  }

  /** Number of rows. */
  get length(): number {
    return this.tops.length - 1;
  }

  /** Height of all rows. */
  get height(): number {
    return this.topOf(this.length);
  }

  /** Upper edge of a row. */
  topOf(row: number): number {
    return this.tops[Math.max(0, Math.min(row, this.length))] ?? 0;
  }

  /** The row that covers a height; the first or last one beyond the ends. */
  rowAt(height: number): number {
    let low = 0;
    let high = this.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.topOf(middle) <= height) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The rows that show in a view, and some more on either side. */
  span(top: number, height: number, spare: number): Span {
    if (this.length === 0) {
      return { first: 0, end: 0 };
    }
    return {
      first: Math.max(0, this.rowAt(top) - spare),
      end: Math.min(this.length, this.rowAt(top + height) + 1 + spare)
    };
  }

  private readonly tops: Float64Array;
}
