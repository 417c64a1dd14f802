// A proposed edit as a native diff; an open, unsaved document is edited through the editor, and undo works.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\nsecond line\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  await page.locator('.explorer-folders-view .monaco-list-row', { hasText: 'notes.txt' }).dblclick();
  const editor = page.locator('.monaco-editor[data-uri*="notes.txt"] .view-lines').first();
  await editor.waitFor();
  await editor.click();
  await page.keyboard.press('Control+End');
  await page.keyboard.type('unsaved line');

  const chat = await workbench.chat();
  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  const card = chat.locator('.permission');
  await card.waitFor();
  await card.locator('.piece-tools button').click();
  await page.locator('.monaco-diff-editor .view-line', { hasText: 'goodbye world' }).first().waitFor();
  await card.locator('button', { hasText: 'Allow once' }).click();
  await workbench.settled(chat);

  await page.locator('.tab', { hasText: 'notes.txt' }).first().click();
  await editor.locator('.view-line', { hasText: 'goodbye' }).waitFor();
  await editor.locator('.view-line', { hasText: 'unsaved' }).waitFor();
  assert.equal(
    readFileSync(join(host.project, 'notes.txt'), 'utf8'),
    'hello world\nsecond line\n',
    'the buffer was edited, not the disk',
  );
  await editor.click();
  await page.keyboard.press('Control+z');
  await editor.locator('.view-line', { hasText: 'hello' }).waitFor();
}
