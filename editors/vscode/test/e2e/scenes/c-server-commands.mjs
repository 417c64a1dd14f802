// The commands about the server: doctor, version, status, stop and start; the keys of providers stay out of every file.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';

const KEY = 'sk-canary-5f3a9e';

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await chat.locator('.welcome').waitFor();
  const toast = (text) => page.locator('.notifications-toasts .notification-list-item-message', { hasText: text });

  await workbench.command('agentls: Show Version');
  await toast('No telemetry').waitFor();
  await workbench.command('agentls: Show Server Status');
  await toast('of memory').waitFor();

  await workbench.command('agentls: Show Log');
  await page.waitForFunction(() =>
    [...document.querySelectorAll('.part.panel select')].some((it) => it.selectedOptions[0]?.text === 'agentls'),
  );
  // The log takes the focus a little later, which would close the palette.
  await page.waitForFunction(() => document.activeElement?.closest('.part.panel') != null);
  await workbench.command('agentls: Run Doctor');
  await page
    .locator('.monaco-editor .view-line', { hasText: host.dataDir.split('/').at(-1) })
    .first()
    .waitFor();

  await workbench.command('agentls: Set a Provider’s Key');
  await workbench.pickRow('openai');
  await workbench.pick(KEY);
  await toast('used from the next start').waitFor();
  await page.locator('.notifications-toasts .monaco-button', { hasText: 'Restart now' }).click();
  await chat.locator('.banners .banner').first().waitFor({ state: 'detached' });
  await chat.locator('.choice.model').click();
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'openai/gpt-5' }).first().waitFor();
  const row = page.locator('.quick-input-list .monaco-list-row', { hasText: 'openai/gpt-5' }).first();
  assert.doesNotMatch(await row.innerText(), /needs a key/, 'the server has the key');
  await page.keyboard.press('Escape');
  const found = execFileSync('sh', ['-c', `grep -rl ${KEY} "$@" || true`, 'sh', host.root, host.editorData], {
    encoding: 'utf8',
  });
  assert.equal(found, '', 'the key is in no file');

  await workbench.command('agentls: Stop Server');
  const banner = chat.locator('.banner.stopped');
  await banner.waitFor();
  await banner.locator('button', { hasText: 'Start' }).click();
  await banner.waitFor({ state: 'detached' });
}
