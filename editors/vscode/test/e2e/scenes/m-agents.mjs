// Agents and commands of the person and the project: chosen for a prompt, completed behind the slash; one that
// only looks changes nothing.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configure } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

export const options = { needs: ['agent/list', 'command/list'] };
let provider;

export async function prepare({ host }) {
  provider = await scriptedProvider([
    { text: 'One is first.' },
    { calls: [['write', { path: 'made.txt', content: 'x' }]] },
    { text: 'I may only look.' },
  ]);
  const commands = join(host.configDir, 'commands');
  mkdirSync(commands);
  writeFileSync(
    join(commands, 'rank.md'),
    '---\ndescription: Puts things in order\nargumentHint: <things>\n---\nWhich of these is first: $ARGUMENTS?\n',
  );
  configure(host, provider.config);
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const prompt = chat.locator('.composer textarea');
  const lastUser = () => JSON.stringify(provider.requests.at(-1).messages.findLast(({ role }) => role === 'user'));

  await prompt.click();
  await page.keyboard.type('/ra');
  const offer = chat.locator('.offer', { hasText: '/rank' });
  await offer.waitFor();
  assert.match(await offer.innerText(), /Puts things in order/);
  await page.keyboard.press('Enter');
  await page.keyboard.type('one two');
  assert.equal(await prompt.inputValue(), '/rank one two');
  await prompt.press('Enter');
  await chat.locator('.text', { hasText: 'One is first.' }).waitFor();
  await workbench.settled(chat);
  assert.match(lastUser(), /Which of these is first: one two\?/);
  await chat.locator('.message.user', { hasText: '/rank one two' }).waitFor();

  await chat.locator('.choice.agent').click();
  await workbench.pickRow('plan');
  await chat.locator('.choice.agent', { hasText: 'plan' }).waitFor();
  await workbench.send(chat, 'write a file');
  await chat.locator('.text', { hasText: 'I may only look.' }).waitFor();
  await workbench.settled(chat);
  assert.ok(!existsSync(join(host.project, 'made.txt')), 'who plans changes nothing');
  await chat.locator('.choice.agent').click();
  await workbench.pickRow('build');

  await chat.locator('.choice.agent', { hasText: 'build' }).waitFor();
  provider.stop();
}
