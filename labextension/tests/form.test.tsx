import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { RefusedError, type Values } from '../src/api';
import { type BatchMaking, ReportForm } from '../src/reports/ReportForm';
import { TUNING } from './templates';

const trans = nullTranslator.load('pulsetrain');
const TEMPLATE = { id: 'tuning', title: 'Tuning', summary: '', schema: TUNING };

const NO_BATCH: BatchMaking = {
  open: false,
  start: {},
  onOpen: () => undefined,
  executors: async () => [],
  onPreview: async () => undefined,
  onRun: async () => undefined
};

function show(onRun: (values: Values) => Promise<void> = vi.fn(async () => undefined)) {
  render(<ReportForm template={TEMPLATE} batch={NO_BATCH} trans={trans} onRun={onRun} />);
  return { onRun, run: () => fireEvent.click(screen.getByRole('button', { name: 'Run report' })) };
}

function enter(name: string | RegExp, value: string) {
  fireEvent.input(screen.getByLabelText(name), { target: { value } });
}

afterEach(cleanup);

describe('the form of a template', () => {
  it('has a labelled input for every parameter', () => {
    show();
    for (const name of Object.keys(TUNING.properties as object)) {
      expect(screen.getByLabelText(new RegExp(`^${name}`))).toBeTruthy();
    }
  });

  it('gives numbers their bounds, unit and help', () => {
    show();
    const input = screen.getByLabelText('min_snr') as HTMLInputElement;
    expect([input.type, input.min, input.max, input.value]).toEqual(['number', '2', '15', '5']);
    const described = (input.getAttribute('aria-describedby') ?? '').split(' ');
    expect(described.map(id => document.getElementById(id)?.textContent)).toEqual([
      'Least signal-to-noise ratio. Allowed: 2\u00a0…\u00a015\u00a0σ'
    ]);
  });

  it('offers three states for bool | None and two for bool', () => {
    show();
    const polarised = screen.getByLabelText('polarised') as HTMLSelectElement;
    expect([...polarised.options].map(option => option.text)).toEqual(['not set', 'yes', 'no']);
    expect((screen.getByLabelText('masked') as HTMLInputElement).type).toBe('checkbox');
  });

  it('shows where a default is computed by the notebook', () => {
    show();
    expect((screen.getByLabelText('seed') as HTMLInputElement).placeholder).toBe('time.time_ns()');
  });

  it('runs with what was changed', async () => {
    const { onRun, run } = show();
    enter(/^run/, '12');
    fireEvent.click(screen.getByLabelText('masked'));
    fireEvent.change(screen.getByLabelText('indexer'), { target: { value: '0' } });
    enter('title', 'two\nlines');
    run();
    await waitFor(() =>
      expect(onRun).toHaveBeenCalledWith({ run: 12, masked: false, indexer: 'mosflm', title: 'two\nlines' })
    );
  });

  it('refuses beside the field, at once and by name, and does not run', () => {
    const { onRun, run } = show();
    enter('min_snr', '99');
    expect(screen.getByText('min_snr: got 99, allowed 2 … 15 σ')).toBeTruthy();
    expect(screen.getByLabelText('min_snr').getAttribute('aria-invalid')).toBe('true');
    run();
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: run, min_snr');
    expect(document.activeElement).toBe(screen.getByLabelText(/^run/));
    expect(onRun).not.toHaveBeenCalled();
    enter('min_snr', '9');
    expect(screen.queryByText(/got 99/)).toBeNull();
  });

  it('shows what only the server could refuse beside its field', async () => {
    const { run } = show(() =>
      Promise.reject(new RefusedError('title: taken', 400, { title: 'taken by another run' }))
    );
    enter(/^run/, '1');
    run();
    expect(await screen.findByText('title: taken by another run')).toBeTruthy();
  });

  it('shows a failure that no field is to blame for', async () => {
    const { run } = show(() => Promise.reject(new Error('disk full')));
    enter(/^run/, '1');
    run();
    expect((await screen.findByRole('alert')).textContent).toBe('disk full');
  });

  it('takes hostile text for text', () => {
    const hostile = '<img src=x onerror=alert(1)>';
    render(
      <ReportForm
        template={{ ...TEMPLATE, title: hostile }}
        values={{ title: hostile }}
        batch={NO_BATCH}
        trans={trans}
        onRun={async () => undefined}
      />
    );
    expect(document.querySelector('img')).toBeNull();
    expect((screen.getByLabelText('title') as HTMLTextAreaElement).value).toBe(hostile);
  });

  it('says that nothing was started until what it names is right', () => {
    const { run } = show();
    enter('min_snr', '99');
    run();
    enter(/^run/, '3');
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: min_snr');
    enter('min_snr', '98');
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: min_snr');
    enter('min_snr', '9');
    expect(screen.queryByRole('alert')).toBeNull();
    enter('min_snr', '99');
    expect(screen.queryByRole('alert'), 'it is said of the last press, not of the typing').toBeNull();
  });

  it('goes to the defaults and back, however often they are pressed', () => {
    show();
    const press = (name: string) => fireEvent.click(screen.getByRole('button', { name }));
    const value = (name: string) => (screen.getByLabelText(name) as HTMLInputElement).value;
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    enter('min_snr', '99');
    enter('title', 'mine');
    press('Defaults');
    press('Defaults');
    expect([value('min_snr'), value('title')]).toEqual(['5', 'a = b']);
    expect(screen.queryByText(/got 99/)).toBeNull();
    press('Undo');
    expect([value('min_snr'), value('title')]).toEqual(['99', 'mine']);
    expect(screen.queryByRole('button', { name: 'Undo' })).toBeNull();
    expect(document.activeElement?.textContent).toBe('Defaults');
  });
});
