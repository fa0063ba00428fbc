import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import { IFrame } from '@jupyterlab/ui-components';
import type { Api } from '../api';
import { Commands } from '../commands';
import { reportsIcon } from '../icons';

/** The reports open in the main area, one tab each. */
export class ReportViews {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly api: Api,
    private readonly trans: TranslationBundle
  ) {}

  /** Open a report, or come back to it. */
  open(id: string, title: string): void {
    const widgetId = `pulsetrain-report-${id}`;
    const found = this.tracker.find(widget => widget.id === widgetId);
    if (found) {
      found.content.url = this.api.jobs.reportUrl(id); // a resumed job has written a new one
      this.app.shell.activateById(widgetId);
      return;
    }
    // Scripts draw the figures; without `allow-same-origin` they reach neither the server nor this page.
    const content = new IFrame({ sandbox: ['allow-scripts'] });
    content.url = this.api.jobs.reportUrl(id);
    content.node.querySelector('iframe')?.setAttribute('title', this.trans.__('Report: %1', title));
    const widget = new MainAreaWidget({ content });
    widget.id = widgetId;
    widget.title.label = title;
    widget.title.caption = this.trans.__('Report %1', id);
    widget.title.icon = reportsIcon;
    widget.title.closable = true;
    this.titles.set(widgetId, { id, title });
    this.app.shell.add(widget, 'main');
    this.app.shell.activateById(widgetId);
    void this.tracker.add(widget);
  }

  /** Bring the open reports back after the page is loaded anew. */
  restoreBy(restorer: ILayoutRestorer): void {
    void restorer.restore(this.tracker, {
      command: Commands.openReport,
      args: widget => ({ ...this.titles.get(widget.id) }),
      name: widget => this.titles.get(widget.id)?.id ?? ''
    });
  }

  private readonly tracker = new WidgetTracker<MainAreaWidget<IFrame>>({ namespace: 'pulsetrain-report' });
  private readonly titles = new Map<string, { id: string; title: string }>();
}
