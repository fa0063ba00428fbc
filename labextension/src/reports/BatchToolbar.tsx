import type { TranslationBundle } from '@jupyterlab/translation';
import * as React from 'react';
import type { Batch, JobState } from '../api';
import type { Listing } from './batchJobs';
import { orderBy } from './measures';
import { STATES, stateText } from './words';

interface BatchToolbarProps {
  readonly batch: Batch;
  /** Names of measures that jobs can be ordered by. */
  readonly measures: readonly string[];
  readonly listing: Listing;
  readonly onListing: (listing: Listing) => void;
  readonly trans: TranslationBundle;
}

/** Which jobs of a batch are listed, and in which order. */
export function BatchToolbar(props: BatchToolbarProps): React.ReactElement {
  const { batch, measures, listing, onListing, trans } = props;
  const down = listing.order.startsWith('-');
  const order = down ? listing.order.slice(1) : listing.order;
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset's border and layout are not wanted here
    <div className="pt-Toolbar" role="group" aria-label={trans.__('Jobs of %1', batch.title)}>
      <select
        aria-label={trans.__('State')}
        value={listing.state}
        onChange={event => onListing({ ...listing, state: event.target.value as JobState | '' })}
      >
        <option value="">{trans.__('all states')}</option>
        {STATES.filter(state => batch.counts[state] || state === listing.state).map(state => (
          <option key={state} value={state}>
            {trans.__('%1 (%2)', stateText(state, trans), String(batch.counts[state] ?? 0))}
          </option>
        ))}
      </select>
      <input
        type="search"
        aria-label={trans.__('Search')}
        placeholder={trans.__('Search')}
        spellCheck={false}
        value={listing.search}
        onChange={event => onListing({ ...listing, search: event.target.value })}
      />
      <select
        aria-label={trans.__('Order')}
        value={order}
        onChange={event =>
          onListing({ ...listing, order: event.target.value && (down ? '-' : '') + event.target.value })
        }
      >
        <option value="">{trans.__('as planned')}</option>
        <option value="state">{trans.__('by state')}</option>
        {batch.varied.map(name => (
          <option key={name} value={name}>
            {trans.__('by %1', name)}
          </option>
        ))}
        {measures.map(name => (
          <option key={orderBy(name)} value={orderBy(name)}>
            {trans.__('by %1', batch.varied.includes(name) ? orderBy(name) : name)}
          </option>
        ))}
      </select>
      <button
        type="button"
        className="jp-mod-styled pt-Turn"
        aria-pressed={down}
        disabled={order === ''}
        title={trans.__('Largest first')}
        aria-label={trans.__('Largest first')}
        onClick={() => onListing({ ...listing, order: down ? order : `-${order}` })}
      >
        <span aria-hidden="true">{down ? '↓' : '↑'}</span>
      </button>
    </div>
  );
}
