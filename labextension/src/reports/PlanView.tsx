import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { BatchPlan } from '../api';
import { showValue } from './grid';

interface PlanViewProps {
  readonly plan: BatchPlan;
  /** Put a text on the clipboard. */
  readonly copy: (text: string) => void;
  readonly trans: TranslationBundle;
}

/** The first jobs' values, the cell that is injected, the script, and where all of it will lie. */
export function PlanView({ plan, copy, trans }: PlanViewProps): React.ReactElement {
  const names = plan.varied.length > 0 ? plan.varied : Object.keys(plan.rows[0] ?? {});
  const left = plan.total - plan.rows.length;
  return (
    <div className="pt-Plan">
      {plan.warnings.length > 0 && (
        <ul className="pt-Plan-warnings" aria-label={trans.__('Warnings')}>
          {plan.warnings.map(warning => (
            <li key={warning}>{warning}</li>
          ))}
        </ul>
      )}
      <Passage title={trans.__('Output folder')} text={plan.folder} copy={copy} trans={trans} />
      <h3>{trans.__('Jobs')}</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="pt-Plan-text" tabIndex={0} aria-label={trans.__('Jobs')}>
        <table>
          <thead>
            <tr>
              <th scope="col">{trans.__('Job')}</th>
              {names.map(name => (
                <th key={name} scope="col">
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {plan.rows.map((row, place) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a job of a plan is its place
              <tr key={place}>
                <th scope="row">{place + 1}</th>
                {names.map(name => (
                  <td key={name}>{name in row ? showValue(row[name]) : ''}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {left > 0 && <p>{trans._n('and %1 more', 'and %1 more', left, String(left))}</p>}
      <Passage
        title={trans.__('Cell injected into the first job')}
        text={plan.cell}
        copy={copy}
        trans={trans}
      />
      <Passage title={trans.__('What will be started')} text={plan.script} copy={copy} trans={trans} />
    </div>
  );
}

interface PassageProps {
  readonly title: string;
  readonly text: string;
  readonly copy: (text: string) => void;
  readonly trans: TranslationBundle;
}

/** A text that can be copied. */
function Passage({ title, text, copy, trans }: PassageProps): React.ReactElement {
  const [copied, setCopied] = React.useState(false);
  return (
    <>
      <div className="pt-Plan-head">
        <h3>{title}</h3>
        <button
          type="button"
          className="jp-mod-styled"
          aria-label={trans.__('Copy: %1', title)}
          onClick={() => {
            copy(text);
            setCopied(true);
          }}
          onBlur={() => setCopied(false)}
        >
          {copied ? trans.__('Copied') : trans.__('Copy')}
        </button>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by keyboard */}
      <section className="pt-Plan-text" tabIndex={0} aria-label={title}>
        <pre>{text}</pre>
      </section>
    </>
  );
}
