import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ReadonlyJSONValue } from '@lumino/coreutils';

export type Values = { readonly [name: string]: ReadonlyJSONValue };

/** What stands behind the "?" of an address; what is undefined or empty is left out. */
export type Query = { readonly [name: string]: string | number | undefined };

/** A request that the server refused; `faults` says which parameters are to blame. */
export class RefusedError extends Error {
  constructor(
    message: string,
    readonly status: number,
    readonly faults: Readonly<Record<string, string>> = {}
  ) {
    super(message);
    this.name = 'RefusedError';
  }
}

/** Asks the server part; knows the base URL, the token and the XSRF cookie by its settings. */
export class Client {
  constructor(private readonly settings: ServerConnection.ISettings) {}

  get<T>(parts: readonly string[], query: Query = {}): Promise<T> {
    return this.request(this.url(parts, query), { method: 'GET' });
  }

  post<T>(parts: readonly string[], body: ReadonlyJSONValue = {}): Promise<T> {
    return this.request(this.url(parts), { method: 'POST', body: JSON.stringify(body) });
  }

  /** The address of a resource; each part is one name, whatever stands in it. */
  url(parts: readonly string[], query: Query = {}): string {
    const asked = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined && value !== '') {
        asked.append(name, String(value));
      }
    }
    const path = URLExt.join(this.settings.baseUrl, 'pulsetrain', 'api', ...parts.map(encodeURIComponent));
    return asked.size > 0 ? `${path}?${asked}` : path;
  }

  /** What is no JSON, such as a picture, with its headers. */
  async fetch(parts: readonly string[], query: Query = {}): Promise<Response> {
    return this.answer(this.url(parts, query), { method: 'GET' });
  }

  private async request<T>(url: string, init: RequestInit): Promise<T> {
    return (await (await this.answer(url, init)).json()) as T;
  }

  private async answer(url: string, init: RequestInit): Promise<Response> {
    const response = await ServerConnection.makeRequest(url, init, this.settings);
    if (!response.ok) {
      throw await refusal(response);
    }
    return response;
  }
}

async function refusal(response: Response): Promise<RefusedError> {
  const text = await response.text();
  let message = `${response.status} ${response.statusText}`.trim();
  let faults: Record<string, string> = {};
  try {
    const reply = JSON.parse(text);
    message = reply.message || message;
    faults = reply.faults ?? {};
  } catch {
    // A proxy in between answers in its own words; the status line has to do.
  }
  return new RefusedError(message, response.status, faults);
}
