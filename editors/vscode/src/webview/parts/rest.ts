// A body that came with its beginning only: the rest is read on demand, piece by piece.

import { size } from '../../figures';
import type { Body } from '../../protocol';
import { h } from '../dom';
import type { Host } from '../host';

const PIECE = 64 * 1024;

export class Rest {
  readonly element = h('div', { class: 'rest' });
  private read: { text: string; bytes: number } | undefined;
  private reading = false;

  constructor(
    private readonly host: Host,
    private readonly partId: string,
    private readonly field: string,
    private readonly show: (text: string) => void,
  ) {}

  /** The body as it is known now. */
  set(body: Body): void {
    if (this.read && this.read.bytes >= body.bytes) return;
    this.show(this.read && this.read.text.length > body.text.length ? this.read.text : body.text);
    this.offer(body.truncated ? body.bytes : 0);
  }

  /** Reads the next piece; the whole text up to there is shown. */
  async more(): Promise<void> {
    if (this.reading) return;
    this.reading = true;
    try {
      const range = await this.host.call('part/read', {
        partId: this.partId,
        field: this.field,
        offset: this.read?.bytes ?? 0,
        limit: PIECE,
      });
      const text = range.text ?? `(${size(range.bytes)} that are no text)`;
      const bytes = range.offset + (range.text == null ? range.bytes : new TextEncoder().encode(text).length);
      this.read = { text: (this.read?.text ?? '') + text, bytes };
      this.show(this.read.text);
      this.offer(range.eof ? 0 : range.bytes, bytes);
    } catch (problem) {
      this.element.replaceChildren(h('span', { class: 'problem', text: String((problem as Error).message) }));
    } finally {
      this.reading = false;
    }
  }

  private offer(whole: number, read = 0): void {
    const label = `Show more (${size(Math.max(0, whole - read))} of ${size(whole)})`;
    this.element.replaceChildren(
      ...(whole > 0
        ? [h('button', { class: 'link', type: 'button', text: label, onclick: () => void this.more() })]
        : []),
    );
  }
}
