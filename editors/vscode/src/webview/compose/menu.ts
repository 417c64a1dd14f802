// The list of offers while `@` or `/` is typed.

import type { Completion } from '../../bridge';
import { line } from '../../plain';
import { h } from '../dom';

export class Menu {
  readonly element = h('div', { class: 'menu', role: 'listbox', id: 'offers', hidden: true, 'aria-label': 'Offers' });
  private offers: Completion[] = [];
  private at = 0;

  constructor(
    private readonly take: (offer: Completion) => void,
    /** Hears which offer is active; an empty id when there is none. */
    private readonly active: (id: string) => void,
  ) {}

  get open(): boolean {
    return !this.element.hidden;
  }

  show(offers: Completion[]): void {
    this.offers = offers;
    this.at = 0;
    this.element.hidden = offers.length === 0;
    this.render();
  }

  close(): void {
    this.show([]);
  }

  /** Whether the key was for the menu. */
  key(key: string): boolean {
    if (!this.open) return false;
    if (key === 'Escape') this.close();
    else if (key === 'Enter' || key === 'Tab') this.takeAt(this.at);
    else if (key === 'ArrowDown' || key === 'ArrowUp') this.move(key === 'ArrowDown' ? 1 : -1);
    else return false;
    return true;
  }

  private move(by: number): void {
    this.at = (this.at + by + this.offers.length) % this.offers.length;
    this.render();
    this.element.children[this.at]?.scrollIntoView({ block: 'nearest' });
  }

  private takeAt(at: number): void {
    const offer = this.offers[at];
    this.close();
    if (offer) this.take(offer);
  }

  private render(): void {
    const rows = this.offers.map(({ label, detail }, index) =>
      h(
        'div',
        {
          role: 'option',
          id: `offer-${index}`,
          class: index === this.at ? 'offer active' : 'offer',
          'aria-selected': index === this.at ? 'true' : 'false',
          onmousedown: (event: MouseEvent) => {
            event.preventDefault();
            this.takeAt(index);
          },
        },
        h('span', { class: 'offer-label', text: line(label, 120) }),
        h('span', { class: 'offer-detail', text: line(detail, 80) }),
      ),
    );
    this.element.replaceChildren(...rows);
    this.active(this.open ? `offer-${this.at}` : '');
  }
}
