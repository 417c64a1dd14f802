// What is offered while `@` or `/` is typed in the prompt.

import * as vscode from 'vscode';

import type { Completion, ViewCommand } from '../bridge';
import type { Server } from '../server/server';
import { name } from './context';
import { commandDetail } from './labels';
import { customCommands } from './lists';

const MOST_FILES = 30;

const ACTS: Array<[string, string, ViewCommand]> = [
  ['/new', 'start a new session', 'agentls.newSession'],
  ['/sessions', 'find another session', 'agentls.searchSessions'],
  ['/model', 'choose the model', 'agentls.selectModel'],
  ['/agent', 'choose the agent', 'agentls.selectAgent'],
  ['/context', 'what the model still sees', 'agentls.showContext'],
  ['/compact', 'make room in the window', 'agentls.compact'],
  ['/allowed', 'what was allowed for longer, and revoke it', 'agentls.approvals'],
  ['/project', 'open another project', 'agentls.openProject'],
  ['/changes', 'review what the turn changed', 'agentls.review.open'],
  ['/fork', 'go on in a copy', 'agentls.forkSession'],
  ['/export', 'write the session to a file', 'agentls.exportSession'],
];

export async function completions(server: Server, sign: '@' | '/', query: string, cwd?: string): Promise<Completion[]> {
  return sign === '/' ? commands(server, query, cwd) : context(query);
}

async function commands(server: Server, query: string, cwd?: string): Promise<Completion[]> {
  const ours: Completion[] = ACTS.map(([label, detail, command]) => ({
    label,
    detail,
    take: { kind: 'command', command },
  }));
  const theirs: Completion[] = (await customCommands(server, cwd)).map((command) => ({
    label: `/${command.name}`,
    detail: commandDetail(command),
    take: { kind: 'insert', text: `/${command.name} ` },
  }));
  return [...theirs, ...ours].filter(({ label }) => label.slice(1).startsWith(query.toLowerCase()));
}

async function context(query: string): Promise<Completion[]> {
  const editor = vscode.window.activeTextEditor;
  const special: Completion[] = [
    {
      label: '@selection',
      detail: editor ? name(editor.document.uri) : 'of the active editor',
      take: { kind: 'attach', what: 'selection' },
    },
    { label: '@problems', detail: 'all that the editor shows', take: { kind: 'attach', what: 'problems' } },
    { label: '@editors', detail: 'all open files', take: { kind: 'attach', what: 'openEditors' } },
  ];
  const fitting = special.filter(({ label }) => label.slice(1).startsWith(query.toLowerCase()));
  return [...fitting, ...(await paths(query))];
}

/** Files whose path has the query's letters in it, and their folders. */
async function paths(query: string): Promise<Completion[]> {
  const escaped = query.replace(/[[\]{}*?!\\]/g, '');
  const [folderPart, filePart] = splitPath(escaped);
  const pattern = `**/${folderPart ? `*${folderPart}*/**/` : ''}*${filePart}*`;
  const uris = await vscode.workspace.findFiles(pattern, undefined, MOST_FILES);
  const files = uris.map((uri): Completion => ({
    label: name(uri),
    detail: 'file',
    take: { kind: 'attach', what: 'file', uri: uri.toString() },
  }));
  const folders = new Map<string, Completion>();
  for (const uri of uris) {
    const parent = vscode.Uri.joinPath(uri, '..');
    const path = name(parent);
    if (
      !path.toLowerCase().includes(escaped.toLowerCase()) ||
      vscode.workspace.getWorkspaceFolder(parent)?.uri.path === parent.path
    )
      continue;
    folders.set(path, {
      label: `${path}/`,
      detail: 'folder',
      take: { kind: 'attach', what: 'folder', uri: parent.toString() },
    });
  }
  return [...files.sort((a, b) => a.label.length - b.label.length), ...folders.values()].slice(0, MOST_FILES);
}

function splitPath(query: string): [string, string] {
  const cut = query.lastIndexOf('/');
  return cut < 0 ? ['', query] : [query.slice(0, cut), query.slice(cut + 1)];
}
