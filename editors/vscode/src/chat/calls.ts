// The calls that a webview makes by itself: checked against the list, answered by the server.

import { VIEW_METHODS, type ToHost, type ToView } from '../bridge';
import type { Requests } from '../protocol';
import { failureOf } from '../server/failure';
import type { Server } from '../server/server';

type Call = Extract<ToHost, { type: 'call' }>;
type Answer = Extract<ToView, { type: 'answer' }>;

export async function answerCall(server: Server, { id, method, params }: Call): Promise<Answer> {
  try {
    if (!VIEW_METHODS.includes(method)) throw new Error(`A view may not call ${String(method)}.`);
    const result = await server.request(method, params as Requests[typeof method]['params']);
    return { type: 'answer', id, result };
  } catch (error) {
    return { type: 'answer', id, failure: failureOf(error) };
  }
}
