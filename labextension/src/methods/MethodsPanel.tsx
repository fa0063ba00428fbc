import type { TranslationBundle } from '@jupyterlab/translation';
import { ReactWidget } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Method } from '../api';
import { methodsIcon } from '../icons';

/** What a method can be opened as. */
export interface MethodActions {
  readonly openControl: (method: Method) => void;
  readonly openCourse: (method: Method) => void;
  readonly newReport: (method: Method) => void;
}

/** The sidebar that lists the installed methods. */
export class MethodsPanel extends ReactWidget {
  constructor(
    private readonly load: () => Promise<readonly Method[]>,
    private readonly actions: MethodActions,
    private readonly trans: TranslationBundle
  ) {
    super();
    this.id = 'pulsetrain-methods';
    this.addClass('pt-Panel');
    this.title.icon = methodsIcon;
    this.title.caption = trans.__('Methods for X-ray free-electron lasers');
    this.node.setAttribute('role', 'region');
    this.node.setAttribute('aria-label', trans.__('Pulsetrain methods'));
  }

  protected override render(): React.ReactElement {
    return <MethodList load={this.load} actions={this.actions} trans={this.trans} />;
  }
}

interface MethodListProps {
  readonly load: () => Promise<readonly Method[]>;
  readonly actions: MethodActions;
  readonly trans: TranslationBundle;
}

export function MethodList({ load, actions, trans }: MethodListProps): React.ReactElement {
  const [methods, setMethods] = React.useState<readonly Method[]>();
  const [trouble, setTrouble] = React.useState('');
  const ask = React.useCallback(() => {
    setTrouble('');
    load().then(setMethods, (error: Error) => setTrouble(error.message));
  }, [load]);
  React.useEffect(ask, [ask]);
  return (
    <>
      <h2 className="pt-Heading">{trans.__('Methods')}</h2>
      {trouble && (
        <div className="pt-Trouble" role="alert">
          {trans.__('The methods cannot be listed: %1', trouble)}{' '}
          <button type="button" className="jp-mod-styled" onClick={ask}>
            {trans.__('Try again')}
          </button>
        </div>
      )}
      {methods?.length === 0 && <p className="pt-Hint">{trans.__('No method is installed.')}</p>}
      <ul className="pt-List">
        {methods?.map(method => (
          <MethodCard key={method.name} method={method} actions={actions} trans={trans} />
        ))}
      </ul>
    </>
  );
}

function MethodCard(props: Omit<MethodListProps, 'load'> & { readonly method: Method }): React.ReactElement {
  const { method, actions, trans } = props;
  return (
    <li className="pt-Method">
      <h3 className="pt-Method-title">{method.title}</h3>
      <p className="pt-Method-summary">{method.summary}</p>
      {/* biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here */}
      <div className="pt-Actions" role="group" aria-label={method.title}>
        <button
          type="button"
          className="jp-mod-styled jp-mod-accept"
          onClick={() => actions.openControl(method)}
        >
          {trans.__('Open control')}
        </button>
        {method.course && (
          <button type="button" className="jp-mod-styled" onClick={() => actions.openCourse(method)}>
            {trans.__('Open course')}
          </button>
        )}
        {method.template !== null && (
          <button type="button" className="jp-mod-styled" onClick={() => actions.newReport(method)}>
            {trans.__('New report')}
          </button>
        )}
      </div>
    </li>
  );
}
