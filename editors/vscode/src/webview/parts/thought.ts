// How long the model thought, in words. Pure.

import { count, duration } from '../../figures';
import type { Part } from '../../protocol';
import type { Seen } from '../transcript';

/** When reasoning began and ended, as the server tells it. */
export function told(part: Part): Seen | undefined {
  if (part.type !== 'reasoning' || part.startedAt == null || part.endedAt == null) return undefined;
  return { from: part.startedAt, to: part.endedAt };
}

/** “Thinking…”, “Thought for 12 s”, or how much was thought where nobody saw how long. */
export function thought(seen: Seen | undefined, live: boolean, bytes: number): string {
  if (seen?.to !== undefined) {
    const millis = seen.to - seen.from;
    return millis < 1_000 ? 'Thought for a moment' : `Thought for ${duration(millis)}`;
  }
  if (live) return 'Thinking…';
  return `Thought (${count(bytes)} characters)`;
}
