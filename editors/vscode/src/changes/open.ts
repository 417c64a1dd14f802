// Opens what a tool call changes or printed: a native diff, or the whole text.

import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';

import type { ToHost } from '../bridge';
import { line } from '../plain';
import type { Documents } from './documents';
import { uriOf } from './documents';
import { applyDiff, takeBack } from './unified';

/** A proposed edit beside the file as it is, or a finished one beside the file as it was. */
export async function openDiff(
  documents: Documents,
  { diff, path, proposed }: Extract<ToHost, { type: 'openDiff' }>,
  cwd: string | undefined,
): Promise<void> {
  const absolute = isAbsolute(path) ? path : join(cwd ?? '/', path);
  const uri = vscode.Uri.file(absolute);
  const text = await textOf(uri);
  const other = proposed ? applyDiff(text, diff) : takeBack(text, diff);
  if (other === undefined) return showText(documents.keep(`${path}.diff`, diff));
  const made = documents.keep(absolute, other);
  const title = `${line(path, 80)} (${proposed ? 'proposed' : 'what was edited'})`;
  const [left, right] = proposed ? [text === '' ? documents.keep(absolute, '') : uri, made] : [made, uri];
  await vscode.commands.executeCommand('vscode.diff', left, right, title, { preview: true });
}

/** The whole of a part's field. */
export async function openPartText({ partId, title, field }: Extract<ToHost, { type: 'openText' }>): Promise<void> {
  const name = line(title, 60).replace(/[^\w. -]+/g, '_') || 'output';
  await vscode.window.showTextDocument(uriOf(`${name}.txt`, { kind: 'part', partId, field }), { preview: true });
}

async function showText(uri: vscode.Uri): Promise<void> {
  await vscode.window.showTextDocument(uri, { preview: true });
}

/** As the editor has it, unsaved changes included; empty where there is no such file. */
async function textOf(uri: vscode.Uri): Promise<string> {
  try {
    return (await vscode.workspace.openTextDocument(uri)).getText();
  } catch {
    return '';
  }
}
