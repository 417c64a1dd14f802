// A session of another project: what would change something asks first whether that project is trusted. The projects
// that sessions worked in are listed, and one gets another name.

import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { smallSessions } from '../../support/history.mjs';

export const options = { needs: ['project/list', 'project/update', 'project/trust'] };
let notes;

export function prepare({ host }) {
  const directory = join(host.root, 'elsewhere');
  notes = join(directory, 'notes.txt');
  mkdirSync(join(directory, '.agentls', 'commands'), { recursive: true });
  writeFileSync(join(directory, '.agentls', 'commands', 'own.md'), 'Do it.\n');
  writeFileSync(notes, 'hello world\n');
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  smallSessions({ binary: host.binary(), env, root: host.root, directory, titles: ['Work elsewhere'] });
}

export default async function ({ workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await workbench.command('agentls: Find a Session');
  await workbench.pickRow('Work elsewhere');
  await chat.locator('.message.user', { hasText: 'Work elsewhere' }).waitFor();
  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  const trust = chat.locator('.card.trust');
  await trust.waitFor();
  assert.match(await trust.locator('header').innerText(), /Trust .*elsewhere\?/);
  assert.match(
    await trust
      .locator('li')
      .allInnerTexts()
      .then((all) => all.join('\n')),
    /own\.md \(command\)/,
  );
  await trust.locator('button:enabled', { hasText: 'Trust this workspace' }).click();
  await chat.locator('.permission:not(.trust) button:enabled', { hasText: 'Allow once' }).click();
  await workbench.settled(chat);
  assert.equal(readFileSync(notes, 'utf8'), 'goodbye world\n');

  await workbench.command('agentls: Rename Project…');
  await workbench.pick('Other work');
  await workbench.command('agentls: Open a Project…');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Other work' }).waitFor();
  await page.keyboard.press('Escape');
}
