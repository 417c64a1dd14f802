// Opens a session of 5,000 messages and 50 MB: how long until its first screen, and what the host takes for it.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

import { longSession, smallSessions } from '../../support/history.mjs';

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
  for (let number = 1; number <= 3; number += 1) times.push(await open(workbench, chat, `A year of work ${number}`));
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

/** From the press of the mouse in the tree to the first painted message. */
async function open(workbench, chat, title) {
  await workbench.page.evaluate(() => {
    window.addEventListener('mousedown', () => (window.pressedAt = Date.now()), { once: true, capture: true });
  });
  await chat.evaluate((wanted) => {
    window.paintedAt = new Promise((resolve) => {
      const look = () => {
        if (!document.querySelector('.messages .message .text')?.textContent.includes(wanted)) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
      };
      const observer = new MutationObserver(look);
      observer.observe(document.querySelector('.messages'), { childList: true, subtree: true });
    });
  }, 'Module');
  // The list is emptied first, so that the messages of the session before are not taken for its own.
  await workbench.command('agentls: New Session');
  await chat.locator('.welcome').waitFor();
  await workbench.row(title).first().click();
  const painted = await chat.evaluate(() => window.paintedAt);
  return painted - (await workbench.page.evaluate(() => window.pressedAt));
}

function extensionHostOf(host) {
  const found = execFileSync('pgrep', ['-f', '--', '--type=extensionHost'], { encoding: 'utf8' })
    .trim()
    .split('\n')
    .map(Number);
  const ours = found.filter((pid) => descends(pid, host.pid));
  assert.equal(ours.length, 1, 'one extension host runs');
  return ours[0];
}

function descends(pid, ancestor) {
  for (let at = pid; at > 1;) {
    if (at === ancestor) return true;
    at = Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${at}/status`, 'utf8'))?.[1] ?? 0);
  }
  return false;
}

function memory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1_024;
}

const megabytes = (bytes) => `${(bytes / 1_000_000).toFixed(1)} MB`;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
