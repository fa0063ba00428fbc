import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Run code in a new cell below the active one; in a notebook of its own where none is open. */
export async function runInNotebook(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  code: string
): Promise<void> {
  const open = tracker.currentWidget;
  const panel = open ?? (await createNotebook(app));
  await panel.context.ready;
  await panel.sessionContext.ready;
  const notebook = panel.content;
  const active = notebook.activeCell?.model;
  if (active?.type !== 'code' || active.sharedModel.getSource().trim() !== '') {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(code);
  app.shell.activateById(panel.id);
  await NotebookActions.run(notebook, panel.sessionContext);
}

async function createNotebook(app: JupyterFrontEnd): Promise<NotebookPanel> {
  const specs = app.serviceManager.kernelspecs;
  await specs.ready;
  const known = Object.values(specs.specs?.kernelspecs ?? {});
  const python = known.filter(spec => spec?.language === 'python');
  const kernel = python.find(spec => spec?.name === specs.specs?.default) ?? python[0];
  // Without a name, JupyterLab would ask for a kernel first.
  return app.commands.execute('notebook:create-new', { kernelName: kernel?.name ?? 'python3' });
}
