// A Markdown text that grows: blocks that are complete are rendered once and never touched again, only the last one
// is rendered anew while it grows. What would be too much for one painting is shown plain, and on demand.

import { visible } from '../plain';
import { h } from './dom';
import { blockStarts, renderMarkdown } from './markdown';

/** A block above this is shown as plain text: rendering it again and again would cost frames. */
const LONGEST_BLOCK = 24 * 1024;
/** So much of a text is shown at first. */
const SHOWN_AT_FIRST = 96 * 1024;
/** So much is rendered in one go; the rest follows in the next frames. */
const SLICE = 12 * 1024;

export class GrowingText {
  readonly element = h('div', { class: 'markdown', dir: 'auto' });
  private text = '';
  /** Up to here the text is rendered for good. */
  private settled = 0;
  private readonly tail = h('div', { class: 'tail' });
  private limit = SHOWN_AT_FIRST;
  private readonly more = h('button', { class: 'link', type: 'button', onclick: () => this.showMore() });
  private continuing = false;

  constructor() {
    this.element.append(this.tail);
  }

  /** The text as it is now; usually the old one and something behind it. */
  set(text: string): void {
    if (text === this.text) return;
    if (!text.startsWith(this.text.slice(0, this.settled))) this.clear();
    this.text = text;
    this.render();
  }

  private clear(): void {
    this.settled = 0;
    this.element.replaceChildren(this.tail);
  }

  private render(): void {
    const shown = this.text.slice(this.settled, Math.min(this.limit, this.settled + SLICE + LONGEST_BLOCK));
    const cut = lastBlockWithin(shown);
    if (cut > 0) {
      this.settle(shown.slice(0, cut));
      if (this.settled < Math.min(this.text.length, this.limit) && shown.length > SLICE) return this.continueLater();
    }
    this.renderTail(this.text.slice(this.settled, this.limit));
    this.renderMore();
  }

  private settle(text: string): void {
    this.settled += text.length;
    this.tail.before(text.length > LONGEST_BLOCK ? plain(text) : renderMarkdown(text));
  }

  /** A long text that is there at once must not hold up the page. */
  private continueLater(): void {
    this.tail.replaceChildren();
    if (this.continuing) return;
    this.continuing = true;
    requestAnimationFrame(() => {
      this.continuing = false;
      this.render();
    });
  }

  private renderTail(text: string): void {
    if (text.length > LONGEST_BLOCK) this.tail.replaceChildren(plain(text));
    else this.tail.replaceChildren(text.trim() === '' ? '' : renderMarkdown(text));
  }

  private renderMore(): void {
    const hidden = this.text.length - this.limit;
    if (hidden <= 0) return this.more.remove();
    this.more.textContent = `Show more (${hidden.toLocaleString('en')} characters)`;
    if (this.element.lastChild !== this.more) this.element.append(this.more);
  }

  private showMore(): void {
    this.limit += SHOWN_AT_FIRST;
    this.render();
  }
}

/** Where the last block begins that may still grow: what is before it is complete. */
function lastBlockWithin(text: string): number {
  if (text.length > LONGEST_BLOCK + SLICE - 1) return cutAnywhere(text);
  return blockStarts(text).at(-1) ?? 0;
}

/** In a text that is too long to wait for its end: at the last block, else at a line, else anywhere. */
function cutAnywhere(text: string): number {
  const block = blockStarts(text).at(-1) ?? 0;
  if (block > 0) return block;
  const line = text.lastIndexOf('\n') + 1;
  return line > 0 ? line : text.length;
}

function plain(text: string): HTMLElement {
  return h('pre', { class: 'plain', text: visible(text) });
}
