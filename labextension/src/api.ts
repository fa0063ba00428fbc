import { URLExt } from '@jupyterlab/coreutils';
import { ServerConnection } from '@jupyterlab/services';
import type { ReadonlyJSONObject, ReadonlyJSONValue } from '@lumino/coreutils';

/** A method as it announces itself. */
export interface Method {
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** The lines of Python that open the control on an example. */
  readonly opening: string;
  /** Id of the report template, or null where none is installed. */
  readonly template: string | null;
  /** Whether a course notebook is installed. */
  readonly course: boolean;
}

/** A notebook that can be run as a report. */
export interface Template {
  /** The name of a shipped or configured template, or the path of a notebook below the server's root. */
  readonly id: string;
  readonly title: string;
  readonly summary: string;
}

/** A template with what its form needs. */
export interface TemplateForm extends Template {
  /** JSON Schema of the parameters; the order of its properties is the order of the form. */
  readonly schema: ReadonlyJSONObject;
}

export type Values = { readonly [name: string]: ReadonlyJSONValue };

export type JobState = 'queued' | 'running' | 'stopping' | 'stopped' | 'failed' | 'dead' | 'done';

/** What a job folder says of itself. */
export interface Job {
  readonly id: string;
  readonly title: string;
  readonly template: string;
  readonly state: JobState;
  /** What is awaited, or why the job ended, in one line. */
  readonly message: string;
  /** Code cells begun, and in all. */
  readonly cell: number;
  readonly cells: number;
  /** Seconds until the end, where that can be told. */
  readonly eta: number | null;
  /** When the job was submitted, seconds since the epoch. */
  readonly submitted: number;
  readonly parameters: Values;
  /** Path of the job's notebook for the contents API, null where it lies outside the server's root. */
  readonly notebook: string | null;
  readonly report: boolean;
}

/** A piece of a job's log. */
export interface LogPiece {
  readonly text: string;
  /** Where the next piece begins, in bytes. */
  readonly offset: number;
}

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

/** The typed client of the server part; knows the base URL, the token and the XSRF cookie by its settings. */
export class Api {
  constructor(private readonly settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {}

  methods(): Promise<Method[]> {
    return this.request('GET', ['methods']);
  }

  /** Copy a method's course into the user's folder, unless it is there, and return its path. */
  async course(method: string, folder: string): Promise<string> {
    const copied = await this.request<{ path: string }>('POST', ['methods', method, 'course'], { folder });
    return copied.path;
  }

  templates(): Promise<Template[]> {
    return this.request('GET', ['templates']);
  }

  template(id: string): Promise<TemplateForm> {
    return this.request('GET', ['templates', id]);
  }

  jobs(): Promise<Job[]> {
    return this.request('GET', ['jobs']);
  }

  /** Queue a report; a refused parameter rejects with a `RefusedError` before a job exists. */
  submit(template: string, parameters: Values): Promise<Job> {
    return this.request('POST', ['jobs'], { template, parameters });
  }

  stop(id: string): Promise<Job> {
    return this.request('POST', ['jobs', id, 'stop'], {});
  }

  resume(id: string): Promise<Job> {
    return this.request('POST', ['jobs', id, 'resume'], {});
  }

  /** The log from a byte onwards; a negative offset counts from its end. */
  log(id: string, offset: number): Promise<LogPiece> {
    return this.request('GET', ['jobs', id, 'log'], undefined, `?offset=${offset}`);
  }

  /** Address of the report's HTML, which the server sends with a sandbox of its own. */
  reportUrl(id: string): string {
    return this.url(['jobs', id, 'report']);
  }

  private url(parts: readonly string[]): string {
    return URLExt.join(this.settings.baseUrl, 'pulsetrain', 'api', ...parts.map(encodeURIComponent));
  }

  private async request<T>(
    method: 'GET' | 'POST',
    parts: readonly string[],
    body?: ReadonlyJSONValue,
    query = ''
  ): Promise<T> {
    const init: RequestInit = { method };
    if (body !== undefined) {
      init.body = JSON.stringify(body);
    }
    const response = await ServerConnection.makeRequest(this.url(parts) + query, init, this.settings);
    if (!response.ok) {
      throw await refusal(response);
    }
    return (await response.json()) as T;
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
