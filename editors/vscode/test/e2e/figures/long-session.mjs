// Opens a session of 5,000 messages and 50 MB: how long until its first screen, and what the host takes for it.

import assert from 'node:assert/strict';

import { longSession, smallSessions } from '../../support/history.mjs';
import { clickToFirstScreen, emptyChat, extensionHostOf, memory } from '../big-session.mjs';

const GOAL_MS = 300;
const GOAL_BYTES = 50_000_000;

export function prepare({ host }) {
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  const all = { binary: host.binary(), env, root: host.root, directory: host.project };
  for (let number = 1; number <= 3; number += 1) longSession({ ...all, number });
  smallSessions({ ...all, titles: ['A small one'] });
}

export default async function ({ host, workbench }) {
  const chat = await workbench.chat();
  await workbench.row('A small one').click();
  await chat.locator('.message.user', { hasText: 'A small one' }).waitFor();
  await workbench.page.waitForTimeout(3_000);
  const extensionHost = extensionHostOf(host);
  const page = await chat.evaluate(() => performance.memory?.usedJSHeapSize ?? 0);
  const before = memory(extensionHost);
  const times = [];
  for (let number = 1; number <= 3; number += 1) {
    await emptyChat(workbench, chat);
    times.push(await clickToFirstScreen(workbench, chat, `A year of work ${number}`));
  }
  await workbench.page.waitForTimeout(1_000);
  const opened = memory(extensionHost) - before;

  for (let screens = 0; screens < 40; screens += 1) {
    await chat.locator('.scroll').evaluate((area) => area.scrollTo({ top: 0 }));
    await workbench.page.waitForTimeout(120);
  }
  const shown = await chat.locator('.message').count();
  const grown = (await chat.evaluate(() => performance.memory?.usedJSHeapSize ?? 0)) - page;
  const scrolled = memory(extensionHost) - before;
  console.log(
    `click → first screen, 5,000 messages, 50 MB (3 sessions): ${times.map((it) => `${it.toFixed(0)} ms`).join(', ')} (goal ≤ ${GOAL_MS})`,
  );
  console.log(
    `growth of the extension host after opening three: ${megabytes(opened)}, after 40 older pages: ${megabytes(scrolled)} (goal ≤ 50 MB)`,
  );
  console.log(`growth of the page's heap after 40 older pages: ${megabytes(grown)}, with ${shown} messages on it`);
  assert.ok(Math.min(...times) <= GOAL_MS && median(times) <= GOAL_MS, 'the first screen comes late');
  assert.ok(opened <= GOAL_BYTES && scrolled <= GOAL_BYTES, 'the host grows too much');
}

const megabytes = (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
