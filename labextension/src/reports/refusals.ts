import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { RefusedError } from '../api';
import type { Faults } from './order';

/** What has been refused, and the way to refuse: the first input that is to blame gets the focus. */
export function useRefusals(trans: TranslationBundle) {
  const [faults, setFaults] = React.useState<Faults>({});
  const [message, setMessage] = React.useState('');
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

  const refuse = (found: Faults, text: string): void => {
    setFaults(found);
    setMessage(text);
    refusals.current += Object.keys(found).length > 0 ? 1 : 0;
  };
  /** Forget the faults of some inputs, since these have changed, and say what is wrong with them now. */
  const recheck = (changed: (input: string) => boolean, found: Faults): void =>
    setFaults(known => {
      const others = Object.entries(known).filter(([input]) => !changed(input));
      return { ...Object.fromEntries(others), ...found };
    });
  const attempt = async (
    wrong: Faults,
    work: () => Promise<void>,
    place: (faults: Faults) => Faults
  ): Promise<void> => {
    if (Object.keys(wrong).length > 0) {
      refuse(wrong, summaryOf(wrong, trans));
      return;
    }
    setBusy(true);
    try {
      await work();
      refuse({}, '');
    } catch (error) {
      const found = error instanceof RefusedError ? place(error.faults) : {};
      const named = Object.keys(found).length > 0;
      refuse(found, named ? summaryOf(found, trans) : String((error as Error).message));
    } finally {
      setBusy(false);
    }
  };
  return { faults, message, busy, form, idPrefix, refuse, recheck, attempt };
}

function summaryOf(faults: Faults, trans: TranslationBundle): string {
  const names = Object.keys(faults).map(name => name.slice(name.indexOf(':') + 1));
  return trans.__('Not started. Please check: %1', [...new Set(names)].join(', '));
}
