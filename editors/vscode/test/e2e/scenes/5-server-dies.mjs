// The server is killed and comes back by itself; after the fourth death in five minutes a person decides.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {}\n' });
}

async function untilAnother(host, before) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const [pid] = host.servers();
    if (pid && pid !== before) return pid;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('no other server was started');
}

export default async function ({ host, workbench }) {
  const chat = await workbench.chat();
  await workbench.send(chat, 'where is main defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);
  let [pid] = host.servers();
  for (let death = 0; death < 3; death += 1) {
    process.kill(pid, 'SIGKILL');
    pid = await untilAnother(host, pid);
    await chat.locator('.banners .banner').first().waitFor({ state: 'detached' });
    await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  }
  await workbench.send(chat, 'where is `main` defined?');
  await chat.locator('.message.user').nth(1).waitFor();
  await workbench.settled(chat);

  process.kill(pid, 'SIGKILL');
  const banner = chat.locator('.banner.failed', { hasText: 'again and again' });
  await banner.waitFor();
  assert.match(await workbench.status().innerHTML(), /codicon-error/);
  await banner.locator('button', { hasText: 'Start' }).click();
  await banner.waitFor({ state: 'detached' });
  await workbench.send(chat, 'list src');
  await chat.locator('.message.user').nth(2).waitFor();
  await workbench.settled(chat);
}
