// The item in the status bar: whether the server runs, what the session does, how full the window is.

import * as vscode from 'vscode';

import type { ServerView } from './bridge';
import { count, percent } from './figures';
import type { ContextUse, Status } from './protocol';
import type { ShownSession } from './chat/shown';
import type { OpenQuestions } from './questions/open';
import type { Server } from './server/server';

export class StatusBar implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('agentls.status', vscode.StatusBarAlignment.Right, 90);
  private readonly subscriptions: vscode.Disposable[];
  private status: Status = 'idle';
  private context: ContextUse | undefined;

  constructor(
    private readonly server: Server,
    shown: ShownSession,
    private readonly questions: OpenQuestions,
  ) {
    this.item.name = 'agentls';
    this.subscriptions = [
      server.onChange(() => this.render()),
      questions.onChange(() => this.render()),
      shown.onChange(({ reopened }) => {
        if (reopened) this.context = undefined;
        this.status = shown.current?.status ?? 'idle';
        this.render();
      }),
      server.onTold('session/update', ({ sessionId, update }) => {
        if (sessionId !== shown.current?.id) return;
        if (update.kind === 'status') this.status = update.status;
        else if (update.kind === 'usage') this.context = update.context;
        else return;
        this.render();
      }),
    ];
    this.render();
    this.item.show();
  }

  dispose(): void {
    this.item.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private render(): void {
    const needsYou = this.questions.sessions().size;
    const { text, tooltip, command, warning } = describe(this.server.view, this.status, needsYou, this.context);
    this.item.text = text;
    this.item.tooltip = tooltip;
    this.item.command = command;
    this.item.accessibilityInformation = { label: `agentls: ${tooltip}` };
    this.item.backgroundColor = warning ? new vscode.ThemeColor('statusBarItem.warningBackground') : undefined;
  }
}

interface Described {
  text: string;
  tooltip: string;
  command: string;
  warning: boolean;
}

function describe(server: ServerView, status: Status, needsYou: number, context: ContextUse | undefined): Described {
  if (server.state !== 'running') {
    const failed = server.state === 'failed';
    const tooltip = server.message ?? `The server is ${server.state === 'starting' ? 'starting' : 'stopped'}`;
    return {
      text: failed ? '$(error) agentls' : '$(circle-slash) agentls',
      tooltip,
      command: 'agentls.status',
      warning: failed,
    };
  }
  if (needsYou > 0) {
    const tooltip = `${needsYou} ${needsYou === 1 ? 'session needs' : 'sessions need'} you`;
    return { text: `$(bell-dot) agentls`, tooltip, command: 'agentls.showAsked', warning: true };
  }
  const share = context ? ` ${percent(context.used, context.limit)}` : '';
  const seen = context ? `The model sees ${count(context.used)} of ${count(context.limit)} tokens` : 'agentls is ready';
  const busy = status !== 'idle';
  return {
    text: `${busy ? '$(loading~spin)' : '$(sparkle)'} agentls${share}`,
    tooltip: busy ? `A turn runs (${status}). ${seen}` : seen,
    command: 'agentls.focusPrompt',
    warning: false,
  };
}
