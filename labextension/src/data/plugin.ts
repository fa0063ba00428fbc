import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { Clipboard, ICommandPalette, IThemeManager, showErrorMessage } from '@jupyterlab/apputils';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';
import { Api } from '../api';
import { Commands } from '../commands';
import { dataIcon } from '../icons';
import { insertInNotebook } from '../methods/notebooks';
import { DataPanel } from './DataPanel';
import { inputTemplates, inputValues } from './inputs';

/** The sidebar of data. */
export const dataPlugin: JupyterFrontEndPlugin<void> = {
  id: 'pulsetrain-labextension:data',
  description: 'Browses runs and files, shows what they hold, and writes the Python that opens it.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer, IThemeManager],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    themes: IThemeManager | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('pulsetrain');
    const { commands, shell } = app;
    const api = new Api(app.serviceManager.serverSettings);
    const complain = (error: Error): void => void showErrorMessage(trans.__('Pulsetrain'), error);
    const panel = new DataPanel(
      api.data,
      {
        insert: code => void insertInNotebook(app, notebooks, code).catch(complain),
        copy: text => Clipboard.copyToSystem(text),
        useAsInput: (template, key) => {
          const values = inputValues(template, key);
          void commands.execute(Commands.newReport, { template: template.id, values });
        },
        templates: () => inputTemplates(api),
        isDark: () => document.body.dataset.jpThemeLight === 'false'
      },
      trans
    );
    themes?.themeChanged.connect(() => panel.redraw());
    commands.addCommand(Commands.showData, {
      label: trans.__('Data'),
      caption: trans.__('Browse runs and files'),
      icon: dataIcon,
      execute: args => {
        shell.activateById(panel.id);
        return args.path === undefined ? undefined : panel.open(String(args.path));
      }
    });
    shell.add(panel, 'left', { rank: 602 });
    restorer?.add(panel, panel.id);
    const category = trans.__('Pulsetrain');
    palette?.addItem({ command: Commands.showData, category });
    launcher?.add({ command: Commands.showData, category, rank: 3 });
  }
};
