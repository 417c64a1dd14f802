// `@agentls` in the editor's own chat: the answer streams there, permission is asked in our view, the session goes on.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

import { files } from '../host.mjs';

export const options = {
  extension: new URL('../chat-host', import.meta.url).pathname,
  size: { width: 1600, height: 860 },
};

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {\n    println!("hello");\n}\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  await workbench.command('Chat: Open Chat');
  const input = page.locator('.interactive-session .interactive-input-part .monaco-editor').first();
  await input.waitFor();
  const ask = async (text) => {
    await input.click();
    await page.keyboard.type(text, { delay: 5 });
    await page.keyboard.press('Escape');
    await page.keyboard.press('Enter');
  };
  const answers = page.locator('.interactive-session .interactive-response');

  await ask('@agentls where is main defined?');
  await answers.filter({ hasText: 'is defined here' }).waitFor();
  assert.match(await answers.first().innerText(), /agentls/);
  assert.match(await answers.first().locator('code').first().innerText(), /main/);
  const chat = await workbench.chat();
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();

  // Who was asked once is asked on.
  await ask('run `touch made`');
  await answers.locator('.monaco-button', { hasText: 'agentls needs you' }).waitFor();
  assert.ok(!existsSync(join(host.project, 'made')));
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();
  await workbench.settled(chat);
  assert.ok(existsSync(join(host.project, 'made')));
  assert.equal(await chat.locator('.message.user').count(), 2, 'both requests are in one session');
}
