// The server is killed in the middle of a command and comes back by itself, with what was interrupted; after the fourth
// death in five minutes a person decides.

import assert from 'node:assert/strict';

import { anotherServer, files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {}\n' });
}

export default async function ({ host, workbench }) {
  const chat = await workbench.chat();
  await workbench.send(chat, 'where is main defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);
  let [pid] = host.servers();
  await workbench.send(chat, 'run `sleep 60`');
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();
  await chat.locator('.tool[data-status="running"]').waitFor();
  await workbench.row('running').waitFor();
  for (let death = 0; death < 3; death += 1) {
    process.kill(pid, 'SIGKILL');
    pid = await anotherServer(host, pid);
    await chat.locator('.banners .banner').first().waitFor({ state: 'detached' });
    await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
    if (death > 0) continue;
    await chat.locator('.recovered').waitFor();
    await chat.locator('.tool[data-status="error"]').waitFor();
    await workbench.settled(chat);
  }
  await workbench.send(chat, 'where is `main` defined?');
  await chat.locator('.message.user').nth(2).waitFor();
  await workbench.settled(chat);

  process.kill(pid, 'SIGKILL');
  const banner = chat.locator('.banner.failed', { hasText: 'again and again' });
  await banner.waitFor();
  assert.match(await workbench.status().innerHTML(), /codicon-error/);
  await banner.locator('button', { hasText: 'Start' }).click();
  await banner.waitFor({ state: 'detached' });
  await workbench.send(chat, 'list src');
  await chat.locator('.message.user').nth(3).waitFor();
  await workbench.settled(chat);
}
