import { ServerConnection } from '@jupyterlab/services';
import type { ReadonlyJSONObject } from '@lumino/coreutils';
import { BatchRequests } from './api/batches';
import { Client } from './api/client';
import { DataRequests } from './api/data';
import { JobRequests } from './api/jobs';
import { ParameterRequests } from './api/parameters';

export * from './api/batches';
export * from './api/client';
export * from './api/data';
export * from './api/jobs';
export * from './api/parameters';

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

/** The typed client of the server part, by topic. */
export class Api {
  constructor(settings: ServerConnection.ISettings = ServerConnection.makeSettings()) {
    this.client = new Client(settings);
    this.jobs = new JobRequests(this.client);
    this.batches = new BatchRequests(this.client);
    this.data = new DataRequests(this.client);
    this.parameters = new ParameterRequests(this.client);
  }

  readonly jobs: JobRequests;
  readonly batches: BatchRequests;
  readonly data: DataRequests;
  readonly parameters: ParameterRequests;

  methods(): Promise<Method[]> {
    return this.client.get(['methods']);
  }

  /** Copy a method's course into the user's folder, unless it is there, and return its path. */
  async course(method: string, folder: string): Promise<string> {
    const copied = await this.client.post<{ path: string }>(['methods', method, 'course'], { folder });
    return copied.path;
  }

  templates(): Promise<Template[]> {
    return this.client.get(['templates']);
  }

  template(id: string): Promise<TemplateForm> {
    return this.client.get(['templates', id]);
  }

  private readonly client: Client;
}
