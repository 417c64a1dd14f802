// An untrusted workspace: agentls only reads in it, and nobody is asked. When trust is given, the server is told, and the
// project's own configuration counts.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { anotherServer, files } from '../host.mjs';

export const options = { trust: true, needs: ['project/trust'] };

export function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\n', '.agentls/config.jsonc': '{ "permission": { "edit": "deny" } }\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const card = (chat) => chat.locator('.permission');
  const notes = () => readFileSync(join(host.project, 'notes.txt'), 'utf8');
  await page.locator('.monaco-dialog-box .monaco-button', { hasText: 'No, I don' }).click();
  const chat = await workbench.chat();
  await chat.locator('.banner.restricted').waitFor();
  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  await chat.locator('.tool[data-status="error"]').waitFor();
  await workbench.settled(chat);
  assert.equal(await card(chat).count(), 0);
  assert.equal(notes(), 'hello world\n');

  const [before] = host.servers();
  await chat.locator('.banner.restricted button', { hasText: 'Manage trust' }).click();
  await page.locator('.workspace-trust-editor .monaco-button', { hasText: 'Trust' }).first().click();
  await anotherServer(host, before);
  await chat.locator('.banners .banner').first().waitFor({ state: 'detached' });
  await workbench.send(chat, 'replace "world" with "earth" in notes.txt');
  await chat.locator('.message.user').nth(1).waitFor();
  await workbench.settled(chat);
  assert.equal(await card(chat).count(), 0, 'the project’s own rule refuses');
  assert.equal(notes(), 'hello world\n');
}
