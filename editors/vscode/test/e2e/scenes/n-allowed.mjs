// What was allowed for the session is listed, and asked again once it is taken back.

import { configure } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

export const options = { needs: ['permission/list', 'permission/revoke'] };
let provider;

export async function prepare({ host }) {
  provider = await scriptedProvider([
    { calls: [['bash', { command: 'touch one' }]] },
    { text: 'Done.' },
    { calls: [['bash', { command: 'touch one' }]] },
    { text: 'Done again.' },
    { calls: [['bash', { command: 'touch one' }]] },
  ]);
  configure(host, provider.config);
}

export default async function ({ workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await workbench.send(chat, 'touch it');
  await chat.locator('.permission button:enabled', { hasText: 'Allow for this session' }).click();
  await chat.locator('.text', { hasText: 'Done.' }).waitFor();
  await workbench.settled(chat);
  await workbench.send(chat, 'and again');
  await chat.locator('.text', { hasText: 'Done again.' }).waitFor();
  await workbench.settled(chat);
  await workbench.command('agentls: Show What Is Allowed');
  await workbench.pickRow('touch one');
  await page.locator('.quick-input-list .monaco-list-row', { hasText: 'Nothing' }).waitFor();
  await page.keyboard.press('Escape');
  await workbench.send(chat, 'and once more');
  await chat.locator('.permission').waitFor();
  provider.stop();
}
