// The questions of the server that wait for the person: permissions, and what the model asks. A question that the
// server withdraws (its turn ended) disappears.

import * as vscode from 'vscode';

import type { OpenQuestion } from '../bridge';
import type { PermissionAnswer, PermissionQuestion, QuestionAnswers } from '../protocol';
import type { Server } from '../server/server';

interface Waiting<Q, A> {
  question: Q;
  answer(answer: A): void;
}

export class OpenQuestions implements vscode.Disposable {
  private readonly permissionsById = new Map<string, Waiting<PermissionQuestion, PermissionAnswer>>();
  private readonly questionsById = new Map<string, Waiting<OpenQuestion, string[] | null>>();
  private readonly changed = new vscode.EventEmitter<{ asked?: string }>();
  private asked = 0;

  /** Something was asked (of the session named), answered or withdrawn. */
  readonly onChange = this.changed.event;

  constructor(server: Server) {
    server.answer('session/requestPermission', (question, token) =>
      this.wait(this.permissionsById, question.permissionId, question.sessionId, question, token),
    );
    server.answer('session/askQuestion', async ({ sessionId, questions }, token): Promise<QuestionAnswers> => {
      this.asked += 1;
      const question: OpenQuestion = { questionId: `question-${this.asked}`, sessionId, questions };
      const answers = await this.wait(this.questionsById, question.questionId, sessionId, question, token);
      if (answers === null) throw new Error('The person did not answer.');
      return { answers };
    });
    server.onChange(({ state }) => state !== 'running' && this.withdrawAll());
  }

  permissions(sessionId?: string): PermissionQuestion[] {
    return [...this.permissionsById.values()]
      .map(({ question }) => question)
      .filter((question) => sessionId === undefined || question.sessionId === sessionId);
  }

  questions(sessionId: string): OpenQuestion[] {
    return [...this.questionsById.values()].map(({ question }) => question).filter((it) => it.sessionId === sessionId);
  }

  /** The sessions that need the person. */
  sessions(): Set<string> {
    const waiting = [...this.permissionsById.values(), ...this.questionsById.values()];
    return new Set(waiting.map(({ question }) => question.sessionId));
  }

  answerPermission(permissionId: string, answer: PermissionAnswer): void {
    this.permissionsById.get(permissionId)?.answer(answer);
  }

  answerQuestion(questionId: string, answers: string[] | null): void {
    this.questionsById.get(questionId)?.answer(answers);
  }

  dispose(): void {
    this.changed.dispose();
  }

  private wait<Q, A>(
    open: Map<string, Waiting<Q, A>>,
    id: string,
    sessionId: string,
    question: Q,
    token: vscode.CancellationToken,
  ): Promise<A> {
    return new Promise((resolve, reject) => {
      const close = () => {
        withdrawn.dispose();
        if (open.delete(id)) this.changed.fire({});
      };
      const withdrawn = token.onCancellationRequested(() => {
        close();
        reject(new vscode.CancellationError());
      });
      open.set(id, {
        question,
        answer: (answer) => {
          close();
          resolve(answer);
        },
      });
      this.changed.fire({ asked: sessionId });
    });
  }

  /** The server is gone: nobody waits for an answer. */
  private withdrawAll(): void {
    if (this.permissionsById.size + this.questionsById.size === 0) return;
    this.permissionsById.clear();
    this.questionsById.clear();
    this.changed.fire({});
  }
}
