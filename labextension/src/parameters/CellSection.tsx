import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { FieldInput } from '../form/FieldInput';
import type { Field } from '../form/schema';
import type { Drafts } from './Drafts';
import type { CellState } from './FollowedCell';

/** What can be done with the parameters cell of a notebook. */
export interface CellActions {
  /** Tag the selected cell; undefined where none is selected that could be tagged. */
  readonly tag: (() => void) | undefined;
  readonly readAgain: () => void;
  readonly runReport: () => void;
  readonly runBatch: () => void;
  readonly restartAndRunAll: () => void;
}

interface CellSectionProps {
  /** Name of the notebook. */
  readonly title: string;
  readonly state: CellState;
  /** Whether another cell sets the parameters once more when the notebook runs. */
  readonly overridden: boolean;
  /** Whether the notebook differs from its file. */
  readonly unsaved: boolean;
  readonly drafts: Drafts;
  /** Why nothing was started, or an empty string. */
  readonly refusal: string;
  readonly actions: CellActions;
  readonly trans: TranslationBundle;
}

/** The parameters cell of a notebook as a form, or what is missing for one. */
export function CellSection(props: CellSectionProps): React.ReactElement {
  const { title, state, trans } = props;
  return (
    <section aria-label={trans.__('Parameters of the notebook')}>
      <h2 className="pt-Heading">{title || trans.__('Parameters')}</h2>
      {state.kind === 'fields' ? <CellForm {...props} fields={state.fields} /> : <Missing {...props} />}
    </section>
  );
}

function Missing({ state, actions, trans }: CellSectionProps): React.ReactElement {
  switch (state.kind) {
    case 'no-notebook':
      return <p className="pt-Hint">{trans.__('Open a notebook to see its parameters here.')}</p>;
    case 'no-cell':
      return (
        <>
          <p className="pt-Hint">
            {trans.__('No cell of this notebook is tagged “parameters”. Tag the one that assigns them.')}
          </p>
          {!actions.tag && <p className="pt-Hint">{trans.__('Select a code cell first.')}</p>}
          <button
            type="button"
            className="jp-mod-styled jp-mod-accept pt-Parameters-tag"
            disabled={!actions.tag}
            onClick={actions.tag}
          >
            {trans.__('Tag the selected cell')}
          </button>
        </>
      );
    case 'unreadable':
    case 'unanswered':
      return (
        <>
          <p className="pt-Trouble" role="alert">
            {state.trouble}
          </p>
          {state.kind === 'unanswered' && (
            <button type="button" className="jp-mod-styled" onClick={actions.readAgain}>
              {trans.__('Try again')}
            </button>
          )}
        </>
      );
    default:
      return <p className="pt-Hint">{trans.__('Reading…')}</p>;
  }
}

function CellForm(props: CellSectionProps & { readonly fields: readonly Field[] }): React.ReactElement {
  const { title, fields, overridden, unsaved, drafts, refusal, actions, trans } = props;
  const idPrefix = React.useId();
  const savesId = `${idPrefix}saves`;
  const { entries, faults } = drafts;
  const leave = (event: React.FocusEvent): void => {
    const name = event.target.id.slice(idPrefix.length + 1);
    if (fields.some(field => field.name === name)) {
      void drafts.settle(name);
    }
  };
  return (
    <form
      className="pt-Form"
      noValidate
      aria-label={trans.__('Parameters of %1', title)}
      onBlur={leave}
      onSubmit={event => {
        event.preventDefault();
        void drafts.settle();
      }}
    >
      {fields.length === 0 && <p className="pt-Hint">{trans.__('The cell assigns no parameters.')}</p>}
      {overridden && (
        <p className="pt-Parameters-overridden" role="status">
          {trans.__(
            'A cell tagged “injected-parameters” sets its own values after these. Delete it to use them.'
          )}
        </p>
      )}
      {fields.map(field => (
        <FieldInput
          key={field.name}
          field={field}
          entry={entries[field.name] ?? ''}
          fault={faults[field.name]}
          idPrefix={idPrefix}
          trans={trans}
          onEntry={(name, entry) => drafts.change(name, entry)}
        />
      ))}
      <div className="pt-Form-actions">
        {refusal && (
          <p className="pt-Form-message" role="alert">
            {refusal}
          </p>
        )}
        {unsaved && (
          <p id={savesId} className="pt-Parameters-unsaved">
            {trans.__('Unsaved changes: run as report or batch, the notebook is saved first.')}
          </p>
        )}
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          aria-describedby={unsaved ? savesId : undefined}
          onClick={actions.runReport}
        >
          {trans.__('Run as report…')}
        </button>
        <button
          type="button"
          className="jp-mod-styled"
          aria-describedby={unsaved ? savesId : undefined}
          onClick={actions.runBatch}
        >
          {trans.__('Run as batch…')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={actions.restartAndRunAll}>
          {trans.__('Restart and run all')}
        </button>
      </div>
    </form>
  );
}
