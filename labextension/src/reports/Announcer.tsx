import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Batch, Job } from '../api';
import { isBusy } from './jobs';
import { countsText, stateText } from './words';

/**
 * Says aloud, for those who do not see the list, which job by itself has changed its state, and of a batch only how it
 * has ended: a thousand jobs would talk without a pause.
 */
export function Announcer(props: {
  readonly jobs: readonly Job[];
  readonly batches: readonly Batch[];
  readonly trans: TranslationBundle;
}): React.ReactElement {
  const { jobs, batches, trans } = props;
  const heard = React.useRef(new Map<string, string>());
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const told = new Map([
      ...jobs.map(job => [job.id, trans.__('%1: %2', job.title, stateText(job.state, trans))] as const),
      ...batches.map(batch => [batch.id, isBusy(batch) ? '' : endText(batch, trans)] as const)
    ]);
    const first = heard.current.size === 0;
    const news = [...told].filter(([id, words]) => words && heard.current.get(id) !== words);
    // What has not been listed before is only news if it is young: older ones come as the list is scrolled.
    const fresh = news.filter(([id]) => heard.current.has(id) || isNewest(id, heard.current));
    heard.current = new Map([...heard.current, ...told]);
    if (!first && fresh.length > 0) {
      setText(fresh.map(([, words]) => words).join('. '));
    }
  }, [jobs, batches, trans]);
  return (
    <div className="pt-Announcer" aria-live="polite">
      {text}
    </div>
  );
}

function endText(batch: Batch, trans: TranslationBundle): string {
  return trans.__('%1: ended, %2', batch.title, countsText(batch.counts, trans));
}

function isNewest(id: string, heard: ReadonlyMap<string, string>): boolean {
  return [...heard.keys()].every(known => known < id);
}
