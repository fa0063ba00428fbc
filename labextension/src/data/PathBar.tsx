import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Listing } from '../api';
import { nameOf, parentsOf } from './browser';

interface PathBarProps {
  readonly listing: Listing | undefined;
  readonly onOpen: (path: string) => void;
  readonly onUp: () => void;
  readonly trans: TranslationBundle;
}

/** Where one is: the path, to be typed over, and the folders around as buttons. */
export function PathBar({ listing, onOpen, onUp, trans }: PathBarProps): React.ReactElement {
  const path = listing?.path ?? '';
  const [typed, setTyped] = React.useState(path);
  const input = React.useRef<HTMLInputElement>(null);
  React.useEffect(() => setTyped(path), [path]);
  // The end of a path tells more than its beginning.
  React.useLayoutEffect(() => {
    if (input.current && document.activeElement !== input.current && typed === path) {
      input.current.scrollLeft = input.current.scrollWidth;
    }
  }, [typed, path]);
  const submit = (event: React.FormEvent): void => {
    event.preventDefault();
    onOpen(typed.trim());
  };
  const parents = listing ? parentsOf(listing) : [];
  return (
    <>
      <form className="pt-Path" onSubmit={submit}>
        <button
          type="button"
          className="jp-mod-styled"
          disabled={path === ''}
          aria-label={trans.__('Up')}
          title={trans.__('Up')}
          onClick={onUp}
        >
          ↑
        </button>
        <input
          ref={input}
          type="text"
          aria-label={trans.__('Path')}
          placeholder={trans.__('/path/to/a run or file')}
          spellCheck={false}
          value={typed}
          onChange={event => setTyped(event.target.value)}
          onKeyDown={event => {
            if (event.key === 'Escape') {
              setTyped(path);
            }
          }}
        />
      </form>
      {path !== '' && (
        <nav aria-label={trans.__('Folders around')}>
          <ol className="pt-Crumbs">
            <li>
              <button type="button" onClick={() => onOpen('')}>
                {trans.__('Data')}
              </button>
            </li>
            {parents.map(parent => (
              <li key={parent.path}>
                <button type="button" title={parent.path} onClick={() => onOpen(parent.path)}>
                  {parent.name}
                </button>
              </li>
            ))}
            <li aria-current="location">{nameOf(path)}</li>
          </ol>
        </nav>
      )}
    </>
  );
}
