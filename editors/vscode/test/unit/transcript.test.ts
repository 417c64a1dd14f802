// The transcript from recorded streams: after the last update it is what the server stored.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Message, SessionUpdate } from '../../src/protocol';
import { Transcript } from '../../src/webview/transcript';
import { page, updates } from '../support/recordings';

function played(stream: SessionUpdate[]): Transcript {
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  for (const [at, update] of stream.entries()) {
    const { gap } = transcript.apply(update, at * 10);
    assert.equal(gap, false);
  }
  return transcript;
}

for (const name of ['edit', 'refused', 'command'] as const) {
  test(`the stream of “${name}” ends in what is stored`, () => {
    const { messages } = played(updates(name));
    const stored = page(name).messages;
    assert.deepEqual(
      messages.map(({ id }) => id),
      stored.map(({ id }) => id),
    );
    const statuses = (all: Message[]) =>
      all.flatMap(({ parts }) => parts.map((part) => (part.type === 'tool' ? part.status : part.type)));
    assert.deepEqual(statuses(messages), statuses(stored));
    const texts = (all: Message[]) =>
      all.flatMap(({ parts }) =>
        parts.flatMap((part) => (part.type === 'text' ? [part.text.text.slice(0, 2_000)] : [])),
      );
    assert.deepEqual(texts(messages), texts(stored));
  });
}

test('a turn is running while it streams and idle at its end', () => {
  const stream = updates('command');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  const seen = new Set<string>();
  for (const update of stream) {
    transcript.apply(update, 0);
    seen.add(transcript.status);
  }
  assert.ok(seen.has('running') && seen.has('waiting'));
  assert.equal(transcript.status, 'idle');
  assert.deepEqual(transcript.queue, []);
  assert.equal(transcript.context?.limit, 200_000);
});

test('only the part that grew is painted', () => {
  const stream = updates('edit');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  for (const update of stream) {
    const dirty = transcript.apply(update, 0);
    if (update.update.kind !== 'partDelta') continue;
    assert.deepEqual([...dirty.parts], [update.update.partId]);
    assert.equal(dirty.messages.size, 0);
    assert.equal(dirty.around, false);
  }
});

test('a lost update is noticed once', () => {
  const stream = updates('edit');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  const gaps = stream.filter((_, at) => at !== 5).map((update) => transcript.apply(update, 0).gap);
  assert.equal(gaps.filter(Boolean).length, 1);
});

test('how long the model thought is what was seen', () => {
  const transcript = played(updates('edit'));
  const [seen] = transcript.thinking.values();
  assert.ok(seen?.to !== undefined && seen.to > seen.from);
});

test('older pages come in front, and what is too much goes at the other end', () => {
  const all = page('command').messages;
  const transcript = new Transcript('ses');
  transcript.show({ messages: all.slice(2), hasBefore: true, hasAfter: false });
  transcript.prepend({ messages: all.slice(0, 2), hasBefore: false, hasAfter: true });
  assert.deepEqual(
    transcript.messages.map(({ seq }) => seq),
    all.map(({ seq }) => seq),
  );
  const gone = transcript.trim(3, 'newest');
  assert.deepEqual(
    gone,
    all.slice(3).map(({ id }) => id),
  );
  assert.equal(transcript.hasAfter, true);
  const late = { ...(all[0] as Message), id: 'msg_new', seq: 99 };
  transcript.apply({ sessionId: 'ses', eventSeq: 1, update: { kind: 'message', message: late } }, 0);
  assert.equal(transcript.message('msg_new'), undefined, 'a new message does not stand behind old ones');
});

test('the output of a running tool is bounded, and says so', () => {
  const [stored] = page('command').messages.flatMap(({ parts }) => parts.filter((part) => part.type === 'tool'));
  assert.ok(stored?.type === 'tool');
  const transcript = new Transcript('ses');
  const { output: _, ...running } = { ...stored, status: 'running' as const };
  transcript.show({
    messages: [{ ...(page('command').messages[1] as Message), parts: [running] }],
    hasBefore: false,
    hasAfter: false,
  });
  for (let at = 0; at < 100; at += 1) {
    const update = {
      kind: 'partDelta' as const,
      messageId: stored.messageId,
      partId: stored.id,
      field: 'output' as const,
      text: `${'x'.repeat(999)}\n`,
    };
    transcript.apply({ sessionId: 'ses', eventSeq: at, update }, 0);
  }
  const part = transcript.part(stored.id);
  assert.ok(part?.type === 'tool' && part.output && part.output.truncated);
  assert.ok(part.output.text.length <= 32 * 1024);
});

test('a final text that comes cut does not cut what is on screen', () => {
  const [message] = page('edit')
    .messages.filter(({ role }) => role === 'assistant')
    .slice(-1);
  const text = message?.parts.find((part) => part.type === 'text');
  assert.ok(message && text?.type === 'text');
  const transcript = new Transcript('ses');
  const whole = 'word '.repeat(1_000);
  transcript.show({
    messages: [{ ...message, parts: [{ ...text, text: { text: whole, bytes: 5_000, truncated: false } }] }],
    hasBefore: false,
    hasAfter: false,
  });
  const cut = { ...text, text: { text: whole.slice(0, 2_048), bytes: 5_000, truncated: true } };
  transcript.apply({ sessionId: 'ses', eventSeq: 1, update: { kind: 'part', part: cut } }, 0);
  const shown = transcript.part(text.id);
  assert.ok(shown?.type === 'text');
  assert.equal(shown.text.text, whole);
  assert.equal(shown.text.truncated, false);
});

test('what an unclean end interrupted is told until a turn has ended', () => {
  const [first] = updates('edit');
  assert.ok(first);
  const transcript = new Transcript(first.sessionId);
  const tell = (update: SessionUpdate['update'], eventSeq: number) =>
    transcript.apply({ sessionId: first.sessionId, eventSeq, update }, 0);
  const { around } = tell({ kind: 'recovered', note: 'A command was interrupted.' }, 1);
  assert.ok(around);
  tell({ kind: 'status', status: 'running' }, 2);
  assert.equal(transcript.recovered, 'A command was interrupted.');
  tell({ kind: 'status', status: 'idle' }, 3);
  assert.equal(transcript.recovered, undefined);
  transcript.show({ ...page('edit'), recovered: { note: 'Another one.' } });
  assert.equal(transcript.recovered, 'Another one.');
});

test('what came while a page was read is not lost with it', () => {
  const stream = updates('edit');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  transcript.awaitPage();
  for (const update of stream) transcript.apply(update, 0);
  transcript.show({ messages: [], hasBefore: false, hasAfter: false });
  const states = (all: Message[]) =>
    all.map(({ id, parts }) => [id, ...parts.map((part) => (part.type === 'tool' ? part.status : part.type))]);
  assert.deepEqual(states(transcript.messages), states(page('edit').messages));
});

test('a part that only begins takes nothing from a page that knows more of it', () => {
  const stream = updates('edit');
  const final = page('edit');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  transcript.awaitPage();
  const begin = stream.findIndex(({ update }) => update.kind === 'part' && update.part.type === 'reasoning');
  for (const update of stream.slice(0, begin + 1)) transcript.apply(update, 0);
  transcript.show(final);
  const texts = (all: Message[]) =>
    all.flatMap(({ parts }) => parts.flatMap((part) => (part.type === 'reasoning' ? [part.text] : [])));
  assert.equal(texts(final.messages).length, 1);
  assert.deepEqual(texts(transcript.messages), texts(final.messages));
});

test('a page that does not come keeps nothing back', () => {
  const stream = updates('edit');
  const transcript = new Transcript(stream[0]?.sessionId ?? '');
  transcript.awaitPage();
  for (const update of stream) transcript.apply(update, 0);
  transcript.noPage();
  transcript.show({ messages: [], hasBefore: false, hasAfter: false });
  assert.deepEqual(transcript.messages, []);
});
