import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Values } from '../api';
import type { Field } from '../form/schema';
import { toGive, toTake } from './exchange';
import type { LiveControl } from './LiveControls';

/** What can be done with a live control; what rejects is said beside it. */
export interface ControlActions {
  readonly take: (values: Values) => Promise<void>;
  readonly give: (control: LiveControl, values: Values) => Promise<void>;
  readonly runReport: (control: LiveControl) => void;
  readonly runBatch: (control: LiveControl) => void;
}

interface ControlSectionProps {
  readonly controls: readonly LiveControl[];
  /** Those of the parameters cell, empty where there is none. */
  readonly fields: readonly Field[];
  /** The notebook's; empty where it is not known. */
  readonly folder: string;
  readonly actions: ControlActions;
  readonly trans: TranslationBundle;
}

/** The live controls of the notebook, and what they and its parameters cell can give each other. */
export function ControlSection(props: ControlSectionProps): React.ReactElement {
  const { controls, trans } = props;
  return (
    <section aria-label={trans.__('Controls in this notebook')}>
      <h2 className="pt-Heading">{trans.__('Controls in this notebook')}</h2>
      {controls.length === 0 && (
        <p className="pt-Hint">{trans.__('A control is listed here once its cell has run.')}</p>
      )}
      <ul className="pt-List">
        {controls.map(control => (
          <ControlCard key={control.id} {...props} control={control} />
        ))}
      </ul>
    </section>
  );
}

function ControlCard(props: ControlSectionProps & { readonly control: LiveControl }): React.ReactElement {
  const { control, fields, folder, actions, trans } = props;
  const [said, setSaid] = React.useState<{ readonly words: string; readonly refused: boolean }>();
  const [busy, setBusy] = React.useState(false);
  const title = `${control.template[0]?.toUpperCase()}${control.template.slice(1)}: ${control.title}`;
  const taken = toTake(fields, control, folder);
  const given = toGive(fields, control, folder);
  const differing = [...new Set([...Object.keys(taken), ...Object.keys(given)])];

  const exchange = async (work: Promise<void>, words: string): Promise<void> => {
    setBusy(true);
    setSaid(undefined);
    try {
      await work;
      setSaid({ words, refused: false });
    } catch (error) {
      setSaid({ words: String((error as Error).message), refused: true });
    } finally {
      setBusy(false);
    }
  };
  const take = (): Promise<void> =>
    exchange(actions.take(taken), trans.__('Taken: %1', Object.keys(taken).join(', ')));
  const give = (): Promise<void> =>
    exchange(actions.give(control, given), trans.__('Given: %1', Object.keys(given).join(', ')));

  return (
    <li className="pt-Control">
      <h3 className="pt-Control-title">{title}</h3>
      <p className="pt-Hint">{differenceText(fields, differing, trans)}</p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here */}
      <div className="pt-Actions" role="group" aria-label={title}>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={busy || Object.keys(taken).length === 0}
          onClick={() => void take()}
        >
          {trans.__('Take its values')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          aria-label={trans.__('Give it these values')}
          disabled={busy || Object.keys(given).length === 0}
          onClick={() => void give()}
        >
          {trans.__('Give it these')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={control.trouble !== ''}
          onClick={() => actions.runReport(control)}
        >
          {trans.__('Run as report…')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={control.trouble !== ''}
          onClick={() => actions.runBatch(control)}
        >
          {trans.__('Run as batch…')}
        </button>
      </div>
      {control.trouble && (
        <p className="pt-Control-trouble">{trans.__('No report can be run: %1', control.trouble)}</p>
      )}
      <p
        className={said?.refused ? 'pt-Trouble' : 'pt-Control-said'}
        role={said?.refused ? 'alert' : 'status'}
      >
        {busy ? trans.__('Waiting for the kernel…') : said?.words}
      </p>
    </li>
  );
}

function differenceText(
  fields: readonly Field[],
  differing: readonly string[],
  trans: TranslationBundle
): string {
  if (fields.length === 0) {
    return trans.__('The notebook has no parameters to exchange with it.');
  }
  return differing.length === 0
    ? trans.__('Its values are those above.')
    : trans._n('%2 differs.', '%1 values differ: %2.', differing.length, differing.join(', '));
}
