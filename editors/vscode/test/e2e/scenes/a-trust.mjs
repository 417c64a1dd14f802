// An untrusted workspace: reading is possible, a change is refused; when trust is given, the server is told.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { files } from '../host.mjs';

export const options = { trust: true, settings: { 'security.workspace.trust.startupPrompt': 'never' } };

export function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const notes = () => readFileSync(join(host.project, 'notes.txt'), 'utf8');
  await workbench.send(chat, 'where is `hello`?');
  await chat.locator('.text', { hasText: 'notes.txt' }).waitFor();
  await workbench.settled(chat);
  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  await chat.locator('.message.user').nth(1).waitFor();
  await workbench.settled(chat);
  assert.equal(await chat.locator('.permission').count(), 0, 'nothing is asked where nothing may be done');
  assert.equal(notes(), 'hello world\n');

  await workbench.command('Workspaces: Manage Workspace Trust');
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click({ timeout: 30_000 });
  await chat.locator('.text', { hasText: 'I replaced' }).waitFor();
  assert.equal(notes(), 'goodbye world\n');
}
