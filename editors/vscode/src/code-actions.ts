// The light bulb: ask about the selection, explain it, fix a problem.

import * as vscode from 'vscode';

import { register } from './notices';
import { line } from './plain';
import type { ChatView } from './chat/view';
import { problemLine, range } from './prompt/context';

const ASK = vscode.CodeActionKind.RefactorRewrite.append('agentls');

export class CodeActions implements vscode.CodeActionProvider {
  static readonly kinds = [vscode.CodeActionKind.QuickFix, ASK];

  provideCodeActions(
    document: vscode.TextDocument,
    selected: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const fixes = context.diagnostics.slice(0, 5).map((problem) => {
      const fix = action(
        `Fix with agentls: ${line(problem.message, 60)}`,
        vscode.CodeActionKind.QuickFix,
        'agentls.fixProblem',
        document,
        problem.range,
        problem,
      );
      fix.diagnostics = [problem];
      return fix;
    });
    if (selected.isEmpty) return fixes;
    return [
      ...fixes,
      action('Ask agentls about this', ASK, 'agentls.ask', document, selected),
      action('Explain with agentls', ASK, 'agentls.explain', document, selected),
    ];
  }
}

function action(
  title: string,
  kind: vscode.CodeActionKind,
  command: string,
  document: vscode.TextDocument,
  selected: vscode.Range,
  problem?: vscode.Diagnostic,
) {
  const made = new vscode.CodeAction(title, kind);
  made.command = { title, command, arguments: [document.uri, selected, problem] };
  return made;
}

/** The commands behind the actions: they compose a prompt, and the person sends it. */
export function codeActionCommands(chat: ChatView): vscode.Disposable[] {
  const compose = (name: string, words: (uri: vscode.Uri, problem?: vscode.Diagnostic) => string) =>
    register(name, async (uri?: vscode.Uri, selected?: vscode.Range, problem?: vscode.Diagnostic) => {
      const editor = vscode.window.activeTextEditor;
      const document = uri ? await vscode.workspace.openTextDocument(uri) : editor?.document;
      const lines = selected ?? editor?.selection;
      if (!document || !lines) return;
      chat.attach([range(document, lines)]);
      await chat.focus();
      chat.compose(words(document.uri, problem));
    });
  return [
    compose('agentls.ask', () => ''),
    compose('agentls.explain', () => 'Explain this code: what it does, and why it does it so.'),
    compose('agentls.fixProblem', (uri, problem) =>
      problem ? `Fix this problem:\n${problemLine(uri, problem)}` : 'Fix the problems in this code.',
    ),
  ];
}
