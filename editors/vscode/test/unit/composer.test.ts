// What is written and not sent, and what was sent and not taken.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Message } from '../../src/protocol';
import { draftOf, isLong, keptOf } from '../../src/webview/compose/draft';
import { SentPrompts } from '../../src/webview/sent';

const note = { label: 'note', part: { type: 'text' as const, text: 'selected lines' } };
const picture = (characters: number) => ({
  label: `picture of ${characters}`,
  part: { type: 'image' as const, mime: 'image/png', base64: 'A'.repeat(characters) },
});

test('a draft is kept with what goes with it, but for pictures that are too large', () => {
  const draft = { text: 'words', attachments: [note, picture(1_500_000), picture(1_000_000), picture(1_000)] };
  const kept = keptOf(draft);
  assert.deepEqual(
    kept.attachments.map(({ label }) => label),
    ['note', 'picture of 1500000', 'picture of 1000'],
  );
  assert.deepEqual(draftOf(JSON.parse(JSON.stringify(kept))), kept);
  assert.equal(isLong(kept), true);
  assert.equal(isLong({ text: 'words', attachments: [note] }), false);
});

test('what was kept by somebody else is no draft', () => {
  const none = { text: '', attachments: [] };
  for (const kept of [undefined, null, 7, 'text', { text: 7, attachments: {} }, { attachments: [null, {}, 'x'] }])
    assert.deepEqual(draftOf(kept), none);
});

test('a prompt that the session has does not come back, one that it has not does', () => {
  const sent = new SentPrompts();
  const seen = { messages: [asked(1, 'go on')], queue: [] };
  sent.sent('a', { text: 'go on', attachments: [note] }, seen);
  assert.deepEqual(sent.failed('a', seen), { text: 'go on', attachments: [note] }, 'the one before says the same');
  assert.equal(sent.takenAfterAll(seen), undefined);

  sent.sent('b', { text: 'and on', attachments: [] }, seen);
  assert.equal(sent.failed('b', { messages: [...seen.messages, asked(3, 'and on')], queue: [] }), undefined);
  assert.equal(sent.ended('b'), true);
  assert.equal(sent.ended('b'), false);
});

test('a prompt that came back is taken out again when the session has it after all', () => {
  const sent = new SentPrompts();
  const draft = { text: 'x'.repeat(9_000), attachments: [] };
  sent.sent('a', draft, undefined);
  assert.deepEqual(sent.failed('a', undefined), draft);
  const beginning = asked(1, 'x'.repeat(4_000), true);
  assert.deepEqual(sent.takenAfterAll({ messages: [beginning], queue: [] }), draft);
  assert.equal(sent.takenAfterAll({ messages: [beginning], queue: [] }), undefined, 'once');
});

test('a prompt that is taken back does not fail', () => {
  const sent = new SentPrompts();
  sent.sent('a', { text: 'wait', attachments: [] }, undefined);
  sent.withdrawn('wait');
  assert.equal(sent.failed('a', undefined), undefined);
  assert.equal(sent.ended('a'), false);
});

function asked(seq: number, text: string, truncated = false): Message {
  const part = { id: `p${seq}`, messageId: `m${seq}`, index: 0, type: 'text' as const };
  const body = { text, bytes: truncated ? text.length * 2 : text.length, truncated };
  return { id: `m${seq}`, sessionId: 's', seq, role: 'user', createdAt: 0, parts: [{ ...part, text: body }] };
}
