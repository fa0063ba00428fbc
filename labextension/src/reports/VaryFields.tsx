import type { TranslationBundle } from '@jupyterlab/translation';
import type { ReadonlyJSONValue } from '@lumino/coreutils';
import * as React from 'react';
import type { Entries } from '../form/entry';
import { type Field, spanOf } from '../form/schema';
import { isTicked, readValues, showValue, tickable, type Variations } from './grid';
import { type Faults, varyInput } from './order';

interface VaryFieldsProps {
  readonly fields: readonly Field[];
  /** What stands in the fields' own inputs. */
  readonly entries: Entries;
  readonly variations: Variations;
  readonly faults: Faults;
  readonly idPrefix: string;
  readonly onVariations: (variations: Variations) => void;
  readonly trans: TranslationBundle;
}

/** The parameters that differ between the jobs, each with its values. */
export function VaryFields(props: VaryFieldsProps): React.ReactElement {
  const { fields, variations, faults, idPrefix, onVariations, trans } = props;
  const chooser = React.useRef<HTMLSelectElement>(null);
  const box = React.useRef<HTMLDivElement>(null);
  const [added, setAdded] = React.useState({ name: '' });
  const others = fields.filter(field => !variations.has(field.name));
  const [wanted, setWanted] = React.useState('');
  const next = others.find(field => field.name === wanted) ?? others[0];

  const add = (): void => {
    if (next) {
      onVariations(new Map(variations).set(next.name, ''));
      setAdded({ name: next.name });
    }
  };
  const remove = (name: string): void => {
    const left = new Map(variations);
    left.delete(name);
    onVariations(left);
    chooser.current?.focus();
  };
  // At once, or keys that are typed quickly would still go to the button.
  React.useLayoutEffect(() => {
    if (added.name) {
      const id = CSS.escape(`${idPrefix}-${varyInput(added.name)}`);
      box.current?.querySelector<HTMLElement>(`input[id="${id}"], [id="${id}"] input`)?.focus();
    }
  }, [added, idPrefix]);

  return (
    <div className="pt-Vary" ref={box}>
      {[...variations].map(([name, text]) => {
        const field = fields.find(known => known.name === name);
        return (
          field && (
            <Variation
              key={name}
              field={field}
              text={text}
              single={props.entries[name] ?? ''}
              fault={faults[varyInput(name)]}
              id={`${idPrefix}-${varyInput(name)}`}
              onText={typed => onVariations(new Map(variations).set(name, typed))}
              onRemove={() => remove(name)}
              trans={trans}
            />
          )
        );
      })}
      {next && (
        <div className="pt-Field">
          <label className="pt-Field-title" htmlFor={`${idPrefix}-vary`}>
            {trans.__('Vary')}
          </label>
          <div className="pt-Vary-choose">
            <select
              ref={chooser}
              id={`${idPrefix}-vary`}
              value={next.name}
              onChange={event => setWanted(event.target.value)}
            >
              {others.map(field => (
                <option key={field.name} value={field.name}>
                  {field.name}
                </option>
              ))}
            </select>
            <button type="button" className="jp-mod-styled" onClick={add}>
              {trans.__('Add')}
            </button>
          </div>
        </div>
      )}
    </div>
  );
}

interface VariationProps {
  readonly field: Field;
  readonly text: string;
  /** What stands in the field's own input. */
  readonly single: string;
  readonly fault: string | undefined;
  readonly id: string;
  readonly onText: (text: string) => void;
  readonly onRemove: () => void;
  readonly trans: TranslationBundle;
}

/** The values of one parameter. */
function Variation(props: VariationProps): React.ReactElement {
  const { field, text, fault, id, onText, onRemove, trans } = props;
  const ticked = isTicked(field);
  const help = [
    trans.__('In place of the one value above.'),
    !ticked &&
      trans.__('Values with commas between them%1.', isNumber(field) ? trans.__(', or first:last:step') : ''),
    spanOf(field) && trans.__('Allowed: %1', spanOf(field).replaceAll(' ', '\u00a0'))
  ];
  const described = { 'aria-describedby': `${id}-help${fault ? ` ${id}-fault` : ''}` };
  return (
    <div className={`pt-Field${fault ? ' pt-mod-refused' : ''}`}>
      <div className="pt-Field-line">
        {ticked ? (
          <span id={`${id}-label`} className="pt-Field-label">
            {field.name}
          </span>
        ) : (
          <label className="pt-Field-label" htmlFor={id}>
            {trans.__('%1: values', field.name)}
          </label>
        )}
        {field.unit && <span className="pt-Field-unit">{field.unit}</span>}
        <button
          type="button"
          className="jp-mod-styled pt-Remove"
          aria-label={trans.__('Do not vary %1', field.name)}
          title={trans.__('Do not vary %1', field.name)}
          onClick={onRemove}
        >
          <span aria-hidden="true">×</span>
        </button>
      </div>
      {ticked ? (
        <Ticks {...props} described={described} />
      ) : (
        <input
          id={id}
          type="text"
          spellCheck={false}
          value={text}
          aria-invalid={fault ? true : undefined}
          {...described}
          onChange={event => onText(event.target.value)}
        />
      )}
      {fault && (
        <div id={`${id}-fault`} className="pt-Field-fault">
          {`${field.name}: ${fault}`}
        </div>
      )}
      <div id={`${id}-help`} className="pt-Field-help">
        {help.filter(Boolean).join(' ')}
      </div>
    </div>
  );
}

function Ticks({
  field,
  text,
  id,
  onText,
  described,
  trans
}: VariationProps & { readonly described: React.AriaAttributes }): React.ReactElement {
  const read = readValues(field, text, trans);
  const chosen = 'values' in read ? read.values : [];
  const toggle = (value: ReadonlyJSONValue): void => {
    const kept = tickable(field).filter(known => (known === value) !== chosen.includes(known));
    onText(JSON.stringify(kept));
  };
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here
    <div id={id} className="pt-Ticks" role="group" aria-labelledby={`${id}-label`} {...described}>
      {tickable(field).map(value => (
        <label key={showValue(value)}>
          <input type="checkbox" checked={chosen.includes(value)} onChange={() => toggle(value)} />
          {tickText(value, trans)}
        </label>
      ))}
    </div>
  );
}

function tickText(value: ReadonlyJSONValue, trans: TranslationBundle): string {
  switch (value) {
    case null:
      return trans.__('not set');
    case true:
      return trans.__('yes');
    case false:
      return trans.__('no');
    default:
      return showValue(value);
  }
}

function isNumber(field: Field): boolean {
  return field.kind === 'number' || field.kind === 'integer';
}
