// The question whether a workspace is trusted, as a card: where it is, what trusting lets happen, and two answers.
// It has no short cut and no answer that looks like the usual one.

import { line, visible } from '../../plain';
import type { PermissionQuestion } from '../../protocol';
import { h, icon } from '../dom';
import type { Host } from '../host';
import { Decision } from './decision';

/** The name that stands for the tool in this question. */
export const WORKSPACE = 'workspace';

export class TrustCard {
  readonly element: HTMLElement;

  constructor(question: PermissionQuestion, host: Host) {
    this.element = h(
      'section',
      { class: 'card permission trust', 'aria-label': line(question.title), tabindex: -1 },
      h('header', {}, icon('shield'), h('strong', { text: visible(question.title) })),
      h('div', { class: 'reason', text: line(question.reason, 400) }),
      enabled(question),
      h('div', { class: 'decision' }, new Decision(question, host, { once: 'secondary' }).element),
    );
  }
}

function enabled({ items }: PermissionQuestion): HTMLElement {
  const rows = items.map(({ label }) => h('li', { text: visible(label) }));
  return h(
    'div',
    { class: 'enabled' },
    h('div', { text: 'What trusting lets happen:' }),
    h('ul', { class: 'items', 'aria-label': 'What trusting lets happen' }, ...rows),
  );
}
