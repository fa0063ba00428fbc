import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Counts } from '../api';
import { countsText, STATES, stateText } from './words';

interface CountsBarProps {
  readonly counts: Counts;
  readonly total: number;
  /** What is counted. */
  readonly label: string;
  /** What stands behind the counts. */
  readonly note: string;
  readonly trans: TranslationBundle;
}

/** How many jobs of a batch are in which state, as a bar and in words. */
export function CountsBar({ counts, total, label, note, trans }: CountsBarProps): React.ReactElement {
  const present = STATES.filter(state => counts[state]);
  const ended = (counts.done ?? 0) + (counts.failed ?? 0) + (counts.stopped ?? 0) + (counts.dead ?? 0);
  return (
    <div className="pt-Counts">
      <div
        className="pt-Counts-bar"
        role="progressbar"
        aria-label={trans.__('%1: jobs that have ended', label)}
        aria-valuemin={0}
        aria-valuemax={total}
        aria-valuenow={ended}
        aria-valuetext={countsText(counts, trans)}
      >
        {present.map(state => (
          <span key={state} className={`pt-mod-${state}`} style={{ flexGrow: counts[state] }} />
        ))}
      </div>
      <div className="pt-Counts-words">
        {present.map(state => (
          <span key={state} className={`pt-Count pt-mod-${state}`}>
            {trans.__('%1 %2', String(counts[state]), stateText(state, trans))}
          </span>
        ))}
        {note && <span>{note}</span>}
      </div>
    </div>
  );
}
