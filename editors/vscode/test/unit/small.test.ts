// The small pure parts: figures, labels, links, diffs, hunks, the prompt, batches, the window's division.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { hunkLabel, openHunks, step, summary } from '../../src/changes/hunks';
import { applyDiff, hunksOf, takeBack } from '../../src/changes/unified';
import { Batch } from '../../src/chat/batch';
import { fileLink } from '../../src/chat/link-target';
import { age, cost, count, duration, percent, size } from '../../src/figures';
import type { ChangedFile, ContextReport, Session, Step } from '../../src/protocol';
import { describe, stateOf } from '../../src/sessions/labels';
import { history, signBefore } from '../../src/webview/compose/typed';
import { fates, rows, segments } from '../../src/webview/context/division';
import { cells } from '../../src/webview/context/ledger';
import { outcomeWords } from '../../src/webview/context/compaction';
import { thought, told } from '../../src/webview/parts/thought';
import { diffIn, pathIn, toolTitle } from '../../src/webview/parts/tool-title';
import { page, recording } from '../support/recordings';

test('figures are short', () => {
  assert.deepEqual([950, 1_000, 12_345, 123_456, 4_500_000].map(count), ['950', '1k', '12.3k', '123k', '4.5M']);
  assert.deepEqual([12, 1_234, 12_345, 75_000].map(duration), ['12 ms', '1.2 s', '12 s', '1 min 15 s']);
  assert.deepEqual([10, 2_048, 5_242_880].map(size), ['10 B', '2 KiB', '5 MiB']);
  assert.deepEqual([0, 0.001, 1.5].map(cost), ['', '< $0.01', '$1.50']);
  assert.equal(age(0, 30_000), 'now');
  assert.equal(age(0, 3 * 3_600_000), '3 h');
  assert.equal(percent(1, 0), '–');
});

test('a session says what it does, how old it is and what it took', () => {
  const { session } = recording('edit').results['session/get'] as { session: Session };
  const failed: Session = { ...session, lastTurn: { endedAt: 1, error: { message: 'no key', kind: 'providerAuth' } } };
  assert.equal(stateOf(session, false), 'done');
  assert.equal(stateOf(failed, false), 'failed');
  assert.equal(stateOf({ ...failed, status: 'retrying' }, false), 'running');
  assert.equal(stateOf({ ...session, status: 'running' }, true), 'needsYou');
  assert.match(describe(session, 'needsYou', session.updatedAt + 120_000), /^needs you · 2 min · [\d.]+k tokens$/);
});

test('links lead to files with lines, and nowhere else', () => {
  assert.deepEqual(fileLink('src/a.rs:12'), { path: 'src/a.rs', line: 12 });
  assert.deepEqual(fileLink('src/a%20b.rs#L7'), { path: 'src/a b.rs', line: 7 });
  assert.deepEqual(fileLink('file:///x/y.ts:3:4'), { path: '/x/y.ts', line: 3 });
  assert.deepEqual(fileLink('Makefile:3'), { path: 'Makefile', line: 3 });
  for (const bad of ['javascript:alert(1)', 'command:x', 'vscode://a', '//host/share', '#top', '%E0%A4%A', 'a%00b'])
    assert.equal(fileLink(bad), undefined, bad);
});

const DIFF =
  '--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n one\n-two\n+zwei\n three\n@@ -6,2 +6,3 @@\n six\n+and a half\n seven\n';
const BEFORE = 'one\ntwo\nthree\nfour\nfive\nsix\nseven\n';
const AFTER = 'one\nzwei\nthree\nfour\nfive\nsix\nand a half\nseven\n';

test('a diff is applied and taken back, or refused where it does not fit', () => {
  assert.equal(hunksOf(DIFF).length, 2);
  assert.equal(applyDiff(BEFORE, DIFF), AFTER);
  assert.equal(takeBack(AFTER, DIFF), BEFORE);
  assert.equal(applyDiff(AFTER, DIFF), undefined);
  assert.equal(applyDiff('', '--- /dev/null\n+++ b/new\n@@ -0,0 +1,1 @@\n+first\n'), 'first\n');
  assert.equal(applyDiff(BEFORE, 'no diff'), undefined);
});

test('the diff and the file are found in a tool’s output', () => {
  const output = `edited notes.txt\n${DIFF}`;
  assert.equal(diffIn(output), DIFF);
  assert.equal(pathIn(DIFF), 'x');
  assert.equal(pathIn('--- a/gone\n+++ /dev/null\n@@ -1 +0,0 @@\n-x\n'), 'gone');
  assert.equal(diffIn('nothing --- here'), undefined);
});

test('the open hunks are gone through in a circle', () => {
  const hunk = (id: string, verdict: 'open' | 'accepted') => ({
    id,
    oldStart: 1,
    oldLines: 1,
    newStart: 3,
    newLines: 1,
    text: ' same\n-old\n+new',
    verdict,
    applies: true,
  });
  const file: ChangedFile = {
    path: 'a',
    uri: 'file:///a',
    status: 'modified',
    additions: 1,
    deletions: 1,
    hunks: [hunk('1', 'open'), hunk('2', 'accepted'), hunk('3', 'open')],
  };
  const places = openHunks([file]);
  assert.deepEqual(
    places.map((it) => it.hunk.id),
    ['1', '3'],
  );
  assert.equal(step(places, undefined, 1)?.hunk.id, '1');
  assert.equal(step(places, places[1], 1)?.hunk.id, '1');
  assert.equal(step(places, places[0], -1)?.hunk.id, '3');
  assert.equal(step([], undefined, 1), undefined);
  assert.equal(hunkLabel(file.hunks[0] as ChangedFile['hunks'][number]), '4: old');
  assert.equal(summary(file), '+1 −1 · 2 open');
});

test('offers are made for @ at a word’s beginning and / at the prompt’s', () => {
  assert.deepEqual(signBefore('look at @src/ma', 15), { sign: '@', query: 'src/ma', from: 8 });
  assert.deepEqual(signBefore('/comp', 5), { sign: '/', query: 'comp', from: 0 });
  assert.equal(signBefore('mail a@b', 8), undefined);
  assert.equal(signBefore('a /comp', 7), undefined);
  assert.deepEqual(history(['a', 'b', 'a ', '']), ['a', 'b']);
});

test('what comes in a burst goes on together', async () => {
  const passed: number[][] = [];
  const batch = new Batch<number>((items) => passed.push(items), 20);
  for (let at = 0; at < 100; at += 1) batch.add(at);
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(passed.length, 1);
  assert.equal(passed[0]?.length, 100);
  batch.add(1);
  batch.clear();
  await new Promise((resolve) => setTimeout(resolve, 40));
  assert.equal(passed.length, 1);
});

test('the window is divided into what stands in it', () => {
  const report = recording('command').results['session/context'] as ContextReport;
  const all = segments(report);
  assert.equal(all.find(({ kind }) => kind === 'reserved')?.tokens, 20_000);
  const sent = all
    .filter(({ kind }) => ['system', 'summary', 'full', 'evidence'].includes(kind))
    .reduce((sum, it) => sum + it.tokens, 0);
  assert.ok(Math.abs(sent - report.used) < report.used * 0.2, `${sent} beside ${report.used}`);
  const { rows: largest, more } = rows(report, 'all', 3);
  assert.equal(more, report.items.length - 3);
  assert.equal(largest[0]?.share, 1);
  assert.equal(
    fates(report).reduce((sum, it) => sum + it.parts, 0),
    report.items.reduce((sum, it) => sum + it.parts, 0),
  );
});

test('a row of the ledger says why nothing came from the cache', () => {
  const { steps } = recording('command').results['session/steps'] as { steps: Step[] };
  const [first] = steps;
  assert.ok(first);
  assert.equal(cells(first)[0], '1');
  assert.equal(
    cells({ ...first, cacheRead: 900, input: 100, cacheMiss: 'compaction' })[4],
    '90 % (the history was summarised)',
  );
});

test('a compaction says what it wins before it is done', () => {
  assert.match(
    outcomeWords({ before: 100_000, after: 20_000, boundarySeq: 1, evidence: 12 }, true),
    /would be 100k → 20k tokens \(80 % less\); 12 calls stand behind/,
  );
  assert.match(outcomeWords({ before: 10, after: 10, boundarySeq: 0, evidence: 0 }, true), /Nothing is to be won/);
});

test('reasoning says how long it took where that was seen', () => {
  assert.equal(thought({ from: 0, to: 12_400 }, false, 10), 'Thought for 12 s');
  assert.equal(thought({ from: 0 }, true, 10), 'Thinking…');
  assert.equal(thought(undefined, false, 2_000), 'Thought (2k characters)');
  const part = {
    id: 'p',
    messageId: 'm',
    index: 0,
    type: 'reasoning',
    text: { text: '', bytes: 0, truncated: false },
  } as const;
  assert.deepEqual(told({ ...part, startedAt: 1_000, endedAt: 3_000 }), { from: 1_000, to: 3_000 });
  assert.equal(told({ ...part, startedAt: 1_000 }), undefined, 'it broke off');
});

test('a call has a title before it is complete', () => {
  const part = page('edit')
    .messages.flatMap(({ parts }) => parts)
    .find((it) => it.type === 'tool');
  assert.ok(part?.type === 'tool');
  const { title: _, ...untitled } = part;
  assert.equal(toolTitle(untitled), 'notes.txt');
  assert.equal(toolTitle({ ...untitled, input: { text: '{"path": "no', bytes: 12, truncated: false } }), '');
});
