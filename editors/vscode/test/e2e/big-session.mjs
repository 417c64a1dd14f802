// How long a session takes until its first screen, and what the editor takes for it.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';

import { tasks, trace } from './tracing.mjs';

/** Empties the chat, so that the messages of the session before are not taken for its own. */
export async function emptyChat(workbench, chat) {
  await workbench.command('agentls: New Session');
  await chat.locator('.welcome').waitFor();
}

/** From the press of the mouse in the tree to the first painted message, in milliseconds. */
export async function clickToFirstScreen(workbench, chat, title) {
  await workbench.page.evaluate(() => {
    window.addEventListener('mousedown', () => (window.pressedAt = Date.now()), { once: true, capture: true });
  });
  await chat.evaluate(() => {
    window.paintedAt = new Promise((resolve) => {
      const look = () => {
        if (!document.querySelector('.messages .message .text')?.textContent.includes('Module')) return;
        observer.disconnect();
        requestAnimationFrame(() => setTimeout(() => resolve(Date.now())));
      };
      const observer = new MutationObserver(look);
      observer.observe(document.querySelector('.messages'), { childList: true, subtree: true });
    });
  });
  await workbench.row(title).first().click();
  const painted = await chat.evaluate(() => window.paintedAt);
  return painted - (await workbench.page.evaluate(() => window.pressedAt));
}

/** The extension host of the only window. */
export function extensionHostOf(host) {
  const found = readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid))
    .map(Number)
    .filter((pid) => read(pid, 'cmdline').includes('--type=extensionHost') && descends(pid, host.pid));
  assert.equal(found.length, 1, 'one extension host runs');
  return found[0];
}

/** The resident memory of a process in bytes. */
export function memory(pid) {
  return Number(/^VmRSS:\s+(\d+)/m.exec(read(pid, 'status'))[1]) * 1_024;
}

/** Milliseconds of CPU that these processes and the browser's main threads take between start and stop. */
export class CpuTime {
  static async start(browser, page, pids) {
    const time = new CpuTime();
    time.stopTrace = await trace(browser, page);
    time.pids = pids;
    time.before = consumed(pids);
    return time;
  }

  async stop() {
    const processes = consumed(this.pids) - this.before;
    const done = tasks(await this.stopTrace());
    return processes + done.reduce((sum, { cpu }) => sum + cpu, 0);
  }
}

/** A tick is a hundredth of a second. */
function consumed(pids) {
  const ticks = pids.map((pid) => {
    const fields = read(pid, 'stat')
      .replace(/^.*\) /, '')
      .split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, it) => sum + it, 0) * 10;
}

function descends(pid, ancestor) {
  for (let at = pid; at > 1;) {
    if (at === ancestor) return true;
    at = Number(/^PPid:\s+(\d+)/m.exec(read(at, 'status'))?.[1] ?? 0);
  }
  return false;
}

/** Empty for a process that is gone. */
function read(pid, what) {
  try {
    return readFileSync(`/proc/${pid}/${what}`, 'utf8');
  } catch {
    return '';
  }
}
