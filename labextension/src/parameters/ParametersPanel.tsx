import { PageConfig, PathExt } from '@jupyterlab/coreutils';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Debouncer } from '@lumino/polling';
import * as React from 'react';
import type { ParameterRequests, Values } from '../api';
import { notStarted } from '../form/refusal';
import type { Field } from '../form/schema';
import { parametersIcon } from '../icons';
import { CellSection } from './CellSection';
import { ControlSection } from './ControlSection';
import { isOverridden, tagAsParameters } from './cell';
import { Drafts } from './Drafts';
import { valuesOf } from './exchange';
import { FollowedCell } from './FollowedCell';
import { type LiveControl, LiveControls } from './LiveControls';

/** Milliseconds that a notebook rests before it is looked at again. */
const REST = 250;

/** What the panel leaves to the application. */
export interface ParametersSurroundings {
  /** Open the form of a notebook as a report or a batch. */
  readonly runNotebook: (notebook: NotebookPanel, values: Values, batch: boolean) => Promise<void>;
  /** Open the form of a template. */
  readonly runTemplate: (template: string, values: Values, batch: boolean) => Promise<void>;
  readonly restartAndRunAll: () => Promise<void>;
  readonly complain: (error: Error) => void;
}

/** The sidebar with the parameters of the notebook in focus, and with its live controls. */
export class ParametersPanel extends ReactWidget {
  constructor(
    requests: ParameterRequests,
    private readonly surroundings: ParametersSurroundings,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'pulsetrain-parameters';
    this.addClass('pt-Panel');
    this.addClass('pt-Parameters');
    this.title.icon = parametersIcon;
    this.title.caption = trans.__('Parameters of the notebook in focus');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pulsetrain parameters'));
    this.cell = new FollowedCell(requests, () => this.isVisible, trans);
    this.drafts = new Drafts(values => this.cell.write(values), trans);
    this.controls = new LiveControls(trans);
    this.cell.changed.connect(this.onCell, this);
    this.drafts.changed.connect(() => {
      this.refused = this.refused.filter(name => this.drafts.isTyped(name));
      this.update();
    });
    this.controls.changed.connect(() => this.update());
  }

  /** Show the parameters of another notebook. */
  follow(notebook: NotebookPanel | null): void {
    const { notebook: before } = this;
    before?.content.activeCellChanged.disconnect(this.onActiveCell, this);
    before?.sessionContext.kernelChanged.disconnect(this.onNotebook, this);
    before?.model?.contentChanged.disconnect(this.onNotebook, this);
    before?.model?.stateChanged.disconnect(this.onNotebook, this);
    this.notebook = notebook;
    this.cell.follow(notebook);
    notebook?.content.activeCellChanged.connect(this.onActiveCell, this);
    notebook?.sessionContext.kernelChanged.connect(this.onNotebook, this);
    void notebook?.context.ready.then(() => {
      if (notebook === this.notebook && !notebook.isDisposed) {
        notebook.model?.contentChanged.connect(this.onNotebook, this);
        notebook.model?.stateChanged.connect(this.onNotebook, this); // saved, or no longer as saved
        this.look();
      }
    });
  }

  override dispose(): void {
    if (!this.isDisposed) {
      this.follow(null);
      this.cell.dispose();
      this.controls.dispose();
      this.later.dispose();
      super.dispose();
    }
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this.look();
  }

  protected override onAfterAttach(message: Message): void {
    super.onAfterAttach(message);
    this.look();
  }

  protected override render(): React.ReactElement {
    const { cell, controls, drafts, trans } = this;
    return (
      <>
        <CellSection
          title={this.notebook?.title.label ?? ''}
          state={cell.state}
          overridden={isOverridden(this.notebook?.model)}
          unsaved={this.notebook?.model?.dirty ?? false}
          drafts={drafts}
          refusal={this.refusal}
          actions={{
            tag: this.taggable ? () => this.tag() : undefined,
            readAgain: () => this.look(),
            runReport: () => this.attempt(this.runNotebook(false)),
            runBatch: () => this.attempt(this.runNotebook(true)),
            restartAndRunAll: () => this.attempt(this.restartAndRunAll())
          }}
          trans={trans}
        />
        {this.notebook && (
          <ControlSection
            controls={controls.list}
            fields={this.fields}
            folder={folderOf(this.notebook)}
            actions={{
              take: values => cell.write(values),
              give: (control, values) => controls.give(control, values),
              runReport: control => this.runControl(control, false),
              runBatch: control => this.runControl(control, true)
            }}
            trans={trans}
          />
        )}
      </>
    );
  }

  private get fields(): readonly Field[] {
    return this.cell.state.kind === 'fields' ? this.cell.state.fields : [];
  }

  private get taggable(): boolean {
    return this.notebook?.content.activeCell?.model.type === 'code';
  }

  private tag(): void {
    const model = this.notebook?.content.activeCell?.model;
    if (model) {
      tagAsParameters(model);
      this.look();
    }
  }

  /** Read what the browser and the kernel hold now. */
  private look(): void {
    if (this.isVisible) {
      this.attempt(this.cell.look());
      this.controls.look(this.notebook);
      this.update();
    }
  }

  private async runNotebook(batch: boolean): Promise<void> {
    await this.drafts.settle();
    this.refused = Object.keys(this.drafts.faults);
    if (this.refused.length > 0) {
      this.update();
      requestAnimationFrame(() => this.node.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    } else if (this.notebook) {
      await this.surroundings.runNotebook(this.notebook, valuesOf(this.fields), batch);
    }
  }

  /** That nothing was started, as long as what was in the way is wrong. */
  private get refusal(): string {
    const wrong = this.refused.filter(name => name in this.drafts.faults);
    return wrong.length > 0 ? notStarted(wrong, this.trans) : '';
  }

  private async restartAndRunAll(): Promise<void> {
    await this.drafts.settle();
    await this.surroundings.restartAndRunAll();
  }

  private runControl(control: LiveControl, batch: boolean): void {
    this.attempt(this.surroundings.runTemplate(control.template, control.values, batch));
  }

  private attempt(work: Promise<unknown>): void {
    work.catch(this.surroundings.complain);
  }

  private onCell(): void {
    this.drafts.show(this.fields, this.cell.notebook !== this.shown);
    this.shown = this.cell.notebook;
    this.controls.look(this.notebook);
    this.update();
  }

  private onNotebook(): void {
    void this.later.invoke();
  }

  private onActiveCell(): void {
    if (this.cell.state.kind === 'no-cell') {
      this.update();
    }
  }

  private readonly cell: FollowedCell;
  private readonly drafts: Drafts;
  private readonly later = new Debouncer(() => this.look(), REST);
  private readonly controls: LiveControls;
  private notebook: NotebookPanel | null = null;
  /** The parameters that were in the way of the last run. */
  private refused: readonly string[] = [];
  /** The notebook that the drafts are of. */
  private shown: NotebookPanel | null = null;
}

/** The folder that a notebook lies in, on the server's machine; empty where the server does not tell. */
function folderOf({ context }: NotebookPanel): string {
  const root = PageConfig.getOption('serverRoot');
  return root && `${root}/${PathExt.dirname(context.localPath)}`;
}
