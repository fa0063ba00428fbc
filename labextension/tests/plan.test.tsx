import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, render, screen } from '@testing-library/react';
import * as React from 'react';
import { afterEach, expect, it } from 'vitest';
import { PlanView } from '../src/reports/PlanView';

const trans = nullTranslator.load('pulsetrain');
const nothing = () => undefined;
const PLAN = {
  total: 4,
  varied: ['path'],
  rows: [{ path: '/no/such/r0001' }],
  cell: '',
  script: '',
  folder: '/jobs',
  warnings: []
};

afterEach(cleanup);

it('a plan names what may be wrong with it, and is silent where nothing is', () => {
  const warnings = ['path: /no/such/r0001 is not there', '<img src=x onerror=alert(1)>'];
  const { rerender, container } = render(
    <PlanView plan={{ ...PLAN, warnings }} copy={nothing} trans={trans} />
  );
  const list = screen.getByRole('list', { name: 'Warnings' });
  expect([...list.children].map(({ textContent }) => textContent)).toEqual(warnings);
  expect(container.querySelector('img')).toBeNull();
  rerender(<PlanView plan={PLAN} copy={nothing} trans={trans} />);
  expect(screen.queryByRole('list', { name: 'Warnings' })).toBeNull();
});
