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

/** Files whose name has the query in it, and folders whose name has. */
async function paths(query: string): Promise<Completion[]> {
  const escaped = query.replace(/[[\]{}*?!\\]/g, '');
  const [folderPart, filePart] = splitPath(escaped);
  const within = folderPart ? `*${folderPart}*/**/` : '';
  const [files, below] = await Promise.all([
    vscode.workspace.findFiles(`**/${within}*${filePart}*`, undefined, MOST_FILES),
    filePart ? vscode.workspace.findFiles(`**/${within}*${filePart}*/**`, undefined, MOST_FILES) : [],
  ]);
  const named = files.map((uri) => offer(name(uri), 'file', uri));
  const folders = new Map(below.flatMap((uri) => foldersAbove(uri, filePart)).map((it) => [it.label, it]));
  return [...named.sort((a, b) => a.label.length - b.label.length), ...folders.values()].slice(0, MOST_FILES);
}

/** The folders of the workspace that a file lies in and that are called so. */
function foldersAbove(uri: vscode.Uri, part: string): Completion[] {
  const root = vscode.workspace.getWorkspaceFolder(uri)?.uri.path ?? '/';
  const found: Completion[] = [];
  for (let at = vscode.Uri.joinPath(uri, '..'); at.path.length > root.length; at = vscode.Uri.joinPath(at, '..')) {
    const called = at.path.split('/').at(-1) ?? '';
    if (called.toLowerCase().includes(part.toLowerCase())) found.push(offer(`${name(at)}/`, 'folder', at));
  }
  return found;
}

function offer(label: string, what: 'file' | 'folder', uri: vscode.Uri): Completion {
  return { label, detail: what, take: { kind: 'attach', what, uri: uri.toString() } };
}

function splitPath(query: string): [string, string] {
  const cut = query.lastIndexOf('/');
  return cut < 0 ? ['', query] : [query.slice(0, cut), query.slice(cut + 1)];
}
