import type { JupyterFrontEnd } from '@jupyterlab/application';
import { type INotebookTracker, NotebookActions, type NotebookPanel } from '@jupyterlab/notebook';

/** Run code in a new cell of the notebook in front; in a new one where that is not the user's to write in. */
export async function runInNotebook(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  code: string
): Promise<void> {
  const panel = await insertInNotebook(app, tracker, code);
  await NotebookActions.run(panel.content, panel.sessionContext);
}

/** Write code into a new cell of such a notebook, and leave it to its user to run it. */
export async function insertInNotebook(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  code: string
): Promise<NotebookPanel> {
  const front = tracker.currentWidget;
  await front?.context.ready;
  const panel = front && takesCode(front) ? front : await createNotebook(app);
  await panel.context.ready;
  await panel.sessionContext.ready;
  const notebook = panel.content;
  const active = notebook.activeCell?.model;
  if (active?.type !== 'code' || active.sharedModel.getSource().trim() !== '') {
    NotebookActions.insertBelow(notebook);
  }
  notebook.activeCell?.model.sharedModel.setSource(code);
  app.shell.activateById(panel.id);
  return panel;
}

/** Whether a notebook is in view and one to work in: neither a course nor a template, nor a report's own copy of it. */
function takesCode({ isVisible, model }: NotebookPanel): boolean {
  if (!isVisible || !model || model.getMetadata('pulsetrain')) {
    return false;
  }
  return ![...model.cells].some(cell => {
    const tags: unknown = cell.getMetadata('tags');
    return Array.isArray(tags) && tags.includes('parameters');
  });
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
