// Commands about sessions: new, open, find, rename, fork, archive, delete, export, compact, stop.

import * as vscode from 'vscode';

import { age } from '../figures';
import { register } from '../notices';
import { iconless, line } from '../plain';
import type { Session } from '../protocol';
import type { ChatView } from '../chat/view';
import type { ShownSession } from '../chat/shown';
import type { Server } from '../server/server';
import { titleOf } from './labels';
import type { Node, SessionsTree } from './tree';

export interface Sessions {
  server: Server;
  shown: ShownSession;
  chat: ChatView;
  tree: SessionsTree;
}

export function sessionCommands(all: Sessions): vscode.Disposable[] {
  const { shown, chat, tree, server } = all;
  /** A command about the session of a row, or about the one on screen. */
  const about = (name: string, act: (session: Session, argument: unknown) => Promise<unknown>) =>
    register(name, async (argument?: unknown) => {
      const node = argument as Node | undefined;
      const session = node && typeof node === 'object' && 'session' in node ? node.session : shown.current;
      if (!session) return void vscode.window.showInformationMessage('agentls: Open a session first.');
      await act(session, argument);
    });
  return [
    register('agentls.newSession', async () => {
      await shown.show(undefined);
      await chat.focus();
    }),
    register('agentls.openSession', async (sessionId: string) => {
      await shown.show(sessionId);
      await chat.focus();
    }),
    register('agentls.searchSessions', () => search(all)),
    register('agentls.refreshSessions', () => tree.refresh()),
    register('agentls.moreSessions', () => tree.more()),
    register('agentls.showArchived', () => showArchived(tree, true)),
    register('agentls.hideArchived', () => showArchived(tree, false)),
    about('agentls.renameSession', (session) => rename(server, session)),
    about('agentls.archiveSession', ({ id }) => server.request('session/archive', { sessionId: id, archived: true })),
    about('agentls.unarchiveSession', ({ id }) =>
      server.request('session/archive', { sessionId: id, archived: false }),
    ),
    about('agentls.deleteSession', (session) => remove(server, session)),
    about('agentls.forkSession', (session, argument) => fork(all, session, argument)),
    about('agentls.exportSession', (session) => exportSession(server, session)),
    about('agentls.compact', (session) => compact(server, session)),
    about('agentls.stopTurn', ({ id }) => server.request('session/cancel', { sessionId: id })),
  ];
}

async function showArchived(tree: SessionsTree, archived: boolean): Promise<void> {
  tree.showArchived(archived);
  await vscode.commands.executeCommand('setContext', 'agentls.showsArchived', archived);
}

/** Finds a session by its title while one types. */
async function search({ server, shown, chat }: Sessions): Promise<void> {
  const picker = vscode.window.createQuickPick<vscode.QuickPickItem & { id: string }>();
  picker.title = 'Go on in which session?';
  picker.placeholder = 'Words of the title';
  let asked = 0;
  const list = async () => {
    asked += 1;
    const now = asked;
    picker.busy = true;
    const found = await server.request('session/list', { limit: 50, ...(picker.value && { search: picker.value }) });
    if (now !== asked) return;
    picker.busy = false;
    picker.items = found.sessions.map((session) => ({
      id: session.id,
      label: iconless(titleOf(session)),
      description: age(session.updatedAt, Date.now()),
      detail: iconless(line(session.cwd, 200)),
      alwaysShow: true,
    }));
  };
  picker.onDidChangeValue(() => void list());
  picker.onDidHide(() => picker.dispose());
  picker.onDidAccept(() => {
    const [choice] = picker.selectedItems;
    picker.hide();
    if (choice) void shown.show(choice.id).then(() => chat.focus());
  });
  picker.show();
  await list();
}

async function rename(server: Server, session: Session): Promise<void> {
  const title = await vscode.window.showInputBox({ prompt: 'What lists show from now on', value: session.title });
  if (title?.trim()) await server.request('session/rename', { sessionId: session.id, title: title.trim() });
}

async function remove(server: Server, session: Session): Promise<void> {
  const sure = 'Delete';
  const detail = `Its ${session.counts.messages} messages cannot be brought back. Archiving only puts it away.`;
  const choice = await vscode.window.showWarningMessage(`Delete “${titleOf(session)}”?`, { modal: true, detail }, sure);
  if (choice === sure) await server.request('session/delete', { sessionId: session.id });
}

async function fork({ server, shown, chat }: Sessions, session: Session, argument: unknown): Promise<void> {
  const messageId = (argument as { messageId?: unknown } | undefined)?.messageId;
  const copy = await server.request('session/fork', {
    sessionId: session.id,
    ...(typeof messageId === 'string' && { messageId }),
  });
  await shown.show(copy.session.id);
  await chat.focus();
}

async function exportSession(server: Server, session: Session): Promise<void> {
  const name =
    titleOf(session)
      .replace(/[^\w. -]+/g, '_')
      .slice(0, 60) || 'session';
  const uri = await vscode.window.showSaveDialog({
    defaultUri: vscode.Uri.joinPath(vscode.Uri.file(session.cwd), `${name}.md`),
    filters: { Markdown: ['md'], JSON: ['json'] },
  });
  if (!uri) return;
  const format = uri.path.endsWith('.json') ? 'json' : 'markdown';
  const { path } = await server.request('session/export', { sessionId: session.id, format, path: uri.fsPath });
  if (path) await vscode.window.showTextDocument(vscode.Uri.file(path), { preview: true });
}

/** Says what would be won before it is done. */
async function compact(server: Server, session: Session): Promise<void> {
  const sessionId = session.id;
  const plan = await server.request('session/compact', { sessionId, dryRun: true });
  if (plan.after >= plan.before) {
    return void vscode.window.showInformationMessage('agentls: Nothing is to be won by compacting this session.');
  }
  const sizes = `${plan.before.toLocaleString('en')} → about ${plan.after.toLocaleString('en')} tokens`;
  const yes = 'Compact';
  const choice = await vscode.window.showInformationMessage(
    `Compact “${titleOf(session)}”? ${sizes}. Everything stays stored.`,
    { modal: true },
    yes,
  );
  if (choice !== yes) return;
  await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title: 'agentls: summarising the history' },
    () => server.request('session/compact', { sessionId }),
  );
}
