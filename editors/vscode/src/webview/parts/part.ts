// A part of a message on screen: an element that is made once and told of each new state of its part.

import type { Host } from '../host';
import type { Part } from '../../protocol';
import type { Seen } from '../transcript';

export interface PartContext {
  host: Host;
  showReasoning: boolean;
  /** Whether the message is still being written. */
  live: boolean;
  /** When reasoning began and ended, where that was seen. */
  thinking(partId: string): Seen | undefined;
}

export interface PartView {
  readonly element: HTMLElement;
  update(part: Part, context: PartContext): void;
}
