// What goes with a prompt from the editor: selection, files, folders, problems, open editors.

import * as vscode from 'vscode';

import type { Attachment } from '../bridge';
import { line } from '../plain';

/** More files than this are not opened in one go. */
const MOST_FILES = 50;
const MOST_PROBLEMS = 100;

/** The selection, or the line that the cursor is in. */
export function selection(editor = vscode.window.activeTextEditor): Attachment[] {
  if (!editor || editor.document.uri.scheme !== 'file') return [];
  return [range(editor.document, editor.selection)];
}

export function range(document: vscode.TextDocument, selected: vscode.Range): Attachment {
  const last =
    selected.end.character === 0 && selected.end.line > selected.start.line ? selected.end.line : selected.end.line + 1;
  const lines = last - selected.start.line === 1 ? `${selected.start.line + 1}` : `${selected.start.line + 1}–${last}`;
  const text = document.getText(new vscode.Range(selected.start.line, 0, last, 0));
  return {
    label: `${name(document.uri)}:${lines}`,
    part: {
      type: 'file',
      uri: document.uri.toString(),
      range: { start: { line: selected.start.line }, end: { line: last } },
      text,
    },
  };
}

/** A file; what is unsaved in it is known to the server, which has the buffer. */
export function file(uri: vscode.Uri): Attachment {
  return { label: name(uri), part: { type: 'file', uri: uri.toString() } };
}

export function folder(uri: vscode.Uri): Attachment {
  const path = name(uri);
  return { label: `${path}/`, part: { type: 'text', text: `The folder \`${path}/\` is meant.` } };
}

export async function fileOrFolder(uri: vscode.Uri): Promise<Attachment> {
  const { type } = await vscode.workspace.fs.stat(uri);
  return type & vscode.FileType.Directory ? folder(uri) : file(uri);
}

/** The problems of one document, or of all. */
export function problems(uri?: vscode.Uri): Attachment[] {
  const all = uri ? [[uri, vscode.languages.getDiagnostics(uri)] as const] : vscode.languages.getDiagnostics();
  const lines = all.flatMap(([where, found]) => found.map((it) => problemLine(where, it)));
  if (lines.length === 0) return [];
  const shown = lines.slice(0, MOST_PROBLEMS);
  if (lines.length > shown.length) shown.push(`… (+${lines.length - shown.length} more)`);
  const label = uri ? `problems of ${name(uri)}` : `${lines.length} problems`;
  return [{ label, part: { type: 'text', text: `Problems that the editor shows:\n${shown.join('\n')}` } }];
}

export function problemLine(uri: vscode.Uri, problem: vscode.Diagnostic): string {
  const severity = ['error', 'warning', 'information', 'hint'][problem.severity];
  const from = problem.source ? ` [${problem.source}]` : '';
  const { line: row, character } = problem.range.start;
  return `${name(uri)}:${row + 1}:${character + 1} ${severity}: ${line(problem.message, 500)}${from}`;
}

export function openEditors(): Attachment[] {
  const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
  const uris = tabs.flatMap(({ input }) =>
    input instanceof vscode.TabInputText && input.uri.scheme === 'file' ? [input.uri] : [],
  );
  const distinct = new Map(uris.map((uri) => [uri.toString(), uri]));
  return [...distinct.values()].slice(0, MOST_FILES).map(file);
}

export function name(uri: vscode.Uri): string {
  return vscode.workspace.asRelativePath(uri, (vscode.workspace.workspaceFolders?.length ?? 0) > 1);
}
