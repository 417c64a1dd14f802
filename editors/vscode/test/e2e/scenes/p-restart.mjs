// A prompt sent right after “Restart Server” is there and answered, in the session on screen or in the new one that was
// begun meanwhile.

import assert from 'node:assert/strict';

import { configure, files, gone } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

const ROUNDS = 2;
let provider;

export async function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\n' });
  provider = await scriptedProvider(Array.from({ length: 1 + 2 * ROUNDS }, (_, at) => ({ text: `Answer ${at}.` })));
  configure(host, provider.config);
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const prompt = chat.locator('.composer textarea');
  const users = chat.locator('.message.user');
  let asked = 0;
  const ask = async (shown) => {
    await workbench.send(chat, `Question ${asked}`);
    await chat.locator('.text', { hasText: `Answer ${asked}.` }).waitFor();
    await workbench.settled(chat);
    assert.deepEqual(
      (await users.allInnerTexts()).map((text) => /Question \d+/.exec(text)?.[0]),
      Array.from({ length: shown }, (_, at) => `Question ${asked - shown + 1 + at}`),
    );
    assert.equal(await prompt.inputValue(), '');
    asked += 1;
  };

  /** The command is at work when the old server goes; the new one is not there yet. */
  const restart = async () => {
    const [before] = host.servers();
    await workbench.command('agentls: Restart Server');
    await gone(host, before);
  };

  await ask(1);
  for (let round = 0; round < ROUNDS; round += 1) {
    await restart();
    await ask(2);
    await restart();
    await prompt.fill('/new');
    await chat.locator('.offer.active', { hasText: '/new' }).waitFor();
    await page.keyboard.press('Enter');
    await users.first().waitFor({ state: 'detached' });
    await ask(1);
  }

  const sessions = workbench.row('Question');
  await sessions.nth(ROUNDS).waitFor();
  assert.equal(await sessions.count(), ROUNDS + 1, 'the first one, and one for each that was begun anew');
  provider.stop();
}
