// The way to the extension: messages out, messages in, calls with answers.

import type { Failure, ToHost, ToView, ViewMethod } from '../bridge';
import type { Requests } from '../protocol';

interface Api {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

declare function acquireVsCodeApi(): Api;

/** An answer that is a failure. */
export class CallFailed extends Error {
  constructor(readonly failure: Failure) {
    super(failure.message);
  }
}

export class Host {
  private calls = 0;
  private readonly open = new Map<number, (answer: Extract<ToView, { type: 'answer' }>) => void>();

  constructor(
    hear: (message: Exclude<ToView, { type: 'answer' }>) => void,
    private readonly api: Api = acquireVsCodeApi(),
  ) {
    window.addEventListener('message', ({ data }: MessageEvent<ToView>) => {
      if (data.type !== 'answer') return hear(data);
      this.open.get(data.id)?.(data);
      this.open.delete(data.id);
    });
  }

  post(message: ToHost): void {
    this.api.postMessage(message);
  }

  /** What the page before this one kept: it was hidden, or its window was loaded anew. */
  get kept(): unknown {
    return this.api.getState();
  }

  keep(state: unknown): void {
    this.api.setState(state);
  }

  call<M extends ViewMethod>(method: M, params: Requests[M]['params']): Promise<Requests[M]['result']> {
    return this.ask((id) => ({ type: 'call', id, method, params })) as Promise<Requests[M]['result']>;
  }

  complete(sign: '@' | '/', query: string): Promise<unknown> {
    return this.ask((id) => ({ type: 'complete', id, sign, query }));
  }

  private ask(message: (id: number) => ToHost): Promise<unknown> {
    this.calls += 1;
    const id = this.calls;
    return new Promise((resolve, reject) => {
      this.open.set(id, ({ result, failure }) => (failure ? reject(new CallFailed(failure)) : resolve(result)));
      this.post(message(id));
    });
  }
}
