import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { IStateDB } from '@jupyterlab/statedb';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Api } from '../api';
import { Commands } from '../commands';
import { OwnJobs } from './OwnJobs';
import { OwnJobsItem } from './OwnJobsItem';

const SEEN = 'pulsetrain-labextension:failures-seen';

/** What one's own jobs do, in the status bar. */
export const statusBarPlugin: JupyterFrontEndPlugin<void> = {
  id: 'pulsetrain-labextension:statusbar',
  description: 'Says in the status bar how many jobs are at work and how many have failed.',
  autoStart: true,
  requires: [IStatusBar],
  optional: [ITranslator, IStateDB],
  activate: (
    { commands, serviceManager }: JupyterFrontEnd,
    statusBar: IStatusBar,
    translator: ITranslator | null,
    state: IStateDB | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('pulsetrain');
    const jobs = new OwnJobs(new Api(serviceManager.serverSettings).jobs, {
      fetch: async () => Number((await state?.fetch(SEEN)) ?? 0),
      save: async failed => state?.save(SEEN, failed)
    });
    const item = new OwnJobsItem(
      jobs,
      () => {
        jobs.see();
        void commands.execute(Commands.showReports);
      },
      trans
    );
    statusBar.registerStatusItem('pulsetrain-labextension:own-jobs', {
      item,
      align: 'left',
      rank: 10,
      isActive: () => jobs.running + jobs.queued + jobs.failed > 0,
      activeStateChanged: jobs.changed
    });
  }
};
