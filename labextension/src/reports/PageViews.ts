import type { ILayoutRestorer, JupyterFrontEnd } from '@jupyterlab/application';
import { type IThemeManager, MainAreaWidget, WidgetTracker } from '@jupyterlab/apputils';
import { IFrame } from '@jupyterlab/ui-components';
import type { ReadonlyPartialJSONObject } from '@lumino/coreutils';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import { reportsIcon } from '../icons';
import { Watch } from './watch';

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
  /** Asks how far things are, where a page may be overtaken by them. */
  readonly progress?: (args: ReadonlyPartialJSONObject) => Promise<Progress>;
}

/** How far what a page tells of has come. */
export interface Progress {
  /** Another text where the page would be another one. */
  readonly made: string;
  /** Whether more is to come. */
  readonly busy: boolean;
}

/** What a page was opened with, and how often it was loaded. */
interface Opened {
  readonly args: ReadonlyPartialJSONObject;
  readonly times: number;
  /** How far things were when it was loaded; undefined where nobody knows. */
  readonly progress?: Promise<Progress | undefined>;
}

/** A tab that tells when it comes to the front. */
class Page extends MainAreaWidget<IFrame> {
  readonly shown = new Signal<this, void>(this);

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.shown.emit();
  }
}

/**
 * Pages of the server's in the main area, such as reports: one tab each.
 *
 * What a page tells of may go on. It is loaded anew at the end, or when somebody comes back to it; not at each step, for
 * what was chosen on it would be lost.
 */
export class PageViews {
  constructor(
    private readonly app: JupyterFrontEnd,
    private readonly kind: PageKind,
    themes: IThemeManager | null
  ) {
    this.tracker = new WidgetTracker({ namespace: `pulsetrain-${kind.name}` });
    this.watch = new Watch(
      `pulsetrain:${kind.name}-pages`,
      () => this.look(),
      () => this.inView().length > 0
    );
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
    this.opened.set(widgetId, { args, times: this.opened.get(widgetId)?.times ?? 0 });
    const found = this.tracker.find(widget => widget.id === widgetId);
    if (found) {
      this.load(found); // it may have been written anew
      this.app.shell.activateById(widgetId);
      return;
    }
    // Scripts draw the figures; without `allow-same-origin` they reach neither the server nor this page.
    const content = new IFrame({ sandbox: ['allow-scripts'] });
    content.node.querySelector('iframe')?.setAttribute('title', this.kind.caption(title));
    const widget = new Page({ content });
    widget.shown.connect(() => this.goOn(widgetId, true));
    widget.disposed.connect(() => this.due.delete(widgetId));
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

  private load({ id, content }: Page): void {
    const { args, times: before } = this.opened.get(id) ?? { args: {}, times: 0 };
    const times = before + 1;
    // Asked for first, so that nothing can happen in between and be missed.
    const progress = this.kind.progress?.(args).catch(() => undefined);
    this.opened.set(id, { args, times, progress });
    if (progress) {
      void progress.then(() => this.show(content, args, times)).then(() => this.goOn(id, false));
    } else {
      this.show(content, args, times);
    }
  }

  private show(content: IFrame, args: ReadonlyPartialJSONObject, times: number): void {
    if (content.isDisposed) {
      return;
    }
    const url = this.kind.url(args);
    if (this.kind.themed) {
      // By its end alone an address would not be loaded anew, which is wanted where another theme is the reason.
      const counted = `${url}${url.includes('?') ? '&' : '?'}opened=${times}`;
      content.url = `${counted}#${document.body.dataset.jpThemeLight === 'false' ? 'dark' : 'light'}`;
    } else {
      content.url = url;
    }
  }

  /** Look after a page from now on; `back` where somebody has come back to it. */
  private goOn(id: string, back: boolean): void {
    if (this.kind.progress) {
      this.due.set(id, back || (this.due.get(id) ?? false));
      void this.watch.again();
    }
  }

  /** Load what is in view and has been overtaken; says whether more is to come. */
  private async look(): Promise<boolean> {
    let busy = false;
    for (const page of this.inView()) {
      const { args, progress } = this.opened.get(page.id) ?? { args: {} };
      const then = await progress;
      const now = await this.kind.progress?.(args);
      const back = this.due.get(page.id) ?? false;
      this.due.delete(page.id);
      if (now?.busy) {
        busy = true;
        this.due.set(page.id, false);
      }
      if (now && now.made !== then?.made && (back || !now.busy)) {
        this.load(page);
      }
    }
    return busy;
  }

  /** The pages that show and may be overtaken. */
  private inView(): readonly Page[] {
    return this.tracker.filter(({ id, isVisible }) => isVisible && this.due.has(id));
  }

  private readonly tracker: WidgetTracker<Page>;
  private readonly watch: Watch;
  /** The pages to look after, and whether somebody has just come back to them. */
  private readonly due = new Map<string, boolean>();
  private readonly opened = new Map<string, Opened>();
}
