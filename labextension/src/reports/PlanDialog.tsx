import { Clipboard, Dialog, ReactWidget } from '@jupyterlab/apputils';
import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { BatchPlan } from '../api';
import { showValue } from './grid';

/** Show what a batch would be; resolves to whether it is to be run. */
export async function confirmPlan(
  plan: BatchPlan,
  title: string,
  trans: TranslationBundle
): Promise<boolean> {
  const body = ReactWidget.create(<PlanView plan={plan} trans={trans} />);
  body.addClass('pt-PlanBody');
  const dialog = new Dialog({
    title: trans.__('%1: batch of %2', title, trans._n('%1 job', '%1 jobs', plan.total, String(plan.total))),
    body,
    buttons: [
      Dialog.cancelButton({ label: trans.__('Back to the form') }),
      Dialog.okButton({ label: trans.__('Run batch') })
    ],
    hasClose: true
  });
  dialog.addClass('pt-PlanDialog');
  return (await dialog.launch()).button.accept;
}

/** The first jobs' values, the cell that is injected, the script, and where all of it will lie. */
export function PlanView({
  plan,
  trans
}: {
  readonly plan: BatchPlan;
  readonly trans: TranslationBundle;
}): React.ReactElement {
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
      <Passage title={trans.__('Output folder')} text={plan.folder} trans={trans} />
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
      <Passage title={trans.__('Cell injected into the first job')} text={plan.cell} trans={trans} />
      <Passage title={trans.__('What will be started')} text={plan.script} trans={trans} />
    </div>
  );
}

interface PassageProps {
  readonly title: string;
  readonly text: string;
  readonly trans: TranslationBundle;
}

/** A text that can be copied. */
function Passage({ title, text, trans }: PassageProps): React.ReactElement {
  const [copied, setCopied] = React.useState(false);
  const copy = (): void => {
    Clipboard.copyToSystem(text);
    setCopied(true);
  };
  return (
    <>
      <div className="pt-Plan-head">
        <h3>{title}</h3>
        <button
          type="button"
          className="jp-mod-styled"
          aria-label={trans.__('Copy: %1', title)}
          onClick={copy}
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
