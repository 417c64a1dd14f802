// The question whether a workspace is trusted, as a card: where it is, what trusting lets happen, and two answers.
// It has no short cut and no answer that looks like the usual one.

import { line, visible } from '../../plain';
import type { PermissionOption, PermissionQuestion } from '../../protocol';
import { h, icon } from '../dom';
import type { Host } from '../host';
import { guard } from './guard';

/** The name that stands for the tool in this question. */
export const WORKSPACE = 'workspace';

export class TrustCard {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];

  constructor(
    private readonly question: PermissionQuestion,
    private readonly host: Host,
  ) {
    this.buttons = question.options.map((option) => this.button(option));
    this.element = h(
      'section',
      { class: 'card permission trust', 'aria-label': line(question.title), tabindex: -1 },
      h('header', {}, icon('shield'), h('strong', { text: visible(question.title) })),
      h('div', { class: 'reason', text: line(question.reason, 400) }),
      this.enabled(),
      h('div', { class: 'decision' }, h('div', { class: 'answers' }, ...this.buttons)),
    );
    guard(this.buttons);
  }

  private enabled(): HTMLElement {
    const rows = this.question.items.map(({ label }) => h('li', { text: visible(label) }));
    return h(
      'div',
      { class: 'enabled' },
      h('div', { text: 'What trusting lets happen:' }),
      h('ul', { class: 'items', 'aria-label': 'What trusting lets happen' }, ...rows),
    );
  }

  private button({ id, label, scope }: PermissionOption): HTMLButtonElement {
    return h('button', {
      class: scope === 'never' ? 'refuse' : 'secondary',
      type: 'button',
      text: line(label, 80),
      onclick: () => this.answer(id),
    });
  }

  private answer(optionId: string): void {
    for (const button of this.buttons) button.disabled = true;
    const { permissionId } = this.question;
    this.host.post({ type: 'answerPermission', permissionId, answer: { optionId } });
  }
}
