// How a session is described in lists. Pure.

import { age, cost, count } from '../figures';
import { line } from '../plain';
import type { Session, Usage } from '../protocol';

/** What a list tells apart. */
export type State = 'running' | 'needsYou' | 'failed' | 'done' | 'archived';

export function stateOf(session: Session, needsYou: boolean): State {
  if (needsYou || session.status === 'waiting') return 'needsYou';
  if (session.status !== 'idle') return 'running';
  if (session.lastTurn?.error) return 'failed';
  return session.archivedAt == null ? 'done' : 'archived';
}

export const STATE_WORDS: Record<State, string> = {
  running: 'running',
  needsYou: 'needs you',
  failed: 'failed',
  done: 'done',
  archived: 'archived',
};

/** All tokens that were consumed. */
export function tokens(usage: Usage): number {
  return (
    (usage.input ?? 0) + (usage.output ?? 0) + (usage.reasoning ?? 0) + (usage.cacheRead ?? 0) + (usage.cacheWrite ?? 0)
  );
}

export function titleOf(session: Session): string {
  return line(session.title, 120) || 'Untitled';
}

/** Behind the title: age, tokens, cost. */
export function describe(session: Session, state: State, now: number): string {
  const consumed = tokens(session.usage);
  const pieces = [
    state === 'done' || state === 'archived' ? '' : STATE_WORDS[state],
    age(session.updatedAt, now),
    consumed > 0 ? `${count(consumed)} tokens` : '',
    cost(session.usage.costUsd ?? 0),
  ];
  return pieces.filter(Boolean).join(' · ');
}
