// Which view a part has.

import type { Part, Role } from '../../protocol';
import type { PartContext, PartView } from './part';
import { ReasoningView } from './reasoning';
import { SmallView } from './small';
import { PromptView, TextView } from './text';
import { ToolView } from './tool';

/** The view of a part; nothing for those that only mark a place. */
export function makeView(part: Part, role: Role, context: PartContext): PartView | undefined {
  switch (part.type) {
    case 'text':
      return role === 'user' ? new PromptView() : new TextView();
    case 'reasoning':
      return new ReasoningView(context.showReasoning);
    case 'tool':
      return new ToolView();
    case 'stepStart':
    case 'stepFinish':
      return undefined;
    default:
      return new SmallView();
  }
}
