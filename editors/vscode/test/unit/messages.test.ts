// Recorded streams as elements: what a person sees of them, and that nothing untouched is made anew.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import type { Host } from '../../src/webview/host';
import type { MessageList } from '../../src/webview/message-list';
import { Transcript } from '../../src/webview/transcript';
import { browser, keepingHost, page, updates } from '../support/recordings';

browser();
let List: typeof MessageList;
before(async () => {
  ({ MessageList: List } = await import('../../src/webview/message-list'));
});

function shown(name: 'edit' | 'refused' | 'command') {
  const host = keepingHost();
  const list = new List(host as unknown as Host);
  document.body.replaceChildren(list.element);
  const transcript = new Transcript(updates(name)[0]?.sessionId ?? '');
  return { list, transcript, host };
}

test('a streamed turn reads as it was stored', () => {
  const live = shown('edit');
  for (const update of updates('edit')) {
    const dirty = live.transcript.apply(update, 0);
    for (const id of dirty.messages) live.list.message(id, live.transcript);
    for (const id of dirty.parts) live.list.part(id, live.transcript);
  }
  const streamed = live.list.element.textContent?.replace(/Thought[^.]*(moment|characters\))/g, 'Thought');
  const stored = shown('edit');
  stored.transcript.show(page('edit'));
  stored.list.sync(stored.transcript);
  assert.equal(streamed, stored.list.element.textContent?.replace(/Thought[^.]*(moment|characters\))/g, 'Thought'));
  assert.match(streamed ?? '', /I replaced hello with goodbye in notes\.txt/);
});

test('a tool call is a card with name, title and status, folded', () => {
  const { list, transcript } = shown('edit');
  transcript.show(page('edit'));
  list.sync(transcript);
  const card = list.element.querySelector<HTMLDetailsElement>('.tool');
  assert.ok(card);
  assert.equal(card.open, false);
  assert.equal(card.dataset['status'], 'completed');
  const said = [...card.querySelectorAll('summary > span')].map((it) => it.textContent).filter(Boolean);
  assert.deepEqual(said, ['edit', 'notes.txt', 'done']);
  assert.equal(card.querySelector('.diff'), null, 'what is folded is not made');
  card.open = true;
  card.dispatchEvent(new window.Event('toggle'));
  assert.equal(card.querySelector('.diff .added')?.textContent, '+goodbye world');
});

test('a refused call says so', () => {
  const { list, transcript } = shown('refused');
  transcript.show(page('refused'));
  list.sync(transcript);
  const card = list.element.querySelector<HTMLDetailsElement>('.tool[data-status="error"]');
  assert.ok(card);
  card.open = true;
  card.dispatchEvent(new window.Event('toggle'));
  assert.match(card.querySelector('.problem')?.textContent ?? '', /refused/i);
});

test('more of an output is asked for with part/read', () => {
  const { list, transcript, host } = shown('command');
  const calls: unknown[] = [];
  host.call = ((method: string, params: unknown) => {
    calls.push([method, params]);
    return Promise.resolve({ text: 'whole', offset: 0, bytes: 5, eof: true });
  }) as never;
  const stored = page('command');
  for (const message of stored.messages) {
    for (const part of message.parts)
      if (part.type === 'tool' && part.output) part.output = { ...part.output, truncated: true, bytes: 10_000 };
  }
  transcript.show(stored);
  list.sync(transcript);
  const card = list.element.querySelector<HTMLDetailsElement>('.tool');
  assert.ok(card);
  card.open = true;
  card.dispatchEvent(new window.Event('toggle'));
  const button = card.querySelector<HTMLButtonElement>('.rest button');
  assert.match(button?.textContent ?? '', /Show more/);
  button?.click();
  const [[method, params]] = calls as [[string, { partId: string; offset: number }]];
  assert.equal(method, 'part/read');
  assert.equal(params.offset, 0);
  assert.match(params.partId, /^prt_/);
});

test('an update touches no element but that of its part', () => {
  const { list, transcript } = shown('command');
  const stream = updates('command');
  const last = stream.map(({ update }) => update.kind).lastIndexOf('partDelta');
  for (const update of stream.slice(0, last)) {
    const dirty = transcript.apply(update, 0);
    for (const id of dirty.messages) list.message(id, transcript);
    for (const id of dirty.parts) list.part(id, transcript);
  }
  const others = [...list.element.querySelectorAll('.part')]
    .slice(0, -1)
    .map((element) => [element, element.innerHTML] as const);
  const parent = list.element.querySelectorAll('.message');
  const dirty = transcript.apply(stream[last] as (typeof stream)[number], 0);
  for (const id of dirty.parts) list.part(id, transcript);
  assert.deepEqual([...list.element.querySelectorAll('.message')], [...parent]);
  for (const [element, html] of others) assert.equal(element.innerHTML, html);
});

test('what was read anew replaces what was on screen', () => {
  const { list, transcript } = shown('edit');
  const stored = page('edit');
  const running = structuredClone(stored);
  for (const part of running.messages.flatMap(({ parts }) => parts)) if (part.type === 'tool') part.status = 'running';
  transcript.show(running);
  list.show(transcript);
  const card = list.element.querySelector<HTMLElement>('.tool');
  assert.equal(card?.dataset['status'], 'running');
  transcript.show(stored);
  list.show(transcript);
  assert.equal(list.element.querySelector('.tool'), card, 'it is the same card');
  assert.equal(card?.dataset['status'], 'completed');
});
