// The questions that are open, above the prompt; a card is made once and goes when its question does.

import type { OpenQuestion } from '../../bridge';
import type { PermissionQuestion } from '../../protocol';
import { line } from '../../plain';
import { h } from '../dom';
import type { Host } from '../host';
import { PermissionCard } from './permission';
import { QuestionCard } from './question';
import { TrustCard, WORKSPACE } from './trust';

export class Asked {
  readonly element = h('div', { class: 'asked-list' });
  private readonly cards = new Map<string, HTMLElement>();
  /** Says to a screen reader that something is asked. */
  private readonly said = h('div', { class: 'for-screen-readers', 'aria-live': 'assertive' });

  constructor(private readonly host: Host) {
    this.element.append(this.said);
  }

  show(permissions: PermissionQuestion[], questions: OpenQuestion[]): void {
    const open = new Map<string, () => { element: HTMLElement }>([
      ...permissions.map((it) => [it.permissionId, () => this.card(it)] as const),
      ...questions.map((it) => [it.questionId, () => new QuestionCard(it, this.host)] as const),
    ]);
    for (const [id, card] of this.cards) {
      if (open.has(id)) continue;
      card.remove();
      this.cards.delete(id);
    }
    for (const [id, make] of open) {
      if (this.cards.has(id)) continue;
      const { element } = make();
      this.cards.set(id, element);
      this.element.append(element);
    }
    const first = permissions[0];
    this.said.textContent = first
      ? `Permission needed: ${line(first.title)}`
      : questions.length > 0
        ? 'The model asks you something.'
        : '';
  }

  private card(question: PermissionQuestion): { element: HTMLElement } {
    return question.tool === WORKSPACE ? new TrustCard(question, this.host) : new PermissionCard(question, this.host);
  }
}
