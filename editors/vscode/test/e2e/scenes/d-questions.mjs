// What the model asks: chosen, written, not answered, withdrawn with its turn. Its todo list. A retry with its
// countdown, an error with its cure.

import assert from 'node:assert/strict';

import { configure } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

const asks = (question, options) => ({ calls: [['question', { questions: [{ question, options }] }]] });
let provider;

export async function prepare({ host }) {
  const items = [
    { text: 'Read the parser', status: 'done' },
    { text: 'Write the tests', status: 'active' },
    { text: 'Ask about <b>names</b>', status: 'pending' },
  ];
  provider = await scriptedProvider([
    { text: 'I have a plan.', calls: [['todo', { items }]] },
    asks('Which database?', ['SQLite', 'None at all']),
    asks('What is the table called?', []),
    { text: 'Good names.' },
    asks('Really?', ['Yes']),
    { text: 'Then I decide.' },
    asks('Are you there?', ['Yes']),
    { status: 429, text: 'too many', headers: { 'retry-after': '2' } },
    { text: 'Now it works.' },
    { status: 401, text: 'wrong key' },
  ]);
  configure(host, provider.config);
}

export default async function ({ workbench }) {
  const chat = await workbench.chat();
  const card = (text) => chat.locator('.card.question', { hasText: text });
  const lastResult = () => provider.requests.at(-1).messages.findLast(({ role }) => role === 'tool').content;

  await workbench.send(chat, 'design a table');
  await card('Which database?').waitFor();
  await chat.locator('.todo summary', { hasText: '1 of 3 done' }).waitFor();
  assert.equal(await chat.locator('.todo b').count(), 0, 'what stands in the list is text');
  await workbench.page.locator('.activitybar .badge-content', { hasText: '1' }).waitFor();
  await card('Which database?').locator('.option', { hasText: 'None at all' }).click();
  await card('Which database?').locator('button', { hasText: 'Answer' }).first().click();
  await card('What is the table called?').waitFor();
  assert.match(lastResult(), /None at all/);
  await card('What is the table called?').locator('input').fill('prompts');
  await card('What is the table called?').locator('input').press('Enter');
  await chat.locator('.text', { hasText: 'Good names.' }).waitFor();
  assert.match(lastResult(), /prompts/);
  await workbench.settled(chat);

  await workbench.send(chat, 'sure?');
  await card('Really?').locator('button', { hasText: 'Do not answer' }).click();
  await chat.locator('.text', { hasText: 'Then I decide.' }).waitFor();
  await workbench.settled(chat);

  await workbench.send(chat, 'hello?');
  await card('Are you there?').waitFor();
  await chat.locator('.composer button', { hasText: 'Stop' }).click();
  await card('Are you there?').waitFor({ state: 'detached' });
  await workbench.settled(chat);

  await workbench.send(chat, 'again');
  await chat.locator('.status-line', { hasText: 'again in' }).waitFor();
  await chat.locator('.text', { hasText: 'Now it works.' }).waitFor();
  await workbench.settled(chat);

  await workbench.send(chat, 'go on');
  const failed = chat.locator('.banner.failed', { hasText: 'key' });
  await failed.locator('button', { hasText: 'Set a key' }).waitFor();
  await failed.locator('button', { hasText: 'Choose a model' }).click();
  await workbench.pickRow('offline/explorer');
  await chat.locator('.choice.model', { hasText: 'offline/explorer' }).waitFor();
  provider.stop();
}
