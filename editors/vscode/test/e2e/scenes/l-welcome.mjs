// The first minutes: a window without a folder says what to do, the walkthrough's steps lead where they say, a view
// without sessions offers one.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {}\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await chat.locator('.welcome').waitFor();
  const pane = (on) => on.locator('.pane', { hasText: 'Sessions' });
  await pane(page).locator('.monaco-button', { hasText: 'New Session' }).waitFor();

  await workbench.command('Welcome: Open Walkthrough...');
  await workbench.pickRow('Begin with agentls');
  const steps = page.locator('.gettingStartedContainer .getting-started-step');
  await steps.filter({ hasText: 'Prompt without a key' }).waitFor();
  assert.equal(await steps.count(), 4);
  await page.locator('.gettingStartedContainer .monaco-button', { hasText: 'Go to the Prompt' }).click();
  await chat.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
  await steps.filter({ hasText: 'Prompt without a key' }).locator('.complete').first().waitFor();
  await steps.filter({ hasText: 'See what the model still sees' }).click();
  await page.locator('.gettingStartedContainer .monaco-button', { hasText: 'Show It' }).click();
  await workbench.context();

  const empty = await workbench.reopened(host.emptyUrl);
  const there = await empty.chat();
  await pane(empty.page).locator('.monaco-button', { hasText: 'Open a Folder' }).waitFor();
  await empty.send(there, 'hello');
  await there.locator('.banner.failed', { hasText: 'Open a folder first' }).waitFor();
  assert.equal(await there.locator('.composer textarea').inputValue(), 'hello', 'what was written is not lost');
}
