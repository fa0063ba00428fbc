import type { TranslationBundle } from '@jupyterlab/translation';
import { fileIcon, folderIcon } from '@jupyterlab/ui-components';
import * as React from 'react';
import type { Entry, Listing } from '../api';
import { dataIcon } from '../icons';
import { join } from './browser';
import { type Row, Tree } from './Tree';
import { entryText, kindText, matches } from './words';

interface FolderViewProps {
  readonly listing: Listing;
  readonly filter: string;
  readonly takesFocus: boolean;
  /** The path that one comes from. */
  readonly from: string;
  readonly onOpen: (path: string) => void;
  readonly onSeries: () => void;
  readonly onUp: () => void;
  readonly trans: TranslationBundle;
}

/** The entries of a folder. */
export function FolderView(props: FolderViewProps): React.ReactElement {
  const { listing, filter, takesFocus, from, onOpen, onSeries, onUp, trans } = props;
  const shown = React.useMemo(
    () => listing.entries.filter(entry => matches(entry.name, filter)),
    [listing, filter]
  );
  const spectra = listing.entries.filter(entry => entry.kind === 'spectra').length;
  const start = React.useMemo(() => entryAround(listing, from), [listing, from]);
  const rows = React.useMemo(() => shown.map(entry => rowOf(entry, trans)), [shown, trans]);
  return (
    <>
      {spectra > 1 && (
        <button type="button" className="jp-mod-styled pt-Data-series" onClick={onSeries}>
          {trans.__('Open the %1 files of text as one series', spectra)}
        </button>
      )}
      {rows.length === 0 && (
        <p className="pt-Hint">
          {filter === '' ? trans.__('This folder is empty.') : trans.__('Nothing here is called so.')}
        </p>
      )}
      {listing.total > listing.entries.length && (
        <p className="pt-Hint">
          {trans.__('The first %1 of %2 entries.', listing.entries.length, listing.total)}
        </p>
      )}
      <Tree
        label={trans.__('Entries')}
        rows={rows}
        onActivate={name => onOpen(join(listing.path, name))}
        onLeave={onUp}
        takesFocus={takesFocus}
        startAt={start}
      />
    </>
  );
}

/** The entry that holds a path, or is it. */
function entryAround(listing: Listing, path: string): string | undefined {
  return listing.entries.find(({ name }) => `${path}/`.startsWith(`${join(listing.path, name)}/`))?.name;
}

function rowOf(entry: Entry, trans: TranslationBundle): Row {
  const isFolder = ['proposal', 'raw', 'proc', 'folder'].includes(entry.kind);
  const Icon = isFolder ? folderIcon : ['other', 'outside'].includes(entry.kind) ? fileIcon : dataIcon;
  return {
    id: entry.name,
    level: 1,
    expanded: undefined,
    selected: false,
    disabled: entry.kind === 'other' || entry.kind === 'outside',
    title: () => [entry.name, kindText(entry.kind, trans), changedText(entry)].filter(Boolean).join('\n'),
    content: () => (
      <>
        <Icon.react tag="span" className="pt-Tree-icon" />
        <span className="pt-Tree-name">{entry.name}</span>
        <span className="pt-Tree-note">{entryText(entry, trans)}</span>
      </>
    )
  };
}

function changedText({ modified }: Entry): string {
  return modified > 0 ? new Date(modified * 1000).toLocaleString() : '';
}
