import type { TranslationBundle } from '@jupyterlab/translation';
import { caretDownIcon, caretRightIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Key, Source } from '../api';
import type { Browser, Keys } from './browser';
import { type Row, Tree } from './Tree';
import { keyText, matches, trainsText } from './words';

interface SourcesViewProps {
  readonly browser: Browser;
  readonly filter: string;
  readonly takesFocus: boolean;
  readonly onUp: () => void;
  readonly trans: TranslationBundle;
}

/** Stands between source and key in what a row is known by; no name holds it. */
const BETWEEN = '\n';

/** The sources of a run, or the groups of a file, with the keys of those that are open. */
export function SourcesView({ browser, filter, takesFocus, onUp, trans }: SourcesViewProps) {
  const { contents } = browser;
  if (!contents) {
    return null;
  }
  const rows = contents.sources.flatMap(source => rowsOf(source, browser, filter, trans));
  const activate = (id: string): void => {
    const [source = '', name] = id.split(BETWEEN);
    const keys = browser.keys.get(source);
    const key =
      name !== undefined && Array.isArray(keys) ? keys.find(known => known.name === name) : undefined;
    void (key ? browser.select(source, key) : browser.toggle(source));
  };
  const trains = trainsText(contents, trans);
  return (
    <>
      {trains && <p className="pt-Data-trains">{trains}</p>}
      {contents.note && <p className="pt-Data-trains">{contents.note}</p>}
      {rows.length === 0 && (
        <p className="pt-Hint">
          {filter === '' ? trans.__('There is nothing in it.') : trans.__('Nothing here is called so.')}
        </p>
      )}
      <Tree
        label={trans.__('Sources and keys')}
        rows={rows}
        onActivate={activate}
        onToggle={activate}
        onLeave={onUp}
        takesFocus={takesFocus}
      />
    </>
  );
}

function rowsOf(source: Source, browser: Browser, filter: string, trans: TranslationBundle): Row[] {
  const keys = browser.keys.get(source.name);
  const found = Array.isArray(keys) ? keys.filter(key => matches(`${source.name} ${key.name}`, filter)) : [];
  if (!matches(source.name, filter) && found.length === 0) {
    return [];
  }
  const expanded = browser.expanded.has(source.name);
  const Caret = expanded ? caretDownIcon : caretRightIcon;
  const row: Row = {
    id: source.name,
    level: 1,
    expanded,
    selected: false,
    disabled: false,
    title: () => [source.name, source.kind, source.note].filter(Boolean).join('\n'),
    content: () => (
      <>
        <Caret.react tag="span" className="pt-Tree-icon" />
        <span className="pt-Tree-name">{source.name}</span>
        <span className="pt-Tree-note">{source.note}</span>
      </>
    )
  };
  return expanded ? [row, ...keyRows(source.name, keys, found, browser, trans)] : [row];
}

function keyRows(
  source: string,
  keys: Keys | undefined,
  found: readonly Key[],
  browser: Browser,
  trans: TranslationBundle
): Row[] {
  if (!Array.isArray(keys)) {
    const text = keys instanceof Error ? keys.message : trans.__('Reading…');
    return [plainRow(source + BETWEEN, text)];
  }
  if (keys.length === 0) {
    return [plainRow(source + BETWEEN, trans.__('no keys'))];
  }
  const { selected } = browser;
  return found.map(key => ({
    id: source + BETWEEN + key.name,
    level: 2,
    expanded: undefined,
    selected: selected?.source === source && selected.key.name === key.name,
    disabled: false,
    title: () => [key.name, keyText(key, trans)].join('\n'),
    content: () => (
      <>
        <span className="pt-Tree-name">{key.name}</span>
        <span className="pt-Tree-note">{key.shape.join(' × ')}</span>
      </>
    )
  }));
}

function plainRow(id: string, text: string): Row {
  const content = (): React.ReactElement => <span className="pt-Tree-note">{text}</span>;
  return { id, level: 2, expanded: undefined, selected: false, disabled: true, title: () => text, content };
}
