import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job } from '../api';
import { stateText } from './JobCard';

/** Says aloud, for those who do not see the list, which job has changed its state. */
export function Announcer(props: {
  readonly jobs: readonly Job[];
  readonly trans: TranslationBundle;
}): React.ReactElement {
  const { jobs, trans } = props;
  const heard = React.useRef(new Map<string, string>());
  const [text, setText] = React.useState('');
  React.useEffect(() => {
    const first = heard.current.size === 0;
    const news = jobs.filter(job => heard.current.get(job.id) !== job.state);
    heard.current = new Map(jobs.map(job => [job.id, job.state]));
    if (!first && news.length > 0) {
      setText(news.map(job => trans.__('%1: %2', job.title, stateText(job.state, trans))).join('. '));
    }
  }, [jobs, trans]);
  return (
    <div className="pt-Announcer" aria-live="polite">
      {text}
    </div>
  );
}
