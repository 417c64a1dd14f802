// After a turn: its changed files with their hunks; one is accepted, one rejected, the rest of a file by its button.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { files } from '../host.mjs';

const LINES = Array.from({ length: 40 }, (_, at) => `line ${at + 1}`);

export function prepare({ host }) {
  files(host, { 'notes.txt': `${LINES.join('\n')}\n` });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const text = () => readFileSync(join(host.project, 'notes.txt'), 'utf8').split('\n');
  await workbench.send(
    chat,
    'replace "line 3\nline 4\n" with "three\nfour\n" in notes.txt, then replace "line 30" with "thirty" in notes.txt',
  );
  await chat.locator('.permission button:enabled', { hasText: 'Allow for this session' }).click();
  await workbench.settled(chat);
  assert.deepEqual([text()[2], text()[29]], ['three', 'thirty']);

  await chat.locator('button', { hasText: 'Review 1 changed file' }).click();
  const rows = page.locator('.pane', { hasText: 'Changes' }).locator('.monaco-list-row');
  await rows.filter({ hasText: '3: line 3' }).waitFor();
  assert.equal(await rows.count(), 3, 'a file and its two hunks');
  await page.locator('.multiDiffEditor, .multi-diff-editor, .monaco-component.multiDiffEditor').first().waitFor();

  const second = rows.filter({ hasText: '30: line 30' });
  await second.hover();
  await second.locator('.action-label[aria-label*="Reject This Change"]').click();
  await second.filter({ hasText: 'rejected' }).waitFor();
  assert.equal(text()[29], 'line 30', 'the old line stands there again');
  assert.equal(text()[2], 'three');

  const first = rows.nth(1);
  await first.hover();
  await first.locator('.action-label[aria-label*="Accept This Change"]').click();
  await first.filter({ hasText: 'accepted' }).waitFor();
  await rows.first().filter({ hasText: 'reviewed' }).waitFor();
  assert.equal(text()[2], 'three');
}
