// A question for permission as a card: exactly what will happen, split into its parts, and the answers.
//
// The card never takes the focus, and its buttons are guarded for a moment.

import { line, visible } from '../../plain';
import type { PermissionAnswer, PermissionOption, PermissionQuestion } from '../../protocol';
import { h, icon, iconButton } from '../dom';
import type { Host } from '../host';
import { diffElement } from '../parts/diff';
import { pathIn, toolIcon } from '../parts/tool-title';
import { guard } from './guard';

export class PermissionCard {
  readonly element: HTMLElement;
  private readonly ticks = new Map<string, HTMLInputElement>();
  private readonly feedback = h('input', {
    class: 'feedback',
    type: 'text',
    placeholder: 'Or say what to do instead, and refuse',
    'aria-label': 'What to do instead',
    maxLength: 4_000,
  });
  private readonly buttons: HTMLButtonElement[];

  constructor(
    private readonly question: PermissionQuestion,
    private readonly host: Host,
  ) {
    this.buttons = question.options.map((option) => this.button(option));
    this.element = h(
      'section',
      { class: 'card permission', 'aria-label': `Permission needed: ${line(question.title)}`, tabindex: -1 },
      h('header', {}, icon(toolIcon(question.tool)), h('strong', { text: this.heading() })),
      question.tool === 'bash' ? h('pre', { class: 'command', text: visible(question.title), dir: 'ltr' }) : '',
      h('div', { class: 'reason', text: `Asked because: ${line(question.reason, 400)}` }),
      this.sandbox(),
      this.path(),
      this.items(),
      this.diff(),
      h('div', { class: 'decision' }, h('div', { class: 'answers' }, ...this.buttons), this.feedback),
    );
    this.feedback.addEventListener('keydown', (event) => this.refuseOnEnter(event));
    guard(this.buttons);
  }

  private heading(): string {
    return this.question.tool === 'bash' ? 'Run this command?' : `${line(this.question.title, 300)}?`;
  }

  /** What the operating system enforces whatever is answered. */
  private sandbox(): HTMLElement | '' {
    const { sandbox } = this.question;
    if (!sandbox) return '';
    return h('div', { class: 'sandbox' }, icon('lock'), h('span', { text: line(sandbox, 400) }));
  }

  private path(): HTMLElement | '' {
    const { path } = this.question;
    if (!path) return '';
    return h(
      'div',
      { class: 'warning' },
      icon('warning'),
      h('span', { text: `${visible(path.link)} leads to ${visible(path.target)}` }),
    );
  }

  /** With several parts, each can be left out of what is allowed for longer. */
  private items(): HTMLElement | '' {
    const { items } = this.question;
    if (items.length === 0 || (items.length === 1 && items[0]?.label === this.question.title)) return '';
    const rows = items.map(({ label, rule }) => {
      const tick = h('input', { type: 'checkbox', checked: true, disabled: rule === '' });
      if (rule !== '') this.ticks.set(rule, tick);
      const remembered = rule === '' ? 'only once' : `remembered as ${visible(rule)}`;
      return h(
        'label',
        { class: 'item' },
        tick,
        h('code', { text: visible(label), dir: 'ltr' }),
        h('span', { class: 'rule', text: remembered }),
      );
    });
    return h('div', { class: 'items', role: 'group', 'aria-label': 'Its parts' }, ...rows);
  }

  private diff(): HTMLElement | '' {
    const { diff, permissionId } = this.question;
    if (!diff) return '';
    const path = pathIn(diff) ?? '';
    const open = () => this.host.post({ type: 'openDiff', partId: permissionId, diff, path, proposed: true });
    return h(
      'div',
      { class: 'with-tools' },
      h('div', { class: 'piece-tools' }, iconButton('diff', 'Open as a diff in the editor', open)),
      diffElement(diff),
    );
  }

  private button(option: PermissionOption): HTMLButtonElement {
    const kind = option.scope === 'once' ? 'primary' : option.scope === 'never' ? 'refuse' : 'secondary';
    return h('button', {
      class: kind,
      type: 'button',
      text: line(option.label, 80),
      onclick: () => this.answer(option),
    });
  }

  private answer({ id, scope }: PermissionOption): void {
    const feedback = this.feedback.value.trim();
    const ticked = [...this.ticks].filter(([, tick]) => tick.checked).map(([rule]) => rule);
    const answer: PermissionAnswer = { optionId: id };
    if (scope === 'never' && feedback !== '') answer.feedback = feedback;
    if ((scope === 'session' || scope === 'project') && ticked.length < this.ticks.size) answer.items = ticked;
    for (const button of this.buttons) button.disabled = true;
    this.host.post({ type: 'answerPermission', permissionId: this.question.permissionId, answer });
  }

  private refuseOnEnter(event: KeyboardEvent): void {
    const refuse = this.question.options.find(({ scope }) => scope === 'never');
    if (event.key !== 'Enter' || event.isComposing || this.feedback.value.trim() === '' || !refuse) return;
    event.preventDefault();
    this.answer(refuse);
  }
}
