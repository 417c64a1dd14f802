// Installed, opened, prompted without a key: the answer streams, tool calls are cards, the session is listed.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {\n    println!("hello");\n}\n' });
}

export default async function ({ workbench }) {
  const chat = await workbench.chat();
  await chat.locator('.welcome').waitFor();
  await workbench.send(chat, 'where is main defined?');
  await chat.locator('.message.assistant .text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);
  assert.equal(await chat.locator('.welcome').count(), 0);
  assert.match(await chat.locator('.text pre code').first().innerText(), /fn main\(\)/);
  assert.ok((await chat.locator('.text pre code [class*="hljs-"]').count()) > 0, 'code is coloured');
  assert.match(await chat.locator('.reasoning summary').first().innerText(), /Thought/);

  const card = chat.locator('.tool').first();
  assert.equal(await card.getAttribute('data-status'), 'completed');
  await card.locator('summary').click();
  await card.locator('.output, .diff').first().waitFor();

  await workbench.row('where is main defined?').first().waitFor();
  assert.match(await workbench.status().innerText(), /agentls \d+ %/);

  // The second prompt of the history comes back with the arrow key.
  const prompt = chat.locator('.composer textarea');
  await prompt.press('ArrowUp');
  assert.equal(await prompt.inputValue(), 'where is main defined?');
}
