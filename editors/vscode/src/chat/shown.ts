// The session on screen: which one, opened again after a restart, made with the first prompt when there is none.

import * as vscode from 'vscode';

import type { Delivery } from '../bridge';
import type { ModelRef, PromptPart, Session, TodoItem } from '../protocol';
import { failureOf } from '../server/failure';
import type { Server } from '../server/server';

const LAST = 'agentls.lastSession';

export class ShownSession implements vscode.Disposable {
  private session: Session | undefined;
  private todoItems: TodoItem[] = [];
  /** What the person chose and the next prompt carries. */
  private chosen: { model?: ModelRef; agent?: string } = {};
  /** How often a session was chosen: of two that are being opened the one chosen last is shown. */
  private choices = 0;
  private opening: Promise<void> = Promise.resolve();
  private making: Promise<Session> | undefined;
  private readonly changed = new vscode.EventEmitter<{ reopened: boolean }>();

  /** Another session is shown, or the same one in another state. */
  readonly onChange = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly state: vscode.Memento,
    private readonly cwd: () => Promise<string | undefined>,
  ) {
    server.onChange(({ state: now }) => now === 'running' && void this.resume());
    server.onTold('session/didChange', ({ sessionId, change }) => {
      if (sessionId !== this.session?.id) return;
      if (change === 'deleted') void this.show(undefined);
      else void this.reread();
    });
  }

  get current(): Session | undefined {
    return this.session;
  }

  /** The todo list as it was when the session was opened. */
  get todo(): TodoItem[] {
    return this.todoItems;
  }

  get choice(): { model?: ModelRef; agent?: string } {
    return this.chosen;
  }

  choose(choice: { model?: ModelRef; agent?: string }): void {
    this.chosen = { ...this.chosen, ...choice };
    this.changed.fire({ reopened: false });
  }

  /** Shows a session, or the empty page where a new one begins. */
  show(sessionId: string | undefined): Promise<void> {
    const opening = this.open(sessionId);
    // Whoever waits for it only wants to know that it is over.
    this.opening = opening.catch(() => undefined);
    return opening;
  }

  /** The session that a prompt goes to: the one on screen, the one that is just being opened, or a new one. */
  async ensure(): Promise<Session> {
    await this.server.running();
    for (let opening; opening !== this.opening;) {
      opening = this.opening;
      await opening;
    }
    if (this.session) return this.session;
    this.making ??= this.make().finally(() => (this.making = undefined));
    return this.making;
  }

  /** Prompts; resolves when the prompt's turn has ended. */
  async prompt(parts: PromptPart[], delivery: Delivery, clientId: string): Promise<void> {
    const { id } = await this.ensure();
    const { model, agent } = this.chosen;
    this.chosen = {};
    await this.server.request('session/prompt', {
      sessionId: id,
      parts,
      clientId,
      delivery,
      ...(model && { model }),
      ...(agent && { agent }),
    });
  }

  dispose(): void {
    this.changed.dispose();
  }

  private async open(sessionId: string | undefined): Promise<void> {
    this.choices += 1;
    const { choices } = this;
    const opened = sessionId ? await this.server.request('session/get', { sessionId }) : undefined;
    if (choices !== this.choices) return;
    // After a restart it is the same one: what was chosen for the next prompt still holds.
    if (opened?.session.id !== this.session?.id) this.chosen = {};
    // Older servers do not say what is to be done.
    await this.enter(opened?.session, opened?.todo ?? []);
  }

  private async make(): Promise<Session> {
    const cwd = await this.cwd();
    if (!cwd) throw new Error('Open a folder first: a session works in one.');
    const settings = vscode.workspace.getConfiguration('agentls');
    const model = this.chosen.model ?? settings.get<string>('model', '');
    const agent = this.chosen.agent ?? settings.get<string>('agent', '');
    const { session } = await this.server.request('session/new', {
      cwd,
      ...(model && { model }),
      ...(agent && { agent }),
    });
    this.chosen = {};
    this.choices += 1;
    await this.enter(session, []);
    return session;
  }

  /** Told at once, before anything else can happen: what the server says from now on belongs to it. */
  private async enter(session: Session | undefined, todo: TodoItem[]): Promise<void> {
    this.session = session;
    this.todoItems = todo;
    this.changed.fire({ reopened: true });
    await this.state.update(LAST, session?.id);
  }

  private async resume(): Promise<void> {
    const showing = this.show(this.session?.id ?? this.state.get<string>(LAST));
    const { choices } = this;
    try {
      await showing;
    } catch (problem) {
      this.server.output.info(`The last session is not shown: ${String(problem)}`);
      // Any other failure may pass; with a session that is gone nothing can be done.
      const gone = failureOf(problem).kind === 'sessionNotFound';
      if (gone && choices === this.choices) await this.show(undefined);
    }
  }

  private async reread(): Promise<void> {
    const { session } = this;
    if (!session) return;
    try {
      const read = (await this.server.request('session/get', { sessionId: session.id })).session;
      if (this.session?.id !== read.id) return;
      this.session = read;
      this.changed.fire({ reopened: false });
    } catch (problem) {
      this.server.output.warn(`The session cannot be read: ${String(problem)}`);
    }
  }
}
