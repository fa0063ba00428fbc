import { nullTranslator } from '@jupyterlab/translation';
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import * as React from 'react';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type BatchOrder, RefusedError, type TemplateForm } from '../src/api';
import type { BatchStart } from '../src/reports/order';
import { ReportForm } from '../src/reports/ReportForm';
import { EXECUTORS } from './batches';
import { TUNING } from './templates';

const trans = nullTranslator.load('pulsetrain');
const TEMPLATE: TemplateForm = { id: 'tuning', title: 'Tuning', summary: '', schema: TUNING };
const NO_RUN: TemplateForm = {
  ...TEMPLATE,
  schema: { properties: { path: { type: 'string', default: '' } } }
};

async function show(start: BatchStart = {}, template = TEMPLATE, open = true) {
  const onPreview = vi.fn(async (_order: BatchOrder) => undefined);
  const onRun = vi.fn(async (_order: BatchOrder) => undefined);
  const onOpen = vi.fn();
  const making = { open, start, onOpen, executors: async () => EXECUTORS, onPreview, onRun };
  const single = vi.fn(async () => undefined);
  render(<ReportForm template={template} batch={making} trans={trans} onRun={single} />);
  if (open) {
    await screen.findByLabelText('Run on');
  }
  return { onPreview, onRun, onOpen, single };
}

function press(name: string) {
  fireEvent.click(screen.getByRole('button', { name }));
}

function type(label: string, value: string) {
  fireEvent.change(screen.getByLabelText(label), { target: { value } });
}

function vary(name: string) {
  type('Vary', name);
  press('Add');
}

afterEach(cleanup);

describe('the form of a batch', () => {
  it('orders runs and varied values in place of the single ones', async () => {
    const { onRun, single } = await show();
    type('Runs', '10-12, 31');
    vary('min_snr');
    type('min_snr: values', '4, 5');
    vary('indexer');
    fireEvent.click(screen.getByLabelText('mosflm'));
    fireEvent.click(screen.getByLabelText('xgandalf'));
    expect(screen.getByText('16 jobs')).toBeTruthy();
    press('Run batch');
    await waitFor(() =>
      expect(onRun).toHaveBeenCalledWith({
        template: 'tuning',
        parameters: {},
        runs: '10-12, 31',
        grid: { min_snr: [4, 5], indexer: ['mosflm', 'xgandalf'] },
        executor: { name: 'local' }
      })
    );
    expect(single).not.toHaveBeenCalled();
  });

  it('begins with what an earlier batch was made of, and orders the same', async () => {
    const start = {
      runs: '7',
      grid: { min_snr: [3], polarised: [null, true] },
      executor: { name: 'slurm', time_limit: 60 }
    };
    const { onPreview } = await show(start);
    press('Preview');
    await waitFor(() => expect(onPreview.mock.lastCall?.[0]).toMatchObject(start));
  });

  it('is gone to from below the form, where its own buttons then stand', async () => {
    const { onOpen } = await show({}, TEMPLATE, false);
    expect(screen.queryByRole('button', { name: 'Run batch' })).toBeNull();
    press('Batch…');
    await screen.findByLabelText('Run on');
    expect(onOpen).toHaveBeenCalledWith(true);
    expect(screen.getByRole('button', { name: 'Run batch' })).toBeTruthy();
    await waitFor(() => expect(document.activeElement?.textContent).toBe('Run as batch'));
    press('Batch…');
    expect(onOpen, 'a second click leaves it open').toHaveBeenCalledTimes(1);
  });

  it('is brought back as it was before its defaults', async () => {
    await show({ runs: '7-9', grid: { min_snr: [3, 4] } });
    press('Defaults');
    expect(screen.getByText('1 job')).toBeTruthy();
    press('Undo');
    expect(screen.getByText('6 jobs')).toBeTruthy();
    expect((screen.getByLabelText('min_snr: values') as HTMLInputElement).value).toBe('3, 4');
  });

  it('no longer asks for a value that the batch gives meanwhile', async () => {
    await show();
    press('Run report');
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: run');
    type('Runs', '10-12');
    expect(screen.queryByRole('alert')).toBeNull();
    expect(screen.queryByText('run: needs a value')).toBeNull();
  });

  it('looks ahead on Enter instead of starting a single report', async () => {
    const { onPreview, single } = await show({ runs: '1' });
    fireEvent.keyDown(screen.getByLabelText('Runs'), { key: 'Enter' });
    await waitFor(() => expect(onPreview).toHaveBeenCalled());
    expect(single).not.toHaveBeenCalled();
  });

  it('needs the required values that neither runs nor a variation give', async () => {
    const { onRun } = await show({ grid: { min_snr: [3] } });
    press('Run batch');
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: run');
    expect(onRun).not.toHaveBeenCalled();
  });

  it('offers runs only where they have a place', async () => {
    await show({}, NO_RUN);
    const runs = screen.getByLabelText('Runs') as HTMLInputElement;
    expect(runs.disabled).toBe(true);
    expect(screen.getByText(/This template has no parameter run/)).toBeTruthy();
    type('path', '/gpfs/r{run:04d}');
    expect(runs.disabled).toBe(false);
  });

  it('shows an executor that cannot be used with the reason', async () => {
    await show();
    const option = screen.getByRole('option', { name: 'Dask – distributed is not installed' });
    expect((option as HTMLOptionElement).disabled).toBe(true);
  });

  it('fills in what a preset holds, and leaves it to be changed', async () => {
    const { onRun } = await show({ runs: '1' });
    type('Run on', 'slurm');
    fireEvent.click(screen.getByText('Options'));
    type('preset', '1');
    expect((screen.getByLabelText('partition') as HTMLTextAreaElement).value).toBe('upex');
    fireEvent.input(screen.getByLabelText('time_limit'), { target: { value: '60' } });
    press('Run batch');
    await waitFor(() =>
      expect(onRun.mock.lastCall?.[0].executor).toEqual({
        name: 'slurm',
        preset: 'upex',
        partition: 'upex',
        time_limit: 60
      })
    );
  });

  it('puts what only the server could refuse beside the inputs that are to blame', async () => {
    const { onRun } = await show({ runs: '1', grid: { min_snr: [3] } });
    const faults = { min_snr: 'got 3 (job 1)', slots: 'got 0', masked: 'no', grid: 'too many' };
    onRun.mockRejectedValueOnce(new RefusedError('refused', 400, faults));
    press('Run batch');
    for (const text of ['min_snr: got 3 (job 1)', 'slots: got 0', 'masked: no']) {
      expect(await screen.findByText(text)).toBeTruthy();
    }
    expect(screen.getByRole('alert').textContent).toBe('Not started. Please check: min_snr, slots, masked');
  });

  it('says what is wrong with values as they are typed, but not that they are still missing', async () => {
    await show();
    vary('min_snr');
    expect(screen.queryByText(/min_snr: needs/)).toBeNull();
    type('min_snr: values', '4, 99');
    expect(screen.getByText('min_snr: got 99, allowed 2 … 15 σ')).toBeTruthy();
    press('Do not vary min_snr');
    expect(screen.queryByText(/got 99/)).toBeNull();
    expect(document.activeElement).toBe(screen.getByLabelText('Vary'));
  });
});
