import { ILayoutRestorer, type JupyterFrontEnd, type JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette, showErrorMessage } from '@jupyterlab/apputils';
import { IDefaultFileBrowser } from '@jupyterlab/filebrowser';
import { ILauncher } from '@jupyterlab/launcher';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ITranslator, nullTranslator, type TranslationBundle } from '@jupyterlab/translation';
import { Api, type Method } from '../api';
import { Commands } from '../commands';
import { methodsIcon } from '../icons';
import { MethodsPanel } from './MethodsPanel';
import { runInNotebook } from './notebooks';

/** The sidebar of methods. */
export const methodsPlugin: JupyterFrontEndPlugin<void> = {
  id: 'pulsetrain-labextension:methods',
  description: 'Lists the methods and opens their controls, courses and reports.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ITranslator, ICommandPalette, ILauncher, ILayoutRestorer, IDefaultFileBrowser],
  activate: (
    app: JupyterFrontEnd,
    notebooks: INotebookTracker,
    translator: ITranslator | null,
    palette: ICommandPalette | null,
    launcher: ILauncher | null,
    restorer: ILayoutRestorer | null,
    browser: IDefaultFileBrowser | null
  ): void => {
    const trans = (translator ?? nullTranslator).load('pulsetrain');
    const api = new Api(app.serviceManager.serverSettings);
    let listed: Promise<Method[]> | undefined;
    const list = (): Promise<Method[]> => {
      listed ??= api.methods();
      listed.catch(() => {
        listed = undefined;
      });
      return listed;
    };
    const run = (command: string, method: Method): void => {
      void app.commands.execute(command, { method: method.name, template: method.template });
    };
    const panel = new MethodsPanel(
      list,
      {
        openControl: method => run(Commands.openControl, method),
        openCourse: method => run(Commands.openCourse, method),
        newReport: method => run(Commands.newReport, method)
      },
      trans
    );
    addCommands(app, { api, notebooks, browser, list, panel, trans });
    app.shell.add(panel, 'left', { rank: 600 });
    restorer?.add(panel, panel.id);
    const category = trans.__('Pulsetrain');
    palette?.addItem({ command: Commands.showMethods, category });
    launcher?.add({ command: Commands.showMethods, category, rank: 0 });
    list().then(
      methods => {
        for (const { name: method, course } of methods) {
          palette?.addItem({ command: Commands.openControl, category, args: { method, isPalette: true } });
          launcher?.add({ command: Commands.openControl, category, args: { method }, rank: 1 });
          if (course) {
            palette?.addItem({ command: Commands.openCourse, category, args: { method } });
          }
        }
      },
      error => console.warn('Pulsetrain: the methods cannot be listed.', error)
    );
  }
};

interface Surroundings {
  readonly api: Api;
  readonly notebooks: INotebookTracker;
  readonly browser: IDefaultFileBrowser | null;
  readonly list: () => Promise<readonly Method[]>;
  readonly panel: MethodsPanel;
  readonly trans: TranslationBundle;
}

function addCommands(
  app: JupyterFrontEnd,
  { api, notebooks, browser, list, panel, trans }: Surroundings
): void {
  const titles = new Map<string, string>();
  const find = async (name: unknown): Promise<Method> => {
    const method = (await list()).find(known => known.name === name);
    if (!method) {
      throw new Error(trans.__('There is no method %1.', String(name)));
    }
    return method;
  };
  const complain = (error: Error): Promise<void> => showErrorMessage(trans.__('Pulsetrain'), error);
  const titled = (name: unknown): string => titles.get(String(name ?? '')) ?? String(name ?? '');
  void list().then(
    methods => {
      for (const method of methods) {
        titles.set(method.name, method.title);
      }
      app.commands.notifyCommandChanged();
    },
    () => undefined // said where the list is shown
  );
  app.commands.addCommand(Commands.showMethods, {
    label: trans.__('Methods'),
    caption: trans.__('Show the methods for X-ray free-electron lasers'),
    icon: methodsIcon,
    execute: () => app.shell.activateById(panel.id)
  });
  app.commands.addCommand(Commands.openControl, {
    label: args => (args.isPalette ? trans.__('%1: open control', titled(args.method)) : titled(args.method)),
    caption: trans.__('Open the control in the notebook in front, or in a new one'),
    icon: methodsIcon,
    execute: args =>
      find(args.method)
        .then(method => runInNotebook(app, notebooks, method.opening))
        .catch(complain)
  });
  app.commands.addCommand(Commands.openCourse, {
    label: args => trans.__('%1: open course', titled(args.method)),
    caption: trans.__('Copy the course into your folder, unless it is there, and open it'),
    icon: methodsIcon,
    execute: args =>
      api
        .course(String(args.method), browser?.model.path ?? '')
        .then(path => app.commands.execute('docmanager:open', { path }))
        .catch(complain)
  });
}
