// The next request, as it would be sent: address, headers, body; what of it the provider may find in its cache.

import { count, percent, size } from '../../figures';
import { line, visible } from '../../plain';
import type { NextRequest } from '../../protocol';
import { h } from '../dom';

const MOST_CHARACTERS = 200_000;

const FIRST: Record<NonNullable<NextRequest['first']>, string> = {
  prune: 'Before it is sent, old outputs become evidence.',
  compaction: 'Before it is sent, the history is summarised.',
  window: 'Before it is sent, the beginning of the history is left out.',
};

export function nextRequest(next: NextRequest): HTMLElement {
  const { forecast, threading } = next;
  const headers = Object.entries(next.headers).map(([name, value]) => `${name}: ${value}`);
  const notes = [...(next.first ? [FIRST[next.first]] : []), ...next.notes];
  return h(
    'section',
    { class: 'next-request', 'aria-label': 'The next request' },
    h('p', {
      text: `${size(next.bytes)}, ${line(threading.mode, 20)} (${line(threading.reason, 80)}); of ${count(forecast.tokens)} tokens ${percent(forecast.cachedTokens, forecast.tokens)} were sent before.`,
    }),
    ...notes.map((note) => h('p', { class: 'note', text: line(note, 400) })),
    h('pre', { class: 'head', text: visible([`${next.method} ${next.url}`, ...headers].join('\n')), dir: 'ltr' }),
    h('pre', { class: 'body', text: visible(pretty(next.body)), dir: 'ltr', tabindex: 0, 'aria-label': 'Body' }),
  );
}

/** Indented where it is JSON; the bytes that are sent have no such spaces. */
function pretty(body: string): string {
  let text = body;
  try {
    text = JSON.stringify(JSON.parse(body), null, 2);
  } catch {
    text = body;
  }
  return text.length > MOST_CHARACTERS
    ? `${text.slice(0, MOST_CHARACTERS)}\n… (+${text.length - MOST_CHARACTERS} characters)`
    : text;
}
