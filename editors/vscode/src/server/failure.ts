// Errors of requests as a person reads them: the sentence and the cure that the server gave. Pure.

import type { Failure } from '../bridge';

export function failureOf(error: unknown): Failure {
  const { message, data } = (error ?? {}) as { message?: unknown; data?: Record<string, unknown> };
  const failure: Failure = {
    kind: typeof data?.['kind'] === 'string' ? data['kind'] : 'unknown',
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
