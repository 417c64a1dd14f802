// Answering from the keyboard, by chords that nobody hits by accident; and a notice where the question is not on screen.

import * as vscode from 'vscode';

import type { ChatView } from '../chat/view';
import type { ShownSession } from '../chat/shown';
import { notice, register } from '../notices';
import { line } from '../plain';
import type { Server } from '../server/server';
import { showApprovals } from './approvals';
import type { OpenQuestions } from './open';

export function questionCommands(
  server: Server,
  questions: OpenQuestions,
  shown: ShownSession,
  chat: ChatView,
): vscode.Disposable[] {
  const answer = (scope: 'once' | 'never') => () => {
    const [question] = questions.permissions(shown.current?.id);
    const option = question?.options.find((it) => it.scope === scope);
    if (question && option) questions.answerPermission(question.permissionId, { optionId: option.id });
  };
  return [
    register('agentls.permission.allowOnce', answer('once')),
    register('agentls.permission.refuse', answer('never')),
    register('agentls.approvals', () => showApprovals(server, shown)),
    register('agentls.showAsked', () => showAsked(questions, shown, chat)),
    questions.onChange(({ asked }) => {
      const onScreen = questions.permissions(shown.current?.id).length > 0;
      void vscode.commands.executeCommand('setContext', 'agentls.permissionOpen', onScreen);
      if (asked && !(asked === shown.current?.id && chat.visible)) void notify(questions, shown, chat, asked);
    }),
  ];
}

/** Brings a session that needs the person to the front. */
async function showAsked(
  questions: OpenQuestions,
  shown: ShownSession,
  chat: ChatView,
  sessionId?: string,
): Promise<void> {
  const open = questions.sessions();
  const wanted = sessionId ?? (shown.current && open.has(shown.current.id) ? shown.current.id : [...open][0]);
  if (wanted && wanted !== shown.current?.id) await shown.show(wanted);
  await chat.focus();
}

/** The notice has no button that allows: what is asked has to be seen whole. */
async function notify(questions: OpenQuestions, shown: ShownSession, chat: ChatView, sessionId: string): Promise<void> {
  if (!vscode.workspace.getConfiguration('agentls').get('notifyWhenNeeded', true)) return;
  const [permission] = questions.permissions(sessionId);
  const show = 'Show';
  const words = permission ? `you are needed: ${line(permission.title, 120)}` : 'the model has a question for you.';
  if ((await notice('warning', words, show)) === show) await showAsked(questions, shown, chat, sessionId);
}
