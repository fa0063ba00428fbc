import { ServerConnection } from '@jupyterlab/services';
import { describe, expect, it } from 'vitest';
import { Api, type BatchOrder, RefusedError } from '../src/api';

const BASE = 'http://127.0.0.1:8888/user/ada/';

/** A client whose requests are answered here, and the requests it made. */
function client(status: number, reply: string) {
  const asked: Request[] = [];
  const settings = ServerConnection.makeSettings({
    baseUrl: BASE,
    token: 'secret',
    fetch: async (request: RequestInfo | URL) => {
      asked.push(request as Request);
      return new Response(reply, { status, statusText: status === 502 ? 'Bad Gateway' : '' });
    }
  });
  return { api: new Api(settings), asked };
}

function path(request: Request | undefined): string {
  return new URL(request?.url ?? '').pathname;
}

describe('the client', () => {
  it('keeps to the base URL of a hub and carries the token', async () => {
    const { api, asked } = client(200, '[]');
    expect(await api.templates()).toEqual([]);
    expect(path(asked[0])).toBe('/user/ada/pulsetrain/api/templates');
    expect(asked[0]?.headers.get('Authorization')).toBe('token secret');
  });

  it.each(['../../contents', 'a/b.ipynb', '?x=1#y', '%2e%2e%2f'])('sends %s as one name', async name => {
    const { api, asked } = client(200, '{}');
    await api.template(name);
    expect(path(asked[0])).toBe(`/user/ada/pulsetrain/api/templates/${encodeURIComponent(name)}`);
    expect(api.jobs.reportUrl(name)).toBe(`${BASE}pulsetrain/api/jobs/${encodeURIComponent(name)}/report`);
  });

  it('posts a report as JSON', async () => {
    const { api, asked } = client(201, '{"id": "x"}');
    expect(await api.jobs.submit('spectra', { path: "it's\n" })).toEqual({ id: 'x' });
    expect(asked[0]?.method).toBe('POST');
    expect(await asked[0]?.json()).toEqual({ template: 'spectra', parameters: { path: "it's\n" } });
  });

  it('asks for the log from where it has read', async () => {
    const { api, asked } = client(200, '{"text": "", "offset": 12}');
    expect(await api.jobs.log('x', 12)).toEqual({ text: '', offset: 12 });
    expect(new URL(asked[0]?.url ?? '').searchParams.get('offset')).toBe('12');
  });

  it('asks for a piece of the list, and leaves out what is not asked for', async () => {
    const { api, asked } = client(200, '{"total": 0, "jobs": []}');
    await api.batches.jobs('b 1', {
      offset: 100,
      limit: 50,
      state: '',
      search: 'run 3&x',
      order: '-min_snr'
    });
    expect(path(asked[0])).toBe('/user/ada/pulsetrain/api/batches/b%201/jobs');
    const query = new URL(asked[0]?.url ?? '').searchParams;
    expect(Object.fromEntries(query)).toMatchObject({
      offset: '100',
      limit: '50',
      search: 'run 3&x',
      order: '-min_snr'
    });
    expect(query.has('state')).toBe(false);
  });

  it('plans and submits a batch with the same order', async () => {
    const { api, asked } = client(200, '{}');
    const order: BatchOrder = {
      template: 'tuning',
      parameters: { path: 'r{run:04d}' },
      runs: '10-25,31',
      grid: { min_snr: [4, 5] },
      executor: { name: 'slurm', partition: 'upex' }
    };
    await api.batches.plan(order);
    await api.batches.submit(order);
    expect(asked.map(path)).toEqual(Array(2).fill('/user/ada/pulsetrain/api/batches'));
    expect(await asked[0]?.json()).toEqual({ ...order, dry_run: true });
    expect(await asked[1]?.json()).toEqual({ ...order, dry_run: false });
  });

  it('names both jobs that are to be compared', () => {
    const { api } = client(200, '{}');
    expect(api.jobs.compareUrl('a&b', 'c')).toBe(`${BASE}pulsetrain/api/compare?job=a%26b&job=c`);
  });

  it('tells what the server refused, by parameter', async () => {
    const { api } = client(400, '{"message": "steps: got 0", "faults": {"steps": "got 0"}}');
    const error = await api.jobs.submit('spectra', {}).catch(refused => refused);
    expect(error).toBeInstanceOf(RefusedError);
    expect(error).toMatchObject({ message: 'steps: got 0', status: 400, faults: { steps: 'got 0' } });
  });

  it('makes do with the status line of a proxy', async () => {
    const { api } = client(502, '<html>nginx</html>');
    await expect(api.jobs.list()).rejects.toMatchObject({ message: '502 Bad Gateway', faults: {} });
  });
});
