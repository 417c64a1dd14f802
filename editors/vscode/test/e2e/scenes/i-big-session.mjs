// A session of 5,000 messages and 50 MB: its newest page comes at once, older ones on scrolling, and neither the page nor
// the extension host grows with it. Time is judged as CPU time of all that works on it: neighbours do not count.

import assert from 'node:assert/strict';

import { longSession, smallSessions } from '../../support/history.mjs';
import { clickToFirstScreen, CpuTime, emptyChat, extensionHostOf, memory } from '../big-session.mjs';

const GOAL_MS = 300;
const GOAL_BYTES = 50_000_000;
const TURN = 5;

export function prepare({ host }) {
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  const all = { binary: host.binary(), env, root: host.root, directory: host.project };
  longSession(all);
  smallSessions({ ...all, titles: ['A small one'] });
}

export default async function ({ browser, host, workbench }) {
  const chat = await workbench.chat();
  await workbench.row('A small one').click();
  await chat.locator('.message.user', { hasText: 'A small one' }).waitFor();
  const extensionHost = extensionHostOf(host);
  const before = memory(extensionHost);
  await emptyChat(workbench, chat);
  const cpu = await CpuTime.start(browser, workbench.page, [extensionHost, ...host.servers()]);
  const wall = await clickToFirstScreen(workbench, chat, 'A year of work 1');
  const worked = await cpu.stop();
  console.log(`        click → first screen: ${wall.toFixed(0)} ms, of which ${worked.toFixed(0)} ms of CPU`);
  assert.ok(worked <= GOAL_MS, `the first screen took ${worked} ms of CPU`);

  const last = chat.locator('.message.user').last();
  assert.match(await last.innerText(), new RegExp(`Turn ${5_000 / TURN - 1}:`), 'it opens at its newest page');
  await chat.locator('.scroll').evaluate((area) => area.scrollTo({ top: 0 }));
  await chat.locator('.message.user', { hasText: `Turn ${5_000 / TURN - 12}:` }).waitFor();
  for (let pages = 0; pages < 8; pages += 1) {
    const [first] = await chat.locator('.message').all();
    const id = await first.getAttribute('data-id');
    await chat.locator('.scroll').evaluate((area) => area.scrollTo({ top: 0 }));
    await chat.waitForFunction((known) => document.querySelector('.message')?.dataset.id !== known, id);
  }
  assert.ok((await chat.locator('.message').count()) <= 240, 'what is far away is let go');
  const grown = memory(extensionHost) - before;
  assert.ok(grown <= GOAL_BYTES, `the extension host grew by ${grown} bytes`);
  await chat.locator('.jump').click();
  await chat.locator('.message.user', { hasText: `Turn ${5_000 / TURN - 1}:` }).waitFor();
}
