// A question for permission as a card: exactly what will happen, split into its parts, and the answers.
//
// The card never takes the focus, and its buttons are guarded for a moment.

import { line, visible } from '../../plain';
import type { PermissionAnswer, PermissionOption, PermissionQuestion } from '../../protocol';
import { h, icon, iconButton } from '../dom';
import type { Host } from '../host';
import { diffElement } from '../parts/diff';
import { pathIn, toolIcon } from '../parts/tool-title';
import { Decision } from './decision';

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
  private readonly decision: Decision;

  constructor(
    private readonly question: PermissionQuestion,
    private readonly host: Host,
  ) {
    this.decision = new Decision(question, host, { once: 'primary', more: (option) => this.more(option) });
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
      h('div', { class: 'decision' }, this.decision.element, this.feedback),
    );
    this.feedback.addEventListener('keydown', (event) => this.refuseOnEnter(event));
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

  /** What was written goes with a refusal, what was ticked with what is allowed for longer. */
  private more({ scope }: PermissionOption): Omit<PermissionAnswer, 'optionId'> {
    const feedback = this.feedback.value.trim();
    if (scope === 'never') return feedback === '' ? {} : { feedback };
    const ticked = [...this.ticks].filter(([, tick]) => tick.checked).map(([rule]) => rule);
    return scope !== 'once' && ticked.length < this.ticks.size ? { items: ticked } : {};
  }

  private refuseOnEnter(event: KeyboardEvent): void {
    const refuse = this.question.options.find(({ scope }) => scope === 'never');
    if (event.key !== 'Enter' || event.isComposing || this.feedback.value.trim() === '' || !refuse) return;
    event.preventDefault();
    this.decision.answer(refuse);
  }
}
