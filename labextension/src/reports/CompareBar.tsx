import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Job } from '../api';
import { jobName } from './words';

interface CompareBarProps {
  readonly chosen: readonly Job[];
  readonly onCompare: (first: Job, second: Job) => void;
  readonly onClear: () => void;
  readonly trans: TranslationBundle;
}

/** The jobs that have been chosen for a comparison; nothing where none is. */
export function CompareBar({
  chosen,
  onCompare,
  onClear,
  trans
}: CompareBarProps): React.ReactElement | null {
  const [first, second] = chosen;
  if (!first) {
    return null;
  }
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here
    <div className="pt-CompareBar" role="group" aria-label={trans.__('Comparison of two jobs')}>
      <div className="pt-CompareBar-names">
        <div title={jobName(first)}>{jobName(first) || first.title}</div>
        <div title={second && jobName(second)}>
          {second ? jobName(second) || second.title : trans.__('Choose a second job')}
        </div>
      </div>
      <button
        type="button"
        className="jp-mod-styled pt-Remove"
        aria-label={trans.__('Choose none')}
        title={trans.__('Choose none')}
        onClick={onClear}
      >
        <span aria-hidden="true">×</span>
      </button>
      <button
        type="button"
        className="jp-mod-styled jp-mod-accept"
        disabled={!second}
        onClick={() => second && onCompare(first, second)}
      >
        {trans.__('Compare')}
      </button>
    </div>
  );
}
