import type { TranslationBundle } from '@jupyterlab/translation';
import { type ISignal, Signal } from '@lumino/signaling';
import { RefusedError, type Values } from '../api';
import { type Entries, entryOf, presetsOf, readEntry } from '../form/entry';
import type { Field } from '../form/schema';

/** Milliseconds after the last key before a value is written. */
const TYPING = 500;

/** What is being typed into the form of a cell, and soon written into it; the rest shows what the cell says. */
export class Drafts {
  constructor(
    private readonly write: (values: Values) => Promise<void>,
    private readonly trans: TranslationBundle
  ) {}

  get changed(): ISignal<this, void> {
    return this._changed;
  }

  /** What the inputs show. */
  get entries(): Entries {
    return { ...presetsOf(this.fields), ...Object.fromEntries(this.typed) };
  }

  /** What is wrong with what was typed, by name. */
  get faults(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.refused);
  }

  /** Whether an input shows what was typed into it, be it right or wrong. */
  isTyped(name: string): boolean {
    return this.typed.has(name);
  }

  /** Show the fields of a cell; `anew` where it is another cell. */
  show(fields: readonly Field[], anew = false): void {
    this.fields = fields;
    if (anew) {
      for (const timer of this.timers.values()) {
        clearTimeout(timer);
      }
      for (const kept of [this.timers, this.typed, this.refused]) {
        kept.clear();
      }
    }
    this._changed.emit();
  }

  /** Take what was typed or chosen, and write it once nothing more is typed. */
  change(name: string, entry: string): void {
    const field = this.fields.find(each => each.name === name);
    if (field) {
      this.typed.set(name, entry);
      this.refused.delete(name);
      clearTimeout(this.timers.get(name));
      const delay = field.kind === 'flag' || field.kind === 'choice' ? 0 : TYPING;
      this.timers.set(
        name,
        setTimeout(() => void this.send(name), delay)
      );
      this._changed.emit();
    }
  }

  /** Write at once what is still to be written; without a name, of all fields. */
  async settle(name?: string): Promise<void> {
    const names = name === undefined ? [...this.typed.keys()] : [name];
    await Promise.all(names.map(each => this.leave(each)));
  }

  private async leave(name: string): Promise<void> {
    if (this.timers.has(name)) {
      clearTimeout(this.timers.get(name));
      await this.send(name);
    }
    if (!this.refused.has(name) && !this.timers.has(name)) {
      this.typed.delete(name); // from now on the cell's own writing is shown
      this._changed.emit();
    }
  }

  private async send(name: string): Promise<void> {
    this.timers.delete(name);
    const field = this.fields.find(each => each.name === name);
    const entry = this.typed.get(name);
    const written = field && entry === entryOf(field, field.preset) && this.underway === 0;
    if (!field || entry === undefined || written) {
      return;
    }
    const read = readEntry(field, entry, this.trans);
    const fault = 'fault' in read ? read.fault : await this.attempt(name, { [name]: read.value });
    if (fault && this.typed.get(name) === entry) {
      this.refused.set(name, fault);
      this._changed.emit();
    }
  }

  private async attempt(name: string, values: Values): Promise<string> {
    this.underway += 1; // until then the fields are not what the cell is going to say
    try {
      await this.write(values);
      return '';
    } catch (error) {
      return (error instanceof RefusedError && error.faults[name]) || String((error as Error).message);
    } finally {
      this.underway -= 1;
    }
  }

  private fields: readonly Field[] = [];
  private underway = 0;
  private readonly typed = new Map<string, string>();
  private readonly refused = new Map<string, string>();
  private readonly timers = new Map<string, ReturnType<typeof setTimeout>>();
  private readonly _changed = new Signal<this, void>(this);
}
