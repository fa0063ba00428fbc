import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IFrame } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import { reportsIcon } from '../icons';

/** Which pages these are, and how they are come by. */
export interface PageKind {
  /** Distinguishes their tabs from those of other kinds. */
  readonly name: string;
  /** Opens one of them again with the arguments it was opened with. */
  readonly command: string;
  /** Address of the page, which the server sends with a sandbox of its own. */
  readonly url: (args: ReadonlyPartialJSONObject) => string;
  /** Name of the frame, for those who do not see it. */
  readonly caption: (title: string) => string;
}

/** Pages of the server's in the main area, such as reports: one tab each. */
export class PageViews {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly kind: PageKind
  ) {
    this.tracker = new WidgetTracker({ namespace: `pulsetrain-${kind.name}` });
  }

  /** Open a page, or come back to it; `id` is its own among its kind. */
  open(id: string, title: string, args: ReadonlyPartialJSONObject): void {
    const widgetId = `pulsetrain-${this.kind.name}-${id}`;
    const found = this.tracker.find(widget => widget.id === widgetId);
    if (found) {
      found.content.url = this.kind.url(args); // it may have been written anew
      this.app.shell.activateById(widgetId);
      return;
    }
    // Scripts draw the figures; without `allow-same-origin` they reach neither the server nor this page.
    const content = new IFrame({ sandbox: ['allow-scripts'] });
    content.url = this.kind.url(args);
    content.node.querySelector('iframe')?.setAttribute('title', this.kind.caption(title));
    const widget = new MainAreaWidget({ content });
    widget.id = widgetId;
    widget.title.label = title;
    widget.title.caption = `${this.kind.caption(title)}\n${id}`;
    widget.title.icon = reportsIcon;
    widget.title.closable = true;
    this.opened.set(widgetId, args);
    this.app.shell.add(widget, 'main');
    this.app.shell.activateById(widgetId);
    void this.tracker.add(widget);
  }

  /** Bring the open pages back after Lab is loaded anew. */
  restoreBy(restorer: ILayoutRestorer): void {
    void restorer.restore(this.tracker, {
      command: this.kind.command,
      args: widget => this.opened.get(widget.id) ?? {},
      name: widget => widget.id
    });
  }

  private readonly tracker: WidgetTracker<MainAreaWidget<IFrame>>;
  private readonly opened = new Map<string, ReadonlyPartialJSONObject>();
}
