// Two sessions work at once: the badge counts those that need the person, a notice leads to one that is not on screen.

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const badge = (text) => page.locator('.activitybar .badge-content', { hasText: text });
  const made = (name) => existsSync(join(host.project, name));
  const allow = () => chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();

  await workbench.send(chat, 'run `touch one`');
  await chat.locator('.permission').waitFor();
  await badge('1').waitFor();
  await workbench.command('agentls: New Session');
  await chat.locator('.welcome').waitFor();
  assert.equal(await chat.locator('.permission').count(), 0, 'the question of another session is not shown here');
  await workbench.send(chat, 'run `touch two`');
  await chat.locator('.permission').waitFor();
  await badge('2').waitFor();
  await workbench.row('needs you').nth(1).waitFor();

  await allow();
  await workbench.settled(chat);
  await badge('1').waitFor();
  assert.deepEqual([made('one'), made('two')], [false, true]);
  await workbench.status().click();
  await chat.locator('.permission .command', { hasText: 'touch one' }).waitFor();

  await workbench.command('agentls: New Session');
  await chat.locator('.welcome').waitFor();
  await workbench.row('touch one').click();
  await allow();
  await workbench.settled(chat);
  await badge('1').waitFor({ state: 'hidden' });
  assert.ok(made('one'));
}
