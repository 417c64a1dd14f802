// The folders of the workspace, and the one that a new session works in.

import * as vscode from 'vscode';

export function workspaceFolders(): string[] {
  const folders = vscode.workspace.workspaceFolders ?? [];
  return folders.filter(({ uri }) => uri.scheme === 'file').map(({ uri }) => uri.fsPath);
}

/** The only folder, the one of the active editor, else the person chooses. */
export async function workingDirectory(): Promise<string | undefined> {
  const folders = workspaceFolders();
  if (folders.length <= 1) return folders[0];
  const active = vscode.window.activeTextEditor?.document.uri;
  const of = active && vscode.workspace.getWorkspaceFolder(active)?.uri.fsPath;
  if (of && folders.includes(of)) return of;
  return vscode.window.showQuickPick(folders, { title: 'In which folder does the session work?' });
}
