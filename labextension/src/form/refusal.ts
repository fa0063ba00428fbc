import type { TranslationBundle } from '@jupyterlab/translation';

/** That nothing was started, and which inputs have to be looked at. */
export function notStarted(inputs: readonly string[], trans: TranslationBundle): string {
  const names = inputs.map(input => input.slice(input.indexOf(':') + 1));
  return trans.__('Not started. Please check: %1', [...new Set(names)].join(', '));
}
