import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { RefusedError } from '../api';
import { notStarted } from '../form/refusal';
import type { Faults } from './order';

interface Refused {
  /** What is wrong now. */
  readonly faults: Faults;
  /** The inputs that the last attempt was refused for and that are still wrong. */
  readonly named: readonly string[];
}

/** What has been refused, and the way to refuse: the first input that is to blame gets the focus. */
export function useRefusals(trans: TranslationBundle) {
  const [{ faults, named }, setRefused] = React.useState<Refused>({ faults: {}, named: [] });
  const [trouble, setTrouble] = React.useState('');
  const [busy, setBusy] = React.useState(false);
  const form = React.useRef<HTMLFormElement>(null);
  const idPrefix = React.useId();
  const refusals = React.useRef(0);

  // Once the inputs are there: what is folded away is opened by its fault.
  // biome-ignore lint/correctness/useExhaustiveDependencies: each refusal moves the focus, even one like the last
  React.useEffect(() => {
    form.current
      ?.querySelector<HTMLElement>('[aria-invalid="true"], .pt-mod-refused :is(input, select, textarea)')
      ?.focus();
  }, [refusals.current]);

  /** Refuse what is wrong with the inputs, or say what no input is to blame for. */
  const refuse = (found: Faults, text = ''): void => {
    const inputs = Object.keys(found);
    setRefused({ faults: found, named: inputs });
    setTrouble(inputs.length > 0 ? '' : text);
    refusals.current += inputs.length > 0 ? 1 : 0;
  };
  /** Forget the faults of some inputs, since these have changed, and say what is wrong with them now. */
  const recheck = (changed: (input: string) => boolean, found: Faults): void =>
    setRefused(known => {
      const others = Object.entries(known.faults).filter(([input]) => !changed(input));
      const left = { ...Object.fromEntries(others), ...found };
      return { faults: left, named: known.named.filter(input => input in left) };
    });
  const attempt = async (
    wrong: Faults,
    work: () => Promise<void>,
    place: (faults: Faults) => Faults
  ): Promise<void> => {
    if (Object.keys(wrong).length > 0) {
      refuse(wrong);
      return;
    }
    setBusy(true);
    try {
      await work();
      refuse({});
    } catch (error) {
      refuse(error instanceof RefusedError ? place(error.faults) : {}, String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };
  const message = named.length > 0 ? notStarted(named, trans) : trouble;
  return { faults, message, busy, form, idPrefix, refuse, recheck, attempt };
}
