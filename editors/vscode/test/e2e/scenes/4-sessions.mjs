// Sessions: renamed, forked from a message, found, archived and brought back; resumed after a restart of the window.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';
import { smallSessions } from '../../support/history.mjs';

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {}\n' });
  smallSessions({
    binary: host.binary(),
    env: { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir },
    root: host.root,
    directory: host.project,
    titles: ['Parser rewrite', 'Cache figures', 'Release notes'],
  });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  let chat = await workbench.chat();
  await workbench.row('Parser rewrite').waitFor();
  assert.equal(await page.locator('.pane .monaco-list-row').count(), 3);

  await workbench.row('Cache figures').click();
  await chat.locator('.message.user', { hasText: 'About Cache figures' }).waitFor();
  await workbench.command('agentls: Rename Session…');
  await workbench.pick('Cache figures of May');
  await workbench.row('Cache figures of May').waitFor();

  await chat.locator('.message.user').hover();
  await chat.locator('.message.user .acts button').click();
  await page.waitForFunction(() => document.querySelectorAll('.pane .monaco-list-row').length === 4);
  await chat.locator('.message.user', { hasText: 'About Cache figures' }).waitFor();
  await workbench.send(chat, 'where is main defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);

  // From a message in the middle: the copy ends with it.
  await chat.locator('.message.user').first().hover();
  await chat.locator('.message.user .acts button').first().click();
  await page.waitForFunction(() => document.querySelectorAll('.pane .monaco-list-row').length === 5);
  await chat.locator('.message.user').nth(1).waitFor({ state: 'detached' });
  await chat.locator('.message.user', { hasText: 'About Cache figures' }).waitFor();
  assert.equal(await chat.locator('.text', { hasText: 'is defined here' }).count(), 0);

  await workbench.command('agentls: Find a Session');
  await workbench.pickRow('Release');
  await chat.locator('.message.user', { hasText: 'About Release notes' }).waitFor();

  await workbench.command('agentls: Archive Session');
  await workbench.row('Release notes').waitFor({ state: 'detached' });

  // After a restart of the window the session is there again.
  const again = await workbench.reopened(host.url);
  chat = await again.chat();
  await chat.locator('.message.user', { hasText: 'About Release notes' }).waitFor();
  await again.row('Parser rewrite').click();
  await chat.locator('.message.user', { hasText: 'About Parser rewrite' }).waitFor();
  await again.send(chat, 'where is main defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
}
