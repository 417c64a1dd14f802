// Prompts that were sent and whose turn has not ended: which of them the session has, and which come back to be sent
// again because the server went away before it took them. Pure.

import type { Body, Message, QueuedPrompt } from '../protocol';
import type { Draft } from './compose/draft';

interface Sent {
  draft: Draft;
  /** The newest message at that time: the prompt's own comes after it. */
  after: number;
}

/** What is on screen of the session. */
export interface OnScreen {
  messages: Message[];
  queue: QueuedPrompt[];
}

export class SentPrompts {
  private readonly open = new Map<string, Sent>();
  private returned: Sent | undefined;

  sent(clientId: string, draft: Draft, seen: OnScreen | undefined): void {
    this.open.set(clientId, { draft, after: seen?.messages.at(-1)?.seq ?? 0 });
  }

  /** It is taken back: that its prompt ends now is no failure. */
  withdrawn(text: string): void {
    for (const [clientId, { draft }] of this.open) if (draft.text === text) this.open.delete(clientId);
  }

  /** Its turn has ended; whether anybody still waits for that. */
  ended(clientId: string): boolean {
    return this.open.delete(clientId);
  }

  /** Its turn has failed; what comes back when the session does not have it. */
  failed(clientId: string, seen: OnScreen | undefined): Draft | undefined {
    const sent = this.open.get(clientId);
    if (!sent || isTaken(sent, seen)) return undefined;
    this.returned = sent;
    return sent.draft;
  }

  /** The session was read anew: what came back although it has it. */
  takenAfterAll(seen: OnScreen): Draft | undefined {
    const { returned } = this;
    this.returned = undefined;
    return returned && isTaken(returned, seen) ? returned.draft : undefined;
  }
}

function isTaken({ draft: { text }, after }: Sent, seen: OnScreen | undefined): boolean {
  if (!seen) return false;
  const asked = seen.messages.filter(({ role, seq }) => role === 'user' && seq > after);
  const says = ({ parts }: Message) => parts.some((part) => part.type === 'text' && isBody(part.text, text));
  const taken = text === '' ? asked.length > 0 : asked.some(says);
  return taken || seen.queue.some((prompt) => prompt.text === text);
}

/** Of a long text the body may be the beginning only. */
function isBody(body: Body, text: string): boolean {
  return body.truncated ? text.startsWith(body.text) : text === body.text;
}
