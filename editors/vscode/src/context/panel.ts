// The context view: a panel in the editor area that shows what the model still sees of the session on screen.

import * as vscode from 'vscode';

import type { ToHost, ToView } from '../bridge';
import { openPartText } from '../changes/open';
import { answerCall } from '../chat/calls';
import { showPage } from '../chat/html';
import type { ShownSession } from '../chat/shown';
import type { Server } from '../server/server';

export class ContextPanel implements vscode.Disposable {
  private panel: vscode.WebviewPanel | undefined;
  private readonly subscriptions: vscode.Disposable[];

  constructor(
    private readonly extension: vscode.Uri,
    private readonly server: Server,
    private readonly shown: ShownSession,
  ) {
    this.subscriptions = [
      shown.onChange(({ reopened }) => reopened && this.showSession('session')),
      server.onTold('session/update', ({ sessionId, update }) => {
        const settled = update.kind === 'compacted' || (update.kind === 'status' && update.status === 'idle');
        if (settled && sessionId === shown.current?.id) this.showSession('sessionChanged');
      }),
    ];
  }

  show(): void {
    if (this.panel) return this.panel.reveal();
    const panel = vscode.window.createWebviewPanel('agentls.context', 'What the model sees', vscode.ViewColumn.Active);
    const icon = (name: string) => vscode.Uri.joinPath(this.extension, 'media', name);
    panel.iconPath = { light: icon('tab-light.svg'), dark: icon('tab-dark.svg') };
    panel.onDidDispose(() => (this.panel = undefined));
    panel.webview.onDidReceiveMessage((message: ToHost) => void this.hear(message));
    this.panel = panel;
    showPage(panel.webview, this.extension, 'context');
  }

  dispose(): void {
    this.panel?.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async hear(message: ToHost): Promise<void> {
    if (message.type === 'ready') this.showSession('session');
    else if (message.type === 'call') this.post(await answerCall(this.server, message));
    else if (message.type === 'openText') await openPartText(message);
  }

  private showSession(type: 'session' | 'sessionChanged'): void {
    const { current } = this.shown;
    if (type === 'session') this.post({ type, session: current ?? null, todo: [], hint: '' });
    else if (current) this.post({ type, session: current });
  }

  private post(message: ToView): void {
    void this.panel?.webview.postMessage(message);
  }
}
