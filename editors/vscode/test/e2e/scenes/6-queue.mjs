// While a turn runs: a prompt is queued, edited and withdrawn; the turn is stopped; another one interrupts.

import assert from 'node:assert/strict';

export default async function ({ workbench }) {
  const chat = await workbench.chat();
  const button = (text) => chat.locator('.composer button', { hasText: text });
  const prompt = chat.locator('.composer textarea');
  await workbench.send(chat, 'run `sleep 60`');
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();
  await chat.locator('.tool[data-status="running"]').waitFor();

  await prompt.fill('list src');
  await button('Queue').click();
  const queued = chat.locator('.queue li', { hasText: 'list src' });
  await queued.waitFor();
  await queued.locator('button').first().click();
  await queued.waitFor({ state: 'detached' });
  assert.equal(await prompt.inputValue(), 'list src', 'a prompt that waits is taken back to be edited');

  await prompt.fill('hello there');
  await button('Interrupt').click();
  await chat.locator('.text', { hasText: 'offline explorer' }).waitFor();
  await workbench.settled(chat);
  assert.equal(await chat.locator('.tool[data-status="error"]').count(), 1);
  assert.equal(await chat.locator('.message.user').count(), 2);
}
