import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import { reportsIcon } from '../icons';
import type { OwnJobs } from './OwnJobs';

/** "3 running · 1 failed" in the status bar; a click shows the reports. */
export class OwnJobsItem extends ReactWidget {
  constructor(
    private readonly jobs: OwnJobs,
    private readonly onOpen: () => void,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.addClass('pt-OwnJobs');
    jobs.changed.connect(() => this.update());
  }

  protected override render(): React.ReactElement {
    const { jobs, trans } = this;
    const words = [
      jobs.running > 0 && trans._n('%1 running', '%1 running', jobs.running),
      jobs.queued > 0 && trans._n('%1 queued', '%1 queued', jobs.queued),
      jobs.failed > 0 && trans._n('%1 failed', '%1 failed', jobs.failed)
    ]
      .filter(Boolean)
      .join(' · ');
    return (
      <button
        type="button"
        className="pt-OwnJobs-button"
        title={trans.__('Show the reports')}
        aria-label={trans.__('Pulsetrain jobs: %1. Show the reports.', words)}
        onClick={this.onOpen}
      >
        <reportsIcon.react tag="span" className="pt-OwnJobs-icon" />
        {words}
      </button>
    );
  }
}
