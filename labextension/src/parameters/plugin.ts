import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Api, type Values } from '../api';
import { Commands } from '../commands';
import { parametersIcon } from '../icons';
import { ParametersPanel } from './ParametersPanel';

/** The sidebar of parameters. */
export const parametersPlugin: JupyterFrontEndPlugin<void> = {
  id: 'pulsetrain-labextension:parameters',
  description: 'Edits the parameters of the notebook in focus, and exchanges them with its live controls.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILayoutRestorer],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    restorer: ILayoutRestorer | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('pulsetrain');
    const { commands, shell, serviceManager } = app;
    const api = new Api(serviceManager.serverSettings);
    const runTemplate = async (template: string, values: Values, batch: boolean): Promise<void> => {
      await commands.execute(Commands.newReport, { template, values, batch });
    };
    const panel = new ParametersPanel(
      api.parameters,
      {
        runTemplate,
        runNotebook: async ({ context }, values, batch) => {
          if (context.model.dirty) {
            await context.save(); // the server reads the file
          }
          await runTemplate(serviceManager.contents.localPath(context.path), values, batch);
        },
        restartAndRunAll: async () => {
          await commands.execute('notebook:restart-run-all');
        },
        complain: error => void showErrorMessage(trans.__('Pulsetrain'), error)
      },
      trans
    );
    panel.follow(notebooks.currentWidget);
    notebooks.currentChanged.connect((_, notebook) => panel.follow(notebook));
    commands.addCommand(Commands.showParameters, {
      label: trans.__('Parameters'),
      caption: trans.__('Show the parameters of the notebook in focus'),
      icon: parametersIcon,
      execute: () => shell.activateById(panel.id)
    });
    shell.add(panel, 'right', { rank: 600 });
    restorer?.add(panel, panel.id);
    palette?.addItem({ command: Commands.showParameters, category: trans.__('Pulsetrain') });
  }
};
