import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it } from 'vitest';
import type { Job } from '../src/api';
import { BatchRow } from '../src/reports/BatchRow';
import { JobCard } from '../src/reports/JobCard';
import { measuresOf, measureText, orderBy, orderedBy } from '../src/reports/measures';
import { ACTIONS, job } from './batches';

const trans = nullTranslator.load('pulsetrain');
const METRICS: Job['metrics'] = {
  boundary: 11.25,
  simulated: false,
  loss: [3, 2],
  missing: null,
  boundary_at: { value: 712.3456, unit: 'K' },
  fit: { clen: { value: 0.119, unit: 'm' }, n: 3, name: 'mosflm' },
  outside: { value: null, unit: 'K' },
  provenance: { input: '/data/run', seed: 3 }
};

afterEach(cleanup);

describe('the measures of a job', () => {
  it('are told with their units, those that have one first, without lists and provenance', () => {
    const told = measuresOf({ metrics: METRICS }).map(measure =>
      measureText(measure).replaceAll('\u00a0', ' ')
    );
    expect(told).toEqual([
      'boundary_at = 712.3 K',
      'fit.clen = 0.119 m',
      'boundary = 11.25',
      'simulated = false',
      'fit.n = 3',
      'fit.name = mosflm'
    ]);
  });

  it.each<[Job['metrics'][string], string]>([
    [{ value: 'nan', unit: 'K' }, 'x = nan K'],
    [{ value: 3, unit: '' }, 'x = 3'],
    [{ value: 3, unit: 4 }, 'x.value = 3, x.unit = 4'],
    [{ value: 3, unit: 'K', error: 1 }, 'x.value = 3, x.unit = K, x.error = 1'],
    [{ value: [1], unit: 'K' }, ''],
    [{}, '']
  ])('of the form %j are %j', (value, text) => {
    const told = measuresOf({ metrics: { x: value } })
      .map(measureText)
      .join(', ');
    expect(told.replaceAll('\u00a0', ' ')).toBe(text);
  });

  it('stand in its details', () => {
    const done = job({ state: 'done', metrics: METRICS });
    render(<JobCard job={done} following={undefined} actions={ACTIONS} trans={trans} />);
    expect(screen.getByText('boundary_at').nextSibling?.textContent).toBe('712.3 K');
  });

  it('stand in its row, the one first that the list is ordered by', () => {
    const row = (order: string) => (
      <BatchRow
        job={job({ state: 'done', metrics: METRICS })}
        row={0}
        order={order}
        isActive={true}
        isOpen={false}
        following={undefined}
        actions={ACTIONS}
        onOpen={() => undefined}
        trans={trans}
      />
    );
    const { container, rerender } = render(row(''));
    const note = () => container.querySelector('.pt-Row-note')?.textContent?.replaceAll('\u00a0', ' ');
    expect(note()).toMatch(/^doneboundary_at = 712.3 K · fit.clen = 0.119 m · boundary = 11.25/);
    rerender(row(`-${orderBy('fit.n')}`));
    expect(note()).toMatch(/^donefit.n = 3 · boundary_at/);
  });

  it('are not taken for parameters in an order', () => {
    expect(['run', '-clen', 'state', ''].map(orderedBy)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined
    ]);
    expect([orderBy('clen'), `-${orderBy('fit.clen')}`].map(orderedBy)).toEqual(['clen', 'fit.clen']);
  });
});
