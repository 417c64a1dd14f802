// Edits that the server makes in open documents. One that was saved before is saved again, so that commands which the
// model runs see the edit; one with unsaved changes stays unsaved. Undo works for both.

import * as vscode from 'vscode';
import {
  CancellationTokenSource,
  type ApplyWorkspaceEditParams,
  type WorkspaceMiddleware,
} from 'vscode-languageclient/node';

export const applyAndSave: NonNullable<WorkspaceMiddleware['handleApplyEdit']> = async (params, next) => {
  const clean = targets(params).filter((document) => !document.isDirty);
  const result = await next(params, new CancellationTokenSource().token);
  if ('applied' in result && result.applied) await Promise.all(clean.map((document) => document.save()));
  return result;
};

/** The open documents that an edit is about. */
function targets({ edit }: ApplyWorkspaceEditParams): vscode.TextDocument[] {
  const named = [
    ...Object.keys(edit.changes ?? {}),
    ...(edit.documentChanges ?? []).flatMap((change) => ('textDocument' in change ? [change.textDocument.uri] : [])),
  ];
  const uris = new Set(named.map((uri) => vscode.Uri.parse(uri).toString()));
  return vscode.workspace.textDocuments.filter(({ uri }) => uris.has(uri.toString()));
}
