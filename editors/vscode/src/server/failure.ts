// Errors of requests as a person reads them: the sentence and the cure that the server gave. Pure.

import type { Failure } from '../bridge';

/** The server is not there, or went away before it answered: the state of the server says so already. */
export const NOT_RUNNING = 'notRunning';

/** JSON-RPC's codes for a connection that ended or never was. */
const CONNECTION_CODES = [-32097, -32098, -32099];

/** What a request to a server that does not run is answered with. */
export class NotRunning extends Error {
  readonly data = { kind: NOT_RUNNING };

  constructor() {
    super('agentls is not running. Start it with “agentls: Start Server”.');
  }
}

export function failureOf(error: unknown): Failure {
  const { message, data, code } = (error ?? {}) as {
    message?: unknown;
    data?: Record<string, unknown>;
    code?: unknown;
  };
  const ended = CONNECTION_CODES.includes(Number(code));
  const failure: Failure = {
    kind: ended ? NOT_RUNNING : typeof data?.['kind'] === 'string' ? data['kind'] : 'unknown',
    message: typeof message === 'string' && message !== '' ? message : String(error),
  };
  if (typeof data?.['cure'] === 'string') failure.cure = data['cure'];
  if (typeof data?.['retryable'] === 'boolean') failure.retryable = data['retryable'];
  return failure;
}

/** In one line. */
export function inWords({ message, cure }: Failure): string {
  return cure ? `${message} ${cure}` : message;
}
