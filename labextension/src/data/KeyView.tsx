import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Key } from '../api';
import type { Selected } from './browser';
import { type InputTemplate, likelyTemplate } from './inputs';
import { keyText } from './words';

/** What can be done with the key that is looked at. */
export interface KeyActions {
  readonly insert: (code: string) => void;
  readonly copyPath: (path: string) => void;
  readonly useAsInput: (template: InputTemplate, key: Key) => void;
  readonly step: (entry: number) => void;
  readonly close: () => void;
}

interface KeyViewProps {
  readonly selected: Selected;
  readonly templates: readonly InputTemplate[];
  readonly actions: KeyActions;
  readonly trans: TranslationBundle;
}

/** The key that is looked at: a picture of it, the Python that opens it, and what it can be used for. */
export function KeyView({ selected, templates, actions, trans }: KeyViewProps): React.ReactElement {
  const { source, key, code, picture, words, trouble, busy } = selected;
  return (
    <section className="pt-Key" aria-label={trans.__('Key')} aria-busy={busy}>
      <div className="pt-Key-head">
        <h3 className="pt-Key-name" title={`${source}\n${key.name}`}>
          {key.name}
        </h3>
        <button
          type="button"
          className="jp-mod-styled pt-Key-close"
          aria-label={trans.__('Close the picture')}
          title={trans.__('Close the picture')}
          onClick={actions.close}
        >
          ×
        </button>
      </div>
      <p className="pt-Key-shape">{keyText(key, trans)}</p>
      {trouble && (
        <p className="pt-Trouble" role="alert">
          {trouble}
        </p>
      )}
      {!trouble && (
        <figure className="pt-Key-figure">
          {picture ? <img src={picture} alt={words} /> : <p className="pt-Hint">{trans.__('Reading…')}</p>}
          {picture && (
            <figcaption aria-hidden="true" title={words}>
              {words}
            </figcaption>
          )}
        </figure>
      )}
      {key.entries > 1 && <Stepper selected={selected} onStep={actions.step} trans={trans} />}
      <div className="pt-Actions">
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          disabled={code === ''}
          title={code}
          onClick={() => actions.insert(code)}
        >
          {trans.__('Insert code')}
        </button>
        <button type="button" className="jp-mod-styled" onClick={() => actions.copyPath(key.path)}>
          {trans.__('Copy path')}
        </button>
      </div>
      {key.opens !== 'values' && templates.length > 0 && (
        <InputChoice selected={key} templates={templates} onUse={actions.useAsInput} trans={trans} />
      )}
    </section>
  );
}

interface StepperProps {
  readonly selected: Selected;
  readonly onStep: (entry: number) => void;
  readonly trans: TranslationBundle;
}

function Stepper({ selected: { key, entry }, onStep, trans }: StepperProps): React.ReactElement {
  const label = key.opens === 'spectra' ? trans.__('Spectrum') : trans.__('Frame');
  return (
    <label className="pt-Key-stepper">
      <span>{label}</span>
      <input
        type="range"
        min={1}
        max={key.entries}
        value={entry + 1}
        onChange={event => onStep(event.target.valueAsNumber - 1)}
      />
      <span className="pt-Key-place">{trans.__('%1 of %2', entry + 1, key.entries)}</span>
    </label>
  );
}

interface InputChoiceProps {
  readonly selected: Key;
  readonly templates: readonly InputTemplate[];
  readonly onUse: KeyActions['useAsInput'];
  readonly trans: TranslationBundle;
}

function InputChoice({ selected, templates, onUse, trans }: InputChoiceProps): React.ReactElement {
  const [chosen, setChosen] = React.useState<string>();
  const template = templates.find(known => known.id === chosen) ?? likelyTemplate(templates, selected);
  return (
    <div className="pt-Key-input">
      <select
        aria-label={trans.__('Report')}
        value={template?.id}
        onChange={event => setChosen(event.target.value)}
      >
        {templates.map(known => (
          <option key={known.id} value={known.id}>
            {known.title.split(':')[0]}
          </option>
        ))}
      </select>
      <button type="button" className="jp-mod-styled" onClick={() => template && onUse(template, selected)}>
        {trans.__('Use as input')}
      </button>
    </div>
  );
}
