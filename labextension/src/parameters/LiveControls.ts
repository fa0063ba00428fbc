import type { ICodeCellModel } from '@jupyterlab/cells';
import type { INotebookModel, NotebookPanel } from '@jupyterlab/notebook';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { JSONObject } from '@lumino/coreutils';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import type { Values } from '../api';

const TARGET = 'pulsetrain.parameters';
const VIEW = 'application/vnd.jupyter.widget-view+json';

/** An interactive control that a kernel holds. */
export interface LiveControl {
  /** The model of its widget. */
  readonly id: string;
  /** The report template of its method. */
  readonly template: string;
  /** What it works on. */
  readonly title: string;
  /** Those of a report of it, and the names of those that can be set. */
  readonly values: Values;
  readonly settable: readonly string[];
  /** Why no report of it can be run, or an empty string. */
  readonly trouble: string;
}

type Told =
  | { readonly type: 'controls'; readonly controls: readonly LiveControl[] }
  | { readonly type: 'answer'; readonly request: string; readonly refused: string };

/** The controls that a notebook shows, spoken to by a comm; a kernel without any is left in peace. */
export class LiveControls implements IDisposable {
  constructor(private readonly trans: TranslationBundle) {}

  /** In the order of the notebook. */
  get list(): readonly LiveControl[] {
    return this.shown.flatMap(id => this.known.find(control => control.id === id) ?? []);
  }

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Look which controls a notebook shows now, and whether its kernel still has them. */
  look(notebook: NotebookPanel | null): void {
    const kernel = notebook?.sessionContext.session?.kernel ?? null;
    const shown = kernel ? shownControls(notebook?.model) : [];
    const same = shown.join() === this.shown.join();
    this.shown = shown;
    if (kernel !== this.kernel) {
      this.kernel?.statusChanged.disconnect(this.onStatus, this);
      if (this.comm && !this.comm.isDisposed) {
        this.comm.close();
      }
      this.hangUp();
      this.kernel = kernel;
      kernel?.statusChanged.connect(this.onStatus, this);
    }
    // A kernel that has no controls closes the comm; it is asked again once others are shown.
    if (kernel && shown.length > 0 && !this.comm && !(same && this.refused)) {
      this.call(kernel);
    }
    if (!same) {
      this._changed.emit();
    }
  }

  /** Set values of a control; rejects with what it refuses. */
  give(control: LiveControl, values: Values): Promise<void> {
    const { comm } = this;
    const request = String(this.requests++);
    return new Promise((resolve, reject) => {
      if (!comm) {
        reject(new Error(this.trans.__('The kernel has gone.')));
        return;
      }
      this.waiting.set(request, refused => (refused ? reject(new Error(refused)) : resolve()));
      comm.send({ type: 'set', request, control: control.id, values: values as JSONObject });
    });
  }

  dispose(): void {
    if (!this._isDisposed) {
      this._isDisposed = true;
      this.look(null);
      Signal.clearData(this);
    }
  }

  private call(kernel: Kernel.IKernelConnection): void {
    if (!kernel.handleComms) {
      return; // another connection of this page to the same kernel has its comms
    }
    const comm = kernel.createComm(TARGET);
    this.comm = comm;
    this.refused = false;
    comm.onMsg = message => this.hear(message.content.data as unknown as Told);
    comm.onClose = () => {
      if (this.comm === comm) {
        this.hangUp();
      }
    };
    comm.open();
  }

  private hear(told: Told): void {
    if (told.type === 'controls') {
      this.known = told.controls;
      this._changed.emit();
    } else {
      this.waiting.get(told.request)?.(told.refused);
      this.waiting.delete(told.request);
    }
  }

  private hangUp(): void {
    this.comm = undefined;
    this.refused = true;
    this.known = [];
    for (const answer of this.waiting.values()) {
      answer(this.trans.__('The kernel has gone.'));
    }
    this.waiting.clear();
    this._changed.emit();
  }

  private onStatus(_: unknown, status: Kernel.Status): void {
    if (status === 'restarting' || status === 'autorestarting' || status === 'dead') {
      this.hangUp();
    }
  }

  private shown: readonly string[] = [];
  private known: readonly LiveControl[] = [];
  private kernel: Kernel.IKernelConnection | null = null;
  private comm: Kernel.IComm | undefined;
  private refused = false;
  private requests = 0;
  private _isDisposed = false;
  private readonly waiting = new Map<string, (refused: string) => void>();
  private readonly _changed = new Signal<this, void>(this);
}

/** The models of the controls in a notebook's outputs, in their order. */
function shownControls(model: INotebookModel | null | undefined): string[] {
  const ids = new Set<string>();
  for (const cell of model?.cells ?? []) {
    const outputs = cell.type === 'code' ? (cell as ICodeCellModel).outputs : undefined;
    for (let place = 0; place < (outputs?.length ?? 0); place++) {
      const { data, metadata } = outputs?.get(place) ?? {};
      const view = data?.[VIEW] as { readonly model_id?: string } | undefined;
      if (metadata?.pulsetrain === 'control' && view?.model_id) {
        ids.add(view.model_id);
      }
    }
  }
  return [...ids];
}
