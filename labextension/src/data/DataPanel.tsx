import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget, UseSignal } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import * as React from 'react';
import type { DataRequests, Key, Listing } from '../api';
import { dataIcon } from '../icons';
import { Browser } from './browser';
import { FolderView } from './FolderView';
import type { InputTemplate } from './inputs';
import { type KeyActions, KeyView } from './KeyView';
import { PathBar } from './PathBar';
import { SourcesView } from './SourcesView';

/** What the data sidebar needs of its surroundings. */
export interface DataSurroundings {
  readonly insert: (code: string) => void;
  readonly copy: (text: string) => void;
  readonly useAsInput: (template: InputTemplate, key: Key) => void;
  readonly templates: () => Promise<readonly InputTemplate[]>;
  readonly isDark: () => boolean;
}

/** The sidebar in which folders, runs and files are browsed. */
export class DataPanel extends ReactWidget {
  constructor(
    requests: DataRequests,
    private readonly surroundings: DataSurroundings,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'pulsetrain-data';
    this.addClass('pt-Panel');
    this.addClass('pt-Data');
    this.title.icon = dataIcon;
    this.title.caption = trans.__('Data: browse runs and files');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pulsetrain data'));
    this.browser = new Browser(requests, () => {
      // Twice the width of the column, for fine screens.
      const width = 2 * Math.max(200, Math.min(this.node.clientWidth - 24, 480));
      return { width, height: Math.round(width * 0.75), theme: surroundings.isDark() ? 'dark' : 'light' };
    });
  }

  /** Go to a folder, run or file. */
  open(path: string): Promise<void> {
    return this.browser.open(path);
  }

  /** Draw the picture in view again, as for another theme. */
  redraw(): void {
    void this.browser.redraw();
  }

  override dispose(): void {
    this.browser.dispose();
    super.dispose();
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.begin();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.begin();
  }

  protected override render(): React.ReactElement {
    return <UseSignal signal={this.browser.changed}>{() => this.renderAll()}</UseSignal>;
  }

  private renderAll(): React.ReactElement {
    const { browser, trans } = this;
    const { listing, contents, selected, busy, trouble } = browser;
    if (listing !== this.filtered) {
      this.filtered = listing;
      this.filter = '';
    }
    return (
      <>
        <header className="pt-Data-head">
          <h2 className="pt-Heading">{trans.__('Data')}</h2>
          <PathBar listing={listing} onOpen={this.go} onUp={this.up} trans={trans} />
          {trouble && (
            <p className="pt-Trouble" role="alert">
              {trouble}
            </p>
          )}
          {listing && (
            <input
              type="search"
              className="pt-Filter"
              aria-label={trans.__('Filter')}
              placeholder={contents ? trans.__('Filter sources and keys') : trans.__('Filter names')}
              value={this.filter}
              onChange={event => {
                this.filter = event.target.value;
                this.update();
              }}
            />
          )}
        </header>
        <section className="pt-Data-list" aria-label={trans.__('Contents')} aria-busy={busy}>
          {busy && <p className="pt-Data-busy">{trans.__('Reading…')}</p>}
          {this.renderList()}
        </section>
        {selected && (
          <KeyView selected={selected} templates={this.templates} actions={this.actions} trans={trans} />
        )}
        <div className="pt-Announcer" aria-live="polite">
          {this.said}
        </div>
      </>
    );
  }

  private renderList(): React.ReactElement | null {
    const { browser, filter, trans } = this;
    const { listing, contents } = browser;
    const takesFocus = this.takesFocus;
    if (contents) {
      return (
        <SourcesView
          key={contents.path}
          browser={browser}
          filter={filter}
          takesFocus={takesFocus}
          onUp={this.up}
          trans={trans}
        />
      );
    }
    if (!listing) {
      return null;
    }
    return (
      <FolderView
        key={listing.path}
        listing={listing}
        filter={filter}
        takesFocus={takesFocus}
        from={browser.from}
        onOpen={this.go}
        onSeries={() => {
          this.takesFocus = true;
          void browser.openSeries();
        }}
        onUp={this.up}
        trans={trans}
      />
    );
  }

  /** Nothing is asked of the server before the sidebar is seen. */
  private begin(): void {
    if (!this.isVisible || this.begun) {
      return;
    }
    this.begun = true;
    void this.open('');
    this.surroundings.templates().then(
      templates => {
        this.templates = templates;
        this.update();
      },
      error => console.warn('Pulsetrain: the templates cannot be listed.', error)
    );
  }

  /** From the tree, the keyboard goes on into the next one. */
  private readonly go = (path: string): void => {
    this.takesFocus = this.node.contains(document.activeElement);
    void this.open(path);
  };

  private readonly up = (): void => {
    // Who goes up by the button may want to press it again.
    this.takesFocus = this.node.querySelector('[role="tree"]')?.contains(document.activeElement) ?? false;
    void this.browser.up();
  };

  private readonly actions: KeyActions = {
    insert: code => this.surroundings.insert(code),
    copyPath: path => {
      this.surroundings.copy(path);
      this.said = this.trans.__('Path copied');
      this.update();
    },
    useAsInput: (template, key) => this.surroundings.useAsInput(template, key),
    step: entry => void this.browser.step(entry),
    close: () => this.browser.deselect()
  };

  private readonly browser: Browser;
  private filter = '';
  /** What the filter was typed for; elsewhere, it starts anew. */
  private filtered: Listing | undefined;
  private templates: readonly InputTemplate[] = [];
  private takesFocus = false;
  private begun = false;
  private said = '';
}
