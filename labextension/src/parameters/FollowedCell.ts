import type { ICodeCellModel } from '@jupyterlab/cells';
import type { NotebookPanel } from '@jupyterlab/notebook';
import type { TranslationBundle } from '@jupyterlab/translation';
import type { IDisposable } from '@lumino/disposable';
import { type ISignal, Signal } from '@lumino/signaling';
import { type ParameterRequests, RefusedError, type Values } from '../api';
import { type Field, fieldsOf } from '../form/schema';
import { parametersCell, replaceSource } from './cell';

/**
 * What there is to show: no notebook, one without a tagged cell, a cell that is no Python, one that the server was asked
 * about in vain, or its fields.
 */
export type CellState =
  | { readonly kind: 'no-notebook' | 'no-cell' | 'reading' }
  | { readonly kind: 'unreadable' | 'unanswered'; readonly trouble: string }
  | { readonly kind: 'fields'; readonly fields: readonly Field[] };

/** The parameters cell of a notebook as it stands in the browser, unsaved edits included. */
export class FollowedCell implements IDisposable {
  constructor(
    private readonly requests: ParameterRequests,
    private readonly isWatched: () => boolean,
    private readonly trans: TranslationBundle
  ) {}

  state: CellState = { kind: 'no-notebook' };

  get notebook(): NotebookPanel | null {
    return this._notebook;
  }

  /** The state, or the notebook, has changed. */
  get changed(): ISignal<this, void> {
    return this._changed;
  }

  get isDisposed(): boolean {
    return this._isDisposed;
  }

  /** Follow another notebook. */
  follow(notebook: NotebookPanel | null): void {
    if (notebook !== this._notebook) {
      this._notebook = notebook;
      this.cell = undefined;
      this.source = undefined;
      this.show(notebook ? { kind: 'reading' } : { kind: 'no-notebook' });
    }
  }

  /** Read the cell now, unless it is as it was read last. */
  async look(): Promise<void> {
    if (this.isDisposed || !this.isWatched() || !this._notebook?.context.isReady) {
      return;
    }
    const cell = parametersCell(this._notebook.model);
    const source = cell?.sharedModel.getSource();
    const known = source === undefined ? this.state.kind === 'no-cell' : source === this.source;
    if (cell === this.cell && known) {
      return;
    }
    this.cell = cell;
    this.source = source;
    if (source === undefined) {
      this.show({ kind: 'no-cell' });
      return;
    }
    const state = await this.read(source);
    if (cell === this.cell && source === this.source) {
      this.source = state.kind === 'unanswered' ? undefined : source; // a server that comes back is asked again
      this.show(state);
    }
  }

  /** Write values into the cell; rejects with a `RefusedError` where the server refuses one. */
  write(values: Values): Promise<void> {
    const cell = parametersCell(this._notebook?.model); // that of now, whatever is in focus when its turn comes
    const written = this.writing.then(() => this.put(cell, values));
    this.writing = written.catch(() => undefined); // one write after the other, whatever became of the first
    return written;
  }

  dispose(): void {
    this._isDisposed = true;
    Signal.clearData(this);
  }

  private async read(source: string): Promise<CellState> {
    try {
      const { schema } = await this.requests.read(source);
      return { kind: 'fields', fields: fieldsOf(schema) };
    } catch (error) {
      const refused = error instanceof RefusedError && error.status < 500;
      return { kind: refused ? 'unreadable' : 'unanswered', trouble: String((error as Error).message) };
    }
  }

  private async put(cell: ICodeCellModel | undefined, values: Values): Promise<void> {
    for (;;) {
      if (!cell || cell.isDisposed) {
        throw new Error(this.trans.__('The parameters cell is gone.'));
      }
      const source = cell.sharedModel.getSource();
      const written = await this.requests.write(source, values);
      if (!cell.isDisposed && cell.sharedModel.getSource() === source) {
        replaceSource(cell, written);
        break;
      }
      // Somebody has typed in the cell in the meantime: write into what stands there now.
    }
    await this.look();
  }

  private show(state: CellState): void {
    this.state = state;
    this._changed.emit();
  }

  private readonly _changed = new Signal<this, void>(this);
  private _isDisposed = false;
  private _notebook: NotebookPanel | null = null;
  private cell: ICodeCellModel | undefined;
  private source: string | undefined;
  private writing: Promise<void> = Promise.resolve();
}
