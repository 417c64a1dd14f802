// A link in what a model wrote: only pages of the web, and files of the workspace.

import { isAbsolute, join } from 'node:path';
import * as vscode from 'vscode';

import { notice } from '../notices';
import { line } from '../plain';
import { fileLink } from './link-target';

export async function openLink(href: string, cwd: string | undefined): Promise<void> {
  if (/^(https?|mailto):/i.test(href)) {
    // The editor shows the address and asks, unless the person trusts the domain.
    await vscode.env.openExternal(vscode.Uri.parse(href));
    return;
  }
  const target = fileLink(href);
  if (!target) return;
  const path = isAbsolute(target.path) ? target.path : join(cwd ?? '/', target.path);
  const uri = vscode.Uri.file(path);
  if (!vscode.workspace.getWorkspaceFolder(uri)) {
    void notice('warning', `${line(path, 300)} is outside the workspace and was not opened.`);
    return;
  }
  const at = new vscode.Position(Math.max(0, target.line - 1), 0);
  await vscode.window.showTextDocument(uri, { selection: new vscode.Range(at, at), preview: true });
}
