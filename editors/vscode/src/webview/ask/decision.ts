// The answers below a question: guarded for a moment, given once.

import { line } from '../../plain';
import type { PermissionAnswer, PermissionOption, PermissionQuestion } from '../../protocol';
import { h } from '../dom';
import type { Host } from '../host';
import { guard } from './guard';

export interface Deciding {
  /** How an answer looks that allows it this time. */
  once: 'primary' | 'secondary';
  /** What goes with an answer beside its name. */
  more?(option: PermissionOption): Omit<PermissionAnswer, 'optionId'>;
}

export class Decision {
  readonly element: HTMLElement;
  private readonly buttons: HTMLButtonElement[];

  constructor(
    private readonly question: PermissionQuestion,
    private readonly host: Host,
    private readonly deciding: Deciding,
  ) {
    this.buttons = question.options.map((option) =>
      h('button', {
        class: this.look(option),
        type: 'button',
        text: line(option.label, 80),
        onclick: () => this.answer(option),
      }),
    );
    this.element = h('div', { class: 'answers' }, ...this.buttons);
    guard(this.buttons);
  }

  answer(option: PermissionOption): void {
    for (const button of this.buttons) button.disabled = true;
    const answer: PermissionAnswer = { optionId: option.id, ...this.deciding.more?.(option) };
    this.host.post({ type: 'answerPermission', permissionId: this.question.permissionId, answer });
  }

  private look({ scope }: PermissionOption): string {
    return scope === 'once' ? this.deciding.once : scope === 'never' ? 'refuse' : 'secondary';
  }
}
