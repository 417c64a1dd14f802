// Where the extension begins: makes the parts, joins them, starts the server.

import { existsSync } from 'node:fs';
import * as vscode from 'vscode';

import { Documents } from './changes/documents';
import { Review } from './changes/review';
import { reviewCommands } from './changes/commands';
import { ChatView } from './chat/view';
import { ShownSession } from './chat/shown';
import { CodeActions, codeActionCommands } from './code-actions';
import { ContextPanel } from './context/panel';
import { register } from './notices';
import { participant } from './participant';
import { ProjectCache } from './projects/cache';
import { projectCommands } from './projects/commands';
import { promptCommands } from './prompt/commands';
import { questionCommands } from './questions/commands';
import { OpenQuestions } from './questions/open';
import { findBinary } from './server/binary';
import { serverCommands } from './server/commands';
import { Credentials } from './server/credentials';
import { initializationOptions } from './server/options';
import { Server, type StartOptions } from './server/server';
import { sessionCommands } from './sessions/commands';
import { SessionsTree } from './sessions/tree';
import { StatusBar } from './status-bar';
import { workingDirectory, workspaceFolders } from './workspace';

export function activate(context: vscode.ExtensionContext): void {
  const { extensionUri, subscriptions, workspaceState, globalState } = context;
  const credentials = new Credentials(context.secrets, globalState);
  const options = startOptions(context, credentials);
  const server = new Server(options);
  const questions = new OpenQuestions(server);
  const shown = new ShownSession(server, workspaceState, workingDirectory);
  const documents = new Documents(server);
  const chat = new ChatView(extensionUri, server, shown, questions, documents);
  const projects = new ProjectCache(globalState);
  const tree = new SessionsTree(server, questions, workspaceFolders, projects);
  const panel = new ContextPanel(extensionUri, server, shown);
  const review = new Review(server, shown);

  subscriptions.push(
    server,
    questions,
    shown,
    documents,
    chat,
    tree,
    panel,
    review,
    new StatusBar(server, shown, questions),
    vscode.window.registerWebviewViewProvider(ChatView.id, chat),
    vscode.window.createTreeView('agentls.sessions', { treeDataProvider: tree }),
    vscode.window.createTreeView('agentls.changes', { treeDataProvider: review }),
    vscode.languages.registerCodeActionsProvider({ scheme: 'file' }, new CodeActions(), {
      providedCodeActionKinds: CodeActions.kinds,
    }),
    register('agentls.showContext', () => panel.show()),
    ...serverCommands(server, options, credentials, String(context.extension.packageJSON.version)),
    ...sessionCommands({ server, shown, chat, tree }),
    ...promptCommands(chat, shown, server, globalState),
    ...codeActionCommands(chat),
    ...questionCommands(server, questions, shown, chat),
    ...projectCommands(server, projects, shown),
    ...reviewCommands(review),
    vscode.workspace.onDidGrantWorkspaceTrust(() => server.restart()),
    server.onChange(({ state }) => void vscode.commands.executeCommand('setContext', 'agentls.server', state)),
  );
  registerParticipant(context, server, shown);
  void server.start();
}

function startOptions(context: vscode.ExtensionContext, credentials: Credentials): StartOptions {
  const setting = <T>(name: string, otherwise: T) =>
    vscode.workspace.getConfiguration('agentls.server').get<T>(name, otherwise);
  return {
    binary: () =>
      findBinary({
        configured: setting('path', ''),
        extensionPath: context.extensionPath,
        searchPath: process.env['PATH'] ?? '',
        platform: process.platform,
        exists: existsSync,
      }),
    environment: () => setting('environment', {}),
    initialization: () => initializationOptions(credentials),
  };
}

function registerParticipant(context: vscode.ExtensionContext, server: Server, shown: ShownSession): void {
  const show = (sessionId: string) => {
    if (shown.current?.id !== sessionId) void shown.show(sessionId);
  };
  const made = vscode.chat.createChatParticipant('agentls.participant', participant(server, workingDirectory, show));
  made.iconPath = vscode.Uri.joinPath(context.extensionUri, 'media', 'agentls.svg');
  context.subscriptions.push(made);
}
