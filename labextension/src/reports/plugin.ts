import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, IThemeManager, showErrorMessage } from '@jupyterlab/apputils';
import { IDocumentManager } from '@jupyterlab/docmanager';
import { FileDialog, IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { IStateDB } from '@jupyterlab/statedb';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { Api } from '../api';
import { Commands } from '../commands';
import { reportsIcon } from '../icons';
import { addPages, comparisonTitle, pairTitle, reportTitle } from './pages';
import { type FormStart, ReportsPanel } from './ReportsPanel';

/** Where it is kept whether the form's part for batches was open. */
const BATCH_OPEN = 'pulsetrain:batch-open';

/** The sidebar of reports. */
export const reportsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'pulsetrain-labextension:reports',
  description: 'Runs notebooks with parameters as reports and shows the jobs.',
  autoStart: true,
  optional: [
    ITranslator,
    ICommandPalette,
    ILauncher,
    ILayoutRestorer,
    IDocumentManager,
    IDefaultFileBrowser,
    INotebookTracker,
    IStateDB,
    IThemeManager
  ],
  activate: (
    app: JupyterFrontEnd,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    documents: IDocumentManager | null,
    browser: IDefaultFileBrowser | null,
    notebooks: INotebookTracker | null,
    state: IStateDB | null,
    themes: IThemeManager | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('pulsetrain');
    const api = new Api(app.serviceManager.serverSettings);
    const { commands, shell } = app;
    const complain = (error: Error): void => void showErrorMessage(trans.__('Pulsetrain'), error);
    const run = (command: string, args: ReadonlyPartialJSONObject): void =>
      void commands.execute(command, args);
    let batchOpen = false;
    void state?.fetch(BATCH_OPEN).then(kept => {
      batchOpen = kept === true;
    });
    addPages(app, api, { restorer, themes }, complain, trans);

    const chooseNotebook = async (manager: IDocumentManager): Promise<void> => {
      const chosen = await FileDialog.getOpenFiles({
        manager,
        title: trans.__('Run a notebook as a report'),
        filter: item => (item.type === 'notebook' || item.type === 'directory' ? {} : null)
      });
      const path = chosen.value?.[0]?.path;
      if (chosen.button.accept && path?.endsWith('.ipynb')) {
        await panel.newReport(path);
      }
    };

    const panel = new ReportsPanel(
      api,
      {
        openReport: job => run(Commands.openReport, { id: job.id, title: reportTitle(job) }),
        openNotebook: job => run('docmanager:open', { path: job.notebook }),
        openComparison: batch =>
          run(Commands.openComparison, { id: batch.id, title: comparisonTitle(batch, trans) }),
        compare: (first, second) =>
          run(Commands.compareJobs, { first: first.id, second: second.id, title: pairTitle(first, second) }),
        chooseNotebook: documents ? () => void chooseNotebook(documents).catch(complain) : undefined,
        complain,
        batchOpen: () => batchOpen,
        rememberBatchOpen: open => {
          batchOpen = open;
          void state?.save(BATCH_OPEN, open);
        }
      },
      trans
    );

    commands.addCommand(Commands.showReports, {
      label: trans.__('Reports'),
      caption: trans.__('Run notebooks with parameters and read their reports'),
      icon: reportsIcon,
      execute: () => shell.activateById(panel.id)
    });
    commands.addCommand(Commands.newReport, {
      label: trans.__('New report'),
      icon: reportsIcon,
      execute: args => {
        shell.activateById(panel.id);
        return panel.newReport(String(args.template), args as FormStart).catch(complain);
      }
    });
    commands.addCommand(Commands.reportFromNotebook, {
      label: trans.__('Run as report…'),
      caption: trans.__('Fill in the parameters of this notebook and run it as a report'),
      icon: reportsIcon,
      isEnabled: () => notebookPath(browser, notebooks) !== undefined,
      execute: async () => {
        const path = notebookPath(browser, notebooks);
        if (path !== undefined) {
          await commands.execute(Commands.newReport, { template: path });
        }
      }
    });
    shell.add(panel, 'left', { rank: 601 });
    restorer?.add(panel, panel.id);
    const category = trans.__('Pulsetrain');
    palette?.addItem({ command: Commands.showReports, category });
    palette?.addItem({ command: Commands.reportFromNotebook, category });
    launcher?.add({ command: Commands.showReports, category, rank: 2 });
  }
};

/** The notebook that is meant: the one selected where the file browser is in use, else the current one. */
function notebookPath(
  browser: IDefaultFileBrowser | null,
  notebooks: INotebookTracker | null
): string | undefined {
  const selected = browser?.isVisible ? browser.selectedItems().next().value : undefined;
  return selected?.type === 'notebook' ? selected.path : notebooks?.currentWidget?.context.path;
}
