// The server as the rest of the extension sees it: a state, typed requests, what it tells and what it asks.
// The only place that knows the language client.

import * as vscode from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  TransportKind,
  type CancellationToken,
  type CloseHandlerResult,
  type Executable,
  type LanguageClientOptions,
} from 'vscode-languageclient/node';

import type { ServerState, ServerView } from '../bridge';
import type { Notifications, Requests, ServerRequests } from '../protocol';
import { applyAndSave } from './edits';
import { NotRunning } from './failure';
import { handshake, type Announced } from './handshake';
import { Restarts } from './restarts';

type Told = keyof Notifications;
type Asked = keyof ServerRequests;
type Answerer<M extends Asked> = (
  params: ServerRequests[M]['params'],
  token: CancellationToken,
) => Promise<ServerRequests[M]['result']>;

const TOLD: readonly Told[] = ['session/update', 'session/didChange', 'project/didChange'];

/** What is asked anew for each start. */
export interface StartOptions {
  /** The binary, or nothing when there is none. */
  binary(): string | undefined;
  environment(): Record<string, string>;
  initialization(): Promise<unknown>;
}

export class Server implements vscode.Disposable {
  private client: LanguageClient | undefined;
  private announced: Announced | undefined;
  private readonly restarts = new Restarts();
  private current: ServerView = { state: 'stopped' };
  private readonly changed = new vscode.EventEmitter<ServerView>();
  private readonly told = new vscode.EventEmitter<{ method: Told; params: unknown }>();
  private readonly answerers = new Map<Asked, (params: unknown, token: CancellationToken) => Promise<unknown>>();

  readonly onChange = this.changed.event;
  readonly output = vscode.window.createOutputChannel('agentls', { log: true });

  constructor(private readonly options: StartOptions) {}

  get view(): ServerView {
    return this.current;
  }

  get version(): string | undefined {
    return this.announced?.version;
  }

  /** Whether the server has this method; newer servers have more. */
  supports(method: keyof Requests): boolean {
    return this.announced?.methods.has(method) ?? false;
  }

  /** Starts because a person or the editor wants it; earlier deaths are forgotten. */
  async start(): Promise<void> {
    if (this.client) return;
    this.restarts.forget();
    const binary = this.options.binary();
    if (!binary) {
      const cure = 'Set “agentls.server.path”, or put agentls on the search path.';
      return this.enter('failed', `There is no agentls binary here. ${cure}`);
    }
    this.enter('starting');
    const initialization = await this.options.initialization();
    const client = this.newClient(binary, initialization);
    this.client = client;
    try {
      await client.start();
    } catch (problem) {
      this.output.error(String(problem));
      if (this.client === client)
        await this.fail(`agentls did not start: ${String((problem as Error).message ?? problem)}`);
    }
  }

  async stop(): Promise<void> {
    await this.end(5_000);
    this.enter('stopped');
  }

  /** Whoever needs the server in between waits for it, as with every start. */
  async restart(): Promise<void> {
    const ending = this.end(5_000);
    this.enter('starting');
    await ending;
    await this.start();
  }

  /** Resolves when the server runs: at once, or when the start that is under way ends well. */
  running(): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = ({ state }: ServerView) => {
        if (state === 'starting' || state === 'waitingToRestart') return;
        heard.dispose();
        if (state === 'running') resolve();
        else reject(new NotRunning());
      };
      const heard = this.onChange(settle);
      settle(this.current);
    });
  }

  request<M extends keyof Requests>(
    method: M,
    params: Requests[M]['params'],
    token?: CancellationToken,
  ): Promise<Requests[M]['result']> {
    if (!this.client || this.current.state !== 'running') {
      return Promise.reject(new NotRunning());
    }
    // A token that is missing would be taken for a second parameter.
    return token ? this.client.sendRequest(method, params, token) : this.client.sendRequest(method, params);
  }

  onTold<M extends Told>(method: M, hear: (params: Notifications[M]['params']) => void): vscode.Disposable {
    return this.told.event((told) => {
      if (told.method === method) hear(told.params as Notifications[M]['params']);
    });
  }

  /** Who answers a request of the server. */
  answer<M extends Asked>(method: M, answerer: Answerer<M>): void {
    this.answerers.set(method, (params, token) => answerer(params as ServerRequests[M]['params'], token));
  }

  dispose(): void {
    void this.client?.dispose(2_000).catch(() => undefined);
    this.changed.dispose();
    this.told.dispose();
    this.output.dispose();
  }

  private newClient(binary: string, initializationOptions: unknown): LanguageClient {
    const executable: Executable = {
      command: binary,
      args: ['serve'],
      transport: TransportKind.stdio,
      options: { env: { ...process.env, ...this.options.environment() } },
    };
    const options: LanguageClientOptions = {
      documentSelector: [{ scheme: 'file' }],
      initializationOptions,
      outputChannel: this.output,
      initializationFailedHandler: () => false,
      middleware: {
        workspace: { handleApplyEdit: applyAndSave },
        // Ours open the chat; those of the server are for editors without an extension.
        provideCodeActions: () => [],
      },
      errorHandler: {
        error: () => ({ action: ErrorAction.Continue }),
        closed: () => this.died(),
      },
    };
    const client = new LanguageClient('agentls', 'agentls', executable, options);
    for (const method of TOLD) {
      client.onNotification(method, (params: unknown) => this.told.fire({ method, params }));
    }
    for (const [method, answerer] of this.answerers) {
      client.onRequest(method, answerer);
    }
    client.onDidChangeState(({ newState }) => {
      // 2 is `State.Running`: each start, the ones after a death included, ends here.
      if (newState === 2 && this.client === client) void this.greet(client);
    });
    return client;
  }

  private async greet(client: LanguageClient): Promise<void> {
    const announced = handshake(client.initializeResult);
    if (typeof announced === 'string') return this.fail(announced);
    this.announced = announced;
    this.enter('running');
  }

  /** The connection ended by itself. */
  private async died(): Promise<CloseHandlerResult> {
    this.announced = undefined;
    const wait = this.restarts.next(Date.now());
    if (wait === undefined) {
      this.client = undefined;
      this.enter('failed', 'agentls died again and again. Its log says why.');
      return { action: CloseAction.DoNotRestart, handled: true };
    }
    this.enter('waitingToRestart', 'agentls ended unexpectedly and is started again.');
    await new Promise((resolve) => setTimeout(resolve, wait));
    if (!this.client) return { action: CloseAction.DoNotRestart, handled: true };
    this.enter('starting');
    return { action: CloseAction.Restart, handled: true };
  }

  private async fail(message: string): Promise<void> {
    const ending = this.end(2_000);
    this.enter('failed', message);
    await ending;
  }

  private async end(withinMs: number): Promise<void> {
    const { client } = this;
    this.client = undefined;
    this.announced = undefined;
    await client?.dispose(withinMs).catch((problem: unknown) => this.output.warn(String(problem)));
  }

  private enter(state: ServerState, message?: string): void {
    this.current = { state, ...(message && { message }) };
    this.changed.fire(this.current);
  }
}
