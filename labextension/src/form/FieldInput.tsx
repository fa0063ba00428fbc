import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import { NO_NUMBER } from './entry';
import { type Field, spanOf } from './schema';

interface FieldInputProps {
  readonly field: Field;
  /** What it is called where that is not its name. */
  readonly title?: string;
  readonly entry: string;
  readonly fault: string | undefined;
  readonly idPrefix: string;
  readonly trans: TranslationBundle;
  readonly onEntry: (name: string, entry: string) => void;
}

/** One labelled parameter: name and unit, input, help, and what is wrong with the value. */
export function FieldInput(props: FieldInputProps): React.ReactElement {
  const { field, title = field.name, fault, idPrefix } = props;
  const id = `${idPrefix}-${field.name}`;
  const helpId = `${id}-help`;
  const faultId = `${id}-fault`;
  const span = spanOf(field).replaceAll(' ', '\u00a0');
  const help = [field.help, span && props.trans.__('Allowed: %1', span)].filter(Boolean).join(' ');
  const described = [help && helpId, fault && faultId].filter(Boolean).join(' ');
  return (
    <div
      className={`pt-Field${isCheckbox(field) ? ' pt-mod-checkbox' : ''}${fault ? ' pt-mod-refused' : ''}`}
    >
      <div className="pt-Field-line">
        <label htmlFor={id} className="pt-Field-label">
          {title}
          {field.required && <span aria-hidden="true"> *</span>}
        </label>
        {field.unit && <span className="pt-Field-unit">{field.unit}</span>}
      </div>
      <Input
        {...props}
        aria={{
          id,
          'aria-describedby': described || undefined,
          'aria-invalid': fault ? true : undefined,
          'aria-required': field.required || undefined
        }}
      />
      {fault && (
        <div id={faultId} className="pt-Field-fault">
          {`${title}: ${fault}`}
        </div>
      )}
      {help && (
        <div id={helpId} className="pt-Field-help">
          {help}
        </div>
      )}
    </div>
  );
}

/** Two states are ticked, three are chosen. */
function isCheckbox(field: Field): boolean {
  return field.kind === 'flag' && !field.optional && field.expression === '';
}

type Aria = React.AriaAttributes & { readonly id: string };

/** The native input of a field's kind. */
function Input({
  field,
  entry,
  trans,
  onEntry,
  aria
}: FieldInputProps & { readonly aria: Aria }): React.ReactElement {
  const unset = field.expression || trans.__('not set');
  const mayBeUnset = field.optional || field.expression !== '';
  const onText = (
    event: React.ChangeEvent<HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement>
  ): void => onEntry(field.name, event.target.value);
  switch (field.kind) {
    case 'flag':
      return !isCheckbox(field) ? (
        <select {...aria} value={entry} onChange={onText}>
          <option value="">{unset}</option>
          <option value="true">{trans.__('yes')}</option>
          <option value="false">{trans.__('no')}</option>
        </select>
      ) : (
        <input
          {...aria}
          type="checkbox"
          checked={entry === 'true'}
          onChange={event => onEntry(field.name, String(event.target.checked))}
        />
      );
    case 'choice':
      return (
        <select {...aria} value={entry} onChange={onText}>
          {(mayBeUnset || entry === '') && <option value="">{unset}</option>}
          {field.choices.map((choice, place) => (
            <option key={String(choice)} value={String(place)}>
              {String(choice) || trans.__('(none)')}
            </option>
          ))}
        </select>
      );
    case 'integer':
    case 'number':
      return (
        <input
          {...aria}
          type="number"
          step={field.kind === 'integer' ? 1 : 'any'}
          min={field.low}
          max={field.high}
          placeholder={mayBeUnset ? unset : undefined}
          value={entry === NO_NUMBER ? '' : entry}
          // `onInput`, since React says nothing of a change from one unreadable text to another. What is no number
          // reads as an empty text; kept apart, or it would pass for "not set".
          onInput={({ currentTarget: input }) =>
            onEntry(field.name, input.validity.badInput ? NO_NUMBER : input.value)
          }
        />
      );
    default:
      // A text area, since a line input would drop the line breaks of a value without a word.
      return (
        <textarea
          {...aria}
          rows={1}
          spellCheck={false}
          placeholder={mayBeUnset ? unset : undefined}
          value={entry}
          onChange={onText}
        />
      );
  }
}
