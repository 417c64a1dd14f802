// Commands that add to the prompt: selection, files, problems, open editors; the model and the agent.

import * as vscode from 'vscode';

import { register } from '../notices';
import type { ChatView } from '../chat/view';
import type { ShownSession } from '../chat/shown';
import type { Server } from '../server/server';
import * as context from './context';
import { pickAgent, pickModel } from './lists';

export function promptCommands(
  chat: ChatView,
  shown: ShownSession,
  server: Server,
  state: vscode.Memento,
): vscode.Disposable[] {
  const add = (
    name: string,
    attachments: (uri?: vscode.Uri, uris?: vscode.Uri[]) => Promise<Parameters<ChatView['attach']>[0]>,
  ) =>
    register(name, async (uri?: vscode.Uri, uris?: vscode.Uri[]) => {
      const found = await attachments(uri, uris);
      if (found.length === 0) return void vscode.window.showInformationMessage('agentls: There is nothing to add.');
      chat.attach(found);
      await chat.focus();
    });
  return [
    register('agentls.focusPrompt', () => chat.focus()),
    add('agentls.addSelection', async () => context.selection()),
    add('agentls.addFile', async (uri, uris) => {
      const chosen =
        uris ?? (uri ? [uri] : [vscode.window.activeTextEditor?.document.uri].filter((it) => it !== undefined));
      return Promise.all(chosen.filter(({ scheme }) => scheme === 'file').map(context.fileOrFolder));
    }),
    add('agentls.addProblems', async () => context.problems()),
    add('agentls.addOpenEditors', async () => context.openEditors()),
    register('agentls.pickContext', () => pickContext()),
    register('agentls.selectModel', async () => {
      const model = await pickModel(server, state, shown.current?.cwd);
      if (model) shown.choose({ model: { provider: model.provider, id: model.id } });
    }),
    register('agentls.selectAgent', async () => {
      const agent = await pickAgent(server, shown.current?.cwd);
      if (agent) shown.choose({ agent });
    }),
  ];
}

async function pickContext(): Promise<void> {
  const offers = [
    { label: '$(selection) Selection', command: 'agentls.addSelection' },
    { label: '$(file) This file', command: 'agentls.addFile' },
    { label: '$(warning) Problems', command: 'agentls.addProblems' },
    { label: '$(files) Open editors', command: 'agentls.addOpenEditors' },
    { label: '$(folder-opened) Other files or folders…', command: '' },
  ];
  const choice = await vscode.window.showQuickPick(offers, { title: 'What goes with the prompt?' });
  if (choice?.command) return void vscode.commands.executeCommand(choice.command);
  if (!choice) return;
  const uris = await vscode.window.showOpenDialog({
    canSelectMany: true,
    canSelectFiles: true,
    canSelectFolders: true,
  });
  if (uris) await vscode.commands.executeCommand('agentls.addFile', uris[0], uris);
}
