// The chat's webview in the activity bar: passes on what the server says of the session on screen, and what the person
// does. Holds nothing that the server does not have.

import * as vscode from 'vscode';

import type { Attachment, Completion, ToHost, ToView, ViewSettings } from '../bridge';
import { VIEW_COMMANDS } from '../bridge';
import type { Documents } from '../changes/documents';
import { openDiff, openPartText } from '../changes/open';
import { completions } from '../prompt/completions';
import * as context from '../prompt/context';
import { nameOf } from '../prompt/lists';
import { line } from '../plain';
import type { SessionUpdate } from '../protocol';
import type { OpenQuestions } from '../questions/open';
import { failureOf } from '../server/failure';
import type { Server } from '../server/server';
import { Batch } from './batch';
import { answerCall } from './calls';
import { showPage } from './html';
import { openLink } from './links';
import type { ShownSession } from './shown';

/** At most 20 messages a second reach the page, however fast the stream is. */
const BATCH_MS = 50;

export class ChatView implements vscode.WebviewViewProvider, vscode.Disposable {
  static readonly id = 'agentls.chat';
  private view: vscode.WebviewView | undefined;
  private ready = false;
  /** What is to be said once the page is there. */
  private early: ToView[] = [];
  private readonly updates = new Batch<SessionUpdate>((updates) => this.post({ type: 'updates', updates }), BATCH_MS);
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
    private readonly shown: ShownSession,
    private readonly questions: OpenQuestions,
    private readonly documents: Documents,
  ) {
    this.subscriptions = [
      server.onChange(() => this.showServer()),
      server.onTold('session/update', (update) => {
        if (update.sessionId === shown.current?.id) this.updates.add(update);
      }),
      shown.onChange(({ reopened }) => this.showSession(reopened)),
      questions.onChange(() => this.showQuestions()),
      vscode.workspace.onDidChangeConfiguration((change) => {
        if (change.affectsConfiguration('agentls.chat')) this.post({ type: 'settings', settings: settings() });
      }),
    ];
  }

  get visible(): boolean {
    return this.view?.visible ?? false;
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.view = view;
    this.ready = false;
    view.webview.onDidReceiveMessage((message: ToHost) => this.hear(message));
    // A page that is hidden is gone: what is said meanwhile would wait for the one that comes in its place.
    view.onDidChangeVisibility(() => (this.ready &&= view.visible));
    view.onDidDispose(() => {
      this.view = undefined;
      this.ready = false;
    });
    showPage(view.webview, this.extension, 'chat');
    this.showBadge();
  }

  /** Brings the chat to the front, with the cursor in the prompt. */
  async focus(): Promise<void> {
    await vscode.commands.executeCommand(`${ChatView.id}.focus`);
    this.postWhenReady({ type: 'compose', text: '', focus: true });
  }

  attach(attachments: Attachment[]): void {
    if (attachments.length > 0) this.postWhenReady({ type: 'attach', attachments });
  }

  compose(text: string): void {
    this.postWhenReady({ type: 'compose', text, focus: true });
  }

  dispose(): void {
    this.updates.clear();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private hear(message: ToHost): void {
    this.act(message).catch((error: unknown) => {
      this.server.output.error(String(error));
      void vscode.window.showErrorMessage(`agentls: ${failureOf(error).message}`);
    });
  }

  private async act(message: ToHost): Promise<void> {
    const session = this.shown.current;
    switch (message.type) {
      case 'ready':
        return this.greet();
      case 'call':
        return this.post(await answerCall(this.server, message));
      case 'complete': {
        const result = await completions(this.server, message.sign, message.query, session?.cwd);
        return this.post({ type: 'answer', id: message.id, result });
      }
      case 'prompt':
        return this.prompt(message);
      case 'cancel':
        return void (session && (await this.server.request('session/cancel', { sessionId: session.id })));
      case 'answerPermission':
        return this.questions.answerPermission(message.permissionId, message.answer);
      case 'answerQuestion':
        return this.questions.answerQuestion(message.questionId, message.answers);
      case 'take':
        return this.take(message.completion);
      case 'command':
        if (VIEW_COMMANDS.includes(message.command))
          await vscode.commands.executeCommand(message.command, message.argument);
        return;
      case 'openLink':
        return openLink(message.href, session?.cwd);
      case 'openDiff':
        return openDiff(this.documents, message, session?.cwd);
      case 'openText':
        return openPartText(message);
    }
  }

  private greet(): void {
    this.ready = true;
    this.post({ type: 'settings', settings: settings() });
    this.showServer();
    this.showSession(true);
    this.showQuestions();
    for (const message of this.early.splice(0)) this.post(message);
  }

  private async prompt({ clientId, parts, delivery }: Extract<ToHost, { type: 'prompt' }>): Promise<void> {
    const failure = await this.shown.prompt(parts, delivery, clientId).then(() => undefined, failureOf);
    // Its end does not overtake what came before it.
    this.updates.flush();
    this.post({ type: 'prompted', clientId, ...(failure && { failure }) });
  }

  private async take({ take }: Completion): Promise<void> {
    if (take.kind === 'command') await vscode.commands.executeCommand(take.command);
    if (take.kind !== 'attach') return;
    switch (take.what) {
      case 'selection':
        return this.attach(context.selection());
      case 'problems':
        return this.attach(context.problems());
      case 'openEditors':
        return this.attach(context.openEditors());
      case 'file':
        return this.attach([context.file(vscode.Uri.parse(take.uri))]);
      case 'folder':
        return this.attach([context.folder(vscode.Uri.parse(take.uri))]);
    }
  }

  private showServer(): void {
    // Servers that know projects do nothing but read in a workspace that is not trusted.
    const restricted = !vscode.workspace.isTrusted && this.server.supports('project/list');
    this.post({ type: 'server', server: this.server.view, restricted });
  }

  private showSession(reopened: boolean): void {
    const { current } = this.shown;
    const { model, agent } = this.shown.choice;
    const session = current ? { ...current, ...(model && { model }), ...(agent && { agent }) } : null;
    if (reopened) {
      this.updates.clear();
      this.post({ type: 'session', session, todo: this.shown.todo, hint: hint(this.server) });
      this.showQuestions();
    } else if (session) this.post({ type: 'sessionChanged', session });
    const answers = session?.model ?? model;
    const choosable = this.server.supports('agent/list');
    this.post({
      type: 'answers',
      model: answers ? nameOf(answers) : 'Choose a model',
      agent: choosable ? (session?.agent ?? agent ?? 'Choose an agent') : '',
    });
    if (this.view && session) this.view.description = line(session.title, 120);
    else if (this.view) delete this.view.description;
  }

  private showQuestions(): void {
    const id = this.shown.current?.id;
    const permissions = id ? this.questions.permissions(id) : [];
    this.post({ type: 'questions', permissions, questions: id ? this.questions.questions(id) : [] });
    this.showBadge();
  }

  /** A number on the icon while sessions need the person. */
  private showBadge(): void {
    if (!this.view) return;
    const value = this.questions.sessions().size;
    // Without a badge of 0 the last number stays: taking the badge away does not.
    this.view.badge = {
      value,
      tooltip: value === 0 ? '' : `${value} ${value === 1 ? 'session needs' : 'sessions need'} you`,
    };
  }

  private post(message: ToView): void {
    if (this.ready) void this.view?.webview.postMessage(message);
  }

  private postWhenReady(message: ToView): void {
    if (this.ready) this.post(message);
    else this.early.push(message);
  }
}

function settings(): ViewSettings {
  const chat = vscode.workspace.getConfiguration('agentls.chat');
  return { sendWith: chat.get('sendWith', 'enter'), showReasoning: chat.get('showReasoning', false) };
}

/** What stands on the page of a session without messages. */
function hint(server: Server): string {
  return server.version ? `agentls ${server.version}` : 'agentls';
}
