// What is behind a piece: the digest that the model sees once it is compacted, and the whole that stays stored.

import { size } from '../../figures';
import { visible } from '../../plain';
import { h } from '../dom';
import type { Host } from '../host';

const FIRST_BYTES = 16 * 1024;

export function behind(host: Host, partId: string, field: string): HTMLElement {
  const element = h('div', { class: 'behind' }, h('span', { class: 'note', text: 'Reading…' }));
  void fill(element, host, partId, field);
  return element;
}

async function fill(element: HTMLElement, host: Host, partId: string, field: string): Promise<void> {
  const pieces: HTMLElement[] = [];
  if (field === 'output') pieces.push(await digest(host, partId));
  pieces.push(await whole(host, partId, field));
  element.replaceChildren(...pieces);
}

async function digest(host: Host, partId: string): Promise<HTMLElement> {
  try {
    const { text, source } = await host.call('part/evidence', { partId });
    const words = source === 'notCompacted' ? 'What would stay of it' : 'What the model sees of it';
    return h('div', {}, h('h2', { text: words }), h('pre', { text: visible(text), dir: 'ltr' }));
  } catch (problem) {
    return h('div', { class: 'note', text: (problem as Error).message });
  }
}

async function whole(host: Host, partId: string, field: string): Promise<HTMLElement> {
  try {
    const { text, bytes, eof } = await host.call('part/read', { partId, field, limit: FIRST_BYTES });
    const open = () => host.post({ type: 'openText', partId, title: partId, field });
    return h(
      'div',
      {},
      h('h2', { text: `The whole (${size(bytes)})` }),
      h('pre', { text: text == null ? '(no text)' : visible(text), dir: 'ltr' }),
      eof ? '' : h('button', { class: 'link', type: 'button', text: 'Open all of it', onclick: open }),
    );
  } catch (problem) {
    return h('div', { class: 'note', text: (problem as Error).message });
  }
}
