import type { ReadonlyJSONObject } from '@lumino/coreutils';
import type { Client, Values } from './client';

/** What a parameters cell says. */
export interface CellForm {
  /** JSON Schema as that of a template. */
  readonly schema: ReadonlyJSONObject;
  /** The defaults that JSON can carry. */
  readonly values: Values;
}

/** Requests about the source of a parameters cell, which the browser may hold unsaved. */
export class ParameterRequests {
  constructor(private readonly client: Client) {}

  /** Read a cell; one that is no Python rejects with a `RefusedError`. */
  read(source: string): Promise<CellForm> {
    return this.client.post(['parameters', 'read'], { source });
  }

  /** The source with other values in it; a refused value rejects with a `RefusedError`. */
  async write(source: string, values: Values): Promise<string> {
    const written = await this.client.post<{ source: string }>(['parameters', 'write'], { source, values });
    return written.source;
  }
}
