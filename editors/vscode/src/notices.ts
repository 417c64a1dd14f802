// Notices of the editor. It makes a link of what looks like one in them, to a command of its own too, so nothing that was
// written elsewhere gets there as it is.

import * as vscode from 'vscode';

import { line, linkless } from './plain';
import { failureOf, inWords } from './server/failure';

const LONGEST = 1_000;
type Kind = 'error' | 'warning' | 'information';

/** Says it; the button that was pressed. */
export function notice(kind: Kind, words: string, ...buttons: string[]): Thenable<string | undefined> {
  const said = `agentls: ${linkless(line(words, LONGEST))}`;
  switch (kind) {
    case 'error':
      return vscode.window.showErrorMessage(said, ...buttons);
    case 'warning':
      return vscode.window.showWarningMessage(said, ...buttons);
    case 'information':
      return vscode.window.showInformationMessage(said, ...buttons);
  }
}

export function tellFailure(error: unknown): void {
  void notice('error', inWords(failureOf(error)));
}

/** A command; when it fails, the person is told why and what helps. */
export function register(name: string, run: (...args: never[]) => unknown): vscode.Disposable {
  return vscode.commands.registerCommand(name, async (...args: never[]) => {
    try {
      return await run(...args);
    } catch (error) {
      return tellFailure(error);
    }
  });
}
