import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Template } from '../api';

interface TemplateListProps {
  readonly load: () => Promise<readonly Template[]>;
  readonly onChoose: (template: Template) => void;
  /** Choose another notebook, where there is a file browser to do it with. */
  readonly onOther: (() => void) | undefined;
  readonly trans: TranslationBundle;
}

/** The templates to choose from. */
export function TemplateList({ load, onChoose, onOther, trans }: TemplateListProps): React.ReactElement {
  const [templates, setTemplates] = React.useState<readonly Template[]>();
  const [trouble, setTrouble] = React.useState('');
  const ask = React.useCallback(() => {
    setTrouble('');
    load().then(setTemplates, (error: Error) => setTrouble(error.message));
  }, [load]);
  React.useEffect(ask, [ask]);
  return (
    <>
      <h2 className="pt-Heading">{trans.__('New report')}</h2>
      {trouble && (
        <div className="pt-Trouble" role="alert">
          {trans.__('The templates cannot be listed: %1', trouble)}{' '}
          <button type="button" className="jp-mod-styled" onClick={ask}>
            {trans.__('Try again')}
          </button>
        </div>
      )}
      <ul className="pt-List">
        {templates?.map(template => (
          <li key={template.id}>
            <button type="button" className="pt-Template" onClick={() => onChoose(template)}>
              <span className="pt-Template-title">{template.title}</span>
              <span className="pt-Template-summary">{template.summary}</span>
            </button>
          </li>
        ))}
      </ul>
      {onOther && (
        <button type="button" className="jp-mod-styled pt-Other" onClick={onOther}>
          {trans.__('Another notebook…')}
        </button>
      )}
    </>
  );
}
