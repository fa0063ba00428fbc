import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { type IThemeManager, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
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
  /** Whether the pages can be dark too, and are told so by the end of their address. */
  readonly themed: boolean;
}

/** What a page was opened with, and how often. */
interface Opened {
  readonly args: ReadonlyPartialJSONObject;
  readonly times: number;
}

/** Pages of the server's in the main area, such as reports: one tab each. */
export class PageViews {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly kind: PageKind,
    themes: IThemeManager | null
  ) {
    this.tracker = new WidgetTracker({ namespace: `pulsetrain-${kind.name}` });
    if (kind.themed) {
      themes?.themeChanged.connect(() => {
        this.tracker.forEach(widget => {
          this.load(widget);
        });
      });
    }
  }

  /** Open a page, or come back to it; `id` is its own among its kind. */
  open(id: string, title: string, args: ReadonlyPartialJSONObject): void {
    const widgetId = `pulsetrain-${this.kind.name}-${id}`;
    this.opened.set(widgetId, { args, times: (this.opened.get(widgetId)?.times ?? 0) + 1 });
    const found = this.tracker.find(widget => widget.id === widgetId);
    if (found) {
      this.load(found); // it may have been written anew
      this.app.shell.activateById(widgetId);
      return;
    }
    // Scripts draw the figures; without `allow-same-origin` they reach neither the server nor this page.
    const content = new IFrame({ sandbox: ['allow-scripts'] });
    content.node.querySelector('iframe')?.setAttribute('title', this.kind.caption(title));
    const widget = new MainAreaWidget({ content });
    widget.id = widgetId;
    widget.title.label = title;
    widget.title.caption = `${this.kind.caption(title)}\n${id}`;
    widget.title.icon = reportsIcon;
    widget.title.closable = true;
    this.load(widget);
    this.app.shell.add(widget, 'main');
    this.app.shell.activateById(widgetId);
    void this.tracker.add(widget);
  }

  /** What the page was opened with that a message comes from; undefined where it is none of these. */
  senderOf({ source }: MessageEvent): ReadonlyPartialJSONObject | undefined {
    const sender = this.tracker.find(({ content }) => {
      const frame = content.node.querySelector('iframe');
      return source !== null && frame?.contentWindow === source;
    });
    return sender && this.opened.get(sender.id)?.args;
  }

  /** Bring the open pages back after Lab is loaded anew. */
  restoreBy(restorer: ILayoutRestorer): void {
    void restorer.restore(this.tracker, {
      command: this.kind.command,
      args: widget => this.opened.get(widget.id)?.args ?? {},
      name: widget => widget.id
    });
  }

  private load({ id, content }: MainAreaWidget<IFrame>): void {
    const { args, times } = this.opened.get(id) ?? { args: {}, times: 0 };
    const url = this.kind.url(args);
    if (this.kind.themed) {
      // By its end alone an address would not be loaded anew, which is wanted where another theme is the reason.
      const counted = `${url}${url.includes('?') ? '&' : '?'}opened=${times}`;
      content.url = `${counted}#${document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light'}`;
    } else {
      content.url = url;
    }
  }

  private readonly tracker: WidgetTracker<MainAreaWidget<IFrame>>;
  private readonly opened = new Map<string, Opened>();
}
