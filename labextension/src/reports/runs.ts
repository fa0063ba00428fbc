import type { TranslationBundle } from '@jupyterlab/translation';

/** A batch has at most so many jobs. */
export const LARGEST = 100_000;

const SPAN = /^(\d+)(?:-(\d+))?$/;
const PLACE = /\{run(?::0\d{1,2}d?)?\}/;

/** Which runs are meant, each once and in the order given, or what is wrong. */
export function readRuns(
  text: string,
  trans: TranslationBundle
): { readonly runs: readonly number[] } | { readonly fault: string } {
  const closed = text.replace(/\s*(?:-|–|\.\.)\s*/g, '-');
  const found = new Set<number>();
  for (const part of closed.split(/[,;\s]+/).filter(Boolean)) {
    const match = SPAN.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || !Number.isSafeInteger(last)) {
      return { fault: trans.__('got %1, allowed numbers and spans such as 10-25, 31', part) };
    }
    if (last < first) {
      return { fault: trans.__('got %1, which ends before it begins', part) };
    }
    if (found.size + last - first >= LARGEST) {
      return { fault: trans.__('got %1; a batch has at most %2 jobs', part, String(LARGEST)) };
    }
    for (let run = first; run <= last; run++) {
      found.add(run);
    }
  }
  return { runs: [...found] };
}

/** Whether a text has a place that a run's number is written to, such as `{run}` or `{run:04d}`. */
export function hasPlace(text: string): boolean {
  return PLACE.test(text);
}
