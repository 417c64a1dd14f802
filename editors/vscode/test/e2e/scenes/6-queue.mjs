// While a turn runs: a prompt is queued, taken back, steered, put first; each reaches the model when it should.

import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configure, files } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

let provider;

export async function prepare({ host }) {
  files(host, { 'wait.sh': 'until [ -e go ]; do sleep 0.05; done\n' });
  provider = await scriptedProvider([
    { calls: [['bash', { command: 'sh wait.sh' }]] },
    { text: 'Both are done.' },
    { text: 'The queue is empty.' },
    { calls: [['bash', { command: 'sleep 60' }]] },
    { text: 'That came first.' },
  ]);
  configure(host, { ...provider.config, permission: { bash: 'allow' } });
}

export default async function ({ host, workbench }) {
  const chat = await workbench.chat();
  const button = (text) => chat.locator('.composer button', { hasText: text });
  const prompt = chat.locator('.composer textarea');
  const queued = (text) => chat.locator('.queue li', { hasText: text });
  const users = (request) =>
    request.messages.filter(({ role }) => role === 'user').map(({ content }) => words(content));

  await workbench.send(chat, 'wait for me');
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();
  await chat.locator('.permission').waitFor({ state: 'detached' });
  await chat.locator('.tool[data-status="running"]').waitFor();
  await prompt.fill('list src');
  await button('Queue').click();
  await queued('list src').locator('button').first().click();
  await queued('list src').waitFor({ state: 'detached' });
  assert.equal(await prompt.inputValue(), 'list src', 'a prompt that waits is taken back to be edited');

  await prompt.fill('answer this afterwards');
  await button('Queue').click();
  await queued('answer this afterwards').waitFor();
  await prompt.fill('look at that, too');
  await prompt.press('Alt+Enter');
  await queued('look at that, too').waitFor();
  writeFileSync(join(host.project, 'go'), '');
  await chat.locator('.text', { hasText: 'The queue is empty.' }).waitFor();
  await workbench.settled(chat);
  const [, steered, afterwards] = provider.requests;
  assert.equal(steered.messages.filter(({ role }) => role === 'tool').length, 1);
  assert.deepEqual(users(steered), ['wait for me', 'look at that, too'], 'steered: with the next step of the turn');
  assert.equal(users(afterwards).at(-1), 'answer this afterwards', 'queued: when the turn has ended');

  await workbench.send(chat, 'wait again');
  await chat.locator('.tool[data-status="running"]').waitFor();
  await prompt.fill('this first');
  await button('Interrupt').click();
  await chat.locator('.text', { hasText: 'That came first.' }).waitFor();
  await workbench.settled(chat);
  assert.equal(users(provider.requests[4]).at(-1), 'this first');
  assert.equal(await chat.locator('.tool[data-status="error"]').count(), 1, 'the command was stopped');
  provider.stop();
}

function words(content) {
  return typeof content === 'string' ? content : content.map(({ text }) => text).join('\n');
}
