import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { TemplateForm } from '../api';

interface FormHeadProps {
  readonly template: TemplateForm;
  readonly onDefaults: () => void;
  /** Undefined while there is nothing to bring back. */
  readonly onUndo: (() => void) | undefined;
  readonly trans: TranslationBundle;
}

/** What a form is of, and the way back to its defaults: far from the buttons that start something. */
export function FormHead({ template, onDefaults, onUndo, trans }: FormHeadProps): React.ReactElement {
  const defaults = React.useRef<HTMLButtonElement>(null);
  return (
    <>
      <div className="pt-Form-head">
        <h2 className="pt-Heading">{template.title}</h2>
        {onUndo && (
          <button
            type="button"
            className="jp-mod-styled"
            title={trans.__('Bring back what stood in the form before its defaults')}
            onClick={() => {
              onUndo();
              defaults.current?.focus(); // this button goes
            }}
          >
            {trans.__('Undo')}
          </button>
        )}
        <button
          ref={defaults}
          type="button"
          className="jp-mod-styled"
          title={trans.__('Fill the form with its defaults')}
          onClick={onDefaults}
        >
          {trans.__('Defaults')}
        </button>
      </div>
      {template.summary && <p className="pt-Hint">{template.summary}</p>}
    </>
  );
}
