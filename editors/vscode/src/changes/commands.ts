// Commands of the review.

import * as vscode from 'vscode';

import type { ChangeNode, Review } from './review';

export function reviewCommands(review: Review): vscode.Disposable[] {
  const register = vscode.commands.registerCommand;
  const judge = (name: string, verdict: 'accepted' | 'rejected', of: (node?: ChangeNode) => ChangeNode | undefined) =>
    register(name, (node?: ChangeNode) => {
      const about = of(node);
      if (about) return review.judge(verdict, about);
      return void vscode.window.showInformationMessage('agentls: No hunk is chosen.');
    });
  const fileOf = (node?: ChangeNode) => {
    const about = node ?? review.current();
    return about && { file: about.file };
  };
  return [
    register('agentls.review.open', () => review.showAll()),
    register('agentls.review.show', (node: ChangeNode) => review.show(node)),
    register('agentls.review.next', () => review.go(1)),
    register('agentls.review.previous', () => review.go(-1)),
    judge('agentls.review.acceptHunk', 'accepted', (node) => node ?? review.current()),
    judge('agentls.review.rejectHunk', 'rejected', (node) => node ?? review.current()),
    judge('agentls.review.acceptFile', 'accepted', fileOf),
    judge('agentls.review.rejectFile', 'rejected', fileOf),
    register('agentls.review.acceptAll', () => review.judge('accepted')),
    register('agentls.review.rejectAll', () => review.judge('rejected')),
  ];
}
