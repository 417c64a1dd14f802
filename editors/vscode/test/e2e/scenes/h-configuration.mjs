// Mistakes in the configuration are underlined from the server's schema; a problem goes into the prompt by its light bulb,
// and so do all problems, a folder and the open editors.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, {
    '.agentls/config.jsonc': '{\n  // A comment is no mistake.\n  "headlessPermission": "maybe"\n}\n',
    'src/parser/lexer.rs': 'pub fn lex() {}\n',
  });
}

export default async function ({ workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const chips = chat.locator('.chip');
  const prompt = chat.locator('.composer textarea');
  await page.keyboard.press('Control+p');
  await workbench.pickRow('config.jsonc');
  const editor = page.locator('.monaco-editor[data-uri*="config.jsonc"]').first();
  await editor.locator('.squiggly-warning').first().waitFor();
  await editor.locator('.view-line', { hasText: 'maybe' }).click();
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget .monaco-list-row.focused', { hasText: 'Fix with agentls' }).waitFor();
  await page.keyboard.press('Enter');
  await chips.first().waitFor();
  await chat.waitForFunction(() => document.querySelector('.composer textarea').value.startsWith('Fix this problem'));
  assert.match(await prompt.inputValue(), /\.agentls\/config\.jsonc:3:\d+ warning: .*allow/);
  await chips.locator('button').click();
  await prompt.fill('');

  const offer = async (typed, label) => {
    await prompt.click();
    await page.keyboard.type(typed);
    await chat.locator('.offer.active', { hasText: label }).waitFor();
    await page.keyboard.press('Enter');
  };
  await offer('@probl', '@problems');
  await chips.filter({ hasText: '1 problems' }).waitFor();
  await offer('@edit', '@editors');
  await chips.filter({ hasText: 'config.jsonc' }).waitFor();
  await offer('@pars', 'src/parser/');
  await chips.filter({ hasText: 'src/parser/' }).waitFor();
  await workbench.send(chat, 'look at all that');
  await chat.locator('.message.user', { hasText: 'The folder' }).waitFor();
  await chat.locator('.message.user .small', { hasText: 'config.jsonc' }).waitFor();
  await workbench.settled(chat);
}
