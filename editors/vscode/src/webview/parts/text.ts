// Text by the model as Markdown, and text by the person as it was written.

import { visible } from '../../plain';
import type { Part } from '../../protocol';
import { h } from '../dom';
import { GrowingText } from '../growing';
import type { PartContext, PartView } from './part';
import { Rest } from './rest';

/** Above this a text is shown from its beginning; the rest on demand. */
const READ_AT_ONCE = 64 * 1024;

export class TextView implements PartView {
  readonly element = h('div', { class: 'part text' });
  private readonly growing = new GrowingText();
  private rest: Rest | undefined;

  update(part: Part, { host }: PartContext): void {
    if (part.type !== 'text') return;
    if (!part.text.truncated && !this.rest) {
      if (!this.growing.element.isConnected) this.element.replaceChildren(this.growing.element);
      return this.growing.set(part.text.text);
    }
    const first = !this.rest;
    this.rest ??= new Rest(host, part.id, 'text', (text) => this.growing.set(text));
    if (first) this.element.replaceChildren(this.growing.element, this.rest.element);
    this.rest.set(part.text);
    if (first && part.text.bytes <= READ_AT_ONCE) void this.rest.more();
  }
}

export class PromptView implements PartView {
  readonly element = h('div', { class: 'part prompt', dir: 'auto' });
  private rest: Rest | undefined;
  private readonly words = h('div', { class: 'words' });

  update(part: Part, { host }: PartContext): void {
    if (part.type !== 'text') return;
    this.rest ??= new Rest(host, part.id, 'text', (text) => (this.words.textContent = visible(text)));
    if (!this.words.isConnected) this.element.replaceChildren(this.words, this.rest.element);
    this.rest.set(part.text);
  }
}
