// The model's reasoning, folded: what is shown is how long it thought.

import type { Part } from '../../protocol';
import { h, icon } from '../dom';
import { GrowingText } from '../growing';
import type { PartContext, PartView } from './part';
import { Rest } from './rest';
import { thought, told } from './thought';

export class ReasoningView implements PartView {
  readonly element = h('details', { class: 'part reasoning' });
  private readonly label = h('span', { class: 'label' });
  private readonly growing = new GrowingText();
  private rest: Rest | undefined;
  private pending: (() => void) | undefined;

  constructor(open: boolean) {
    this.element.append(h('summary', {}, icon('lightbulb'), this.label), this.growing.element);
    this.element.open = open;
    this.element.addEventListener('toggle', () => this.element.open && this.pending?.());
  }

  update(part: Part, { host, live, thinking }: PartContext): void {
    if (part.type !== 'reasoning') return;
    this.label.textContent = thought(told(part) ?? thinking(part.id), live, part.text.bytes);
    this.element.hidden = part.text.bytes === 0 && !live;
    const show = () => {
      if (!part.text.truncated && !this.rest) return this.growing.set(part.text.text);
      this.rest ??= new Rest(host, part.id, 'text', (text) => this.growing.set(text));
      this.element.append(this.rest.element);
      this.rest.set(part.text);
    };
    // What is folded costs nothing.
    this.pending = show;
    if (this.element.open) show();
  }
}
