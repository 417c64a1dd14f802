// A hunk that is rejected while its turn still runs waits, and says so; when the turn has ended it is taken back, and
// the other hunk stays.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configure, files } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

const LINES = Array.from({ length: 40 }, (_, at) => `line ${at + 1}`);
let provider;

export async function prepare({ host }) {
  files(host, { 'notes.txt': `${LINES.join('\n')}\n`, 'wait.sh': 'until [ -e go ]; do sleep 0.05; done\n' });
  provider = await scriptedProvider([
    { calls: [['edit', { path: 'notes.txt', oldText: 'line 3\n', newText: 'three\n' }]] },
    { calls: [['edit', { path: 'notes.txt', oldText: 'line 30', newText: 'thirty' }]] },
    { calls: [['bash', { command: 'sh wait.sh' }]] },
    { text: 'All is done.' },
  ]);
  configure(host, { ...provider.config, permission: { edit: 'allow', bash: 'allow' } });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const text = () => readFileSync(join(host.project, 'notes.txt'), 'utf8').split('\n');
  const rows = page.locator('.pane', { hasText: 'Changes' }).locator('.monaco-list-row');
  const first = rows.filter({ hasText: '3: line 3' }).first();
  const second = rows.filter({ hasText: '30: line 30' });

  await workbench.send(chat, 'change two lines, then wait');
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).click();
  await chat.locator('.permission').waitFor({ state: 'detached' });
  await chat.locator('.tool[data-status="running"]').waitFor();
  await second.waitFor();
  await second.hover();
  await second.locator('.action-label[aria-label*="Reject This Change"]').click();
  await second.filter({ hasText: 'taken back when the turn has ended' }).waitFor();
  assert.deepEqual([text()[2], text()[29]], ['three', 'thirty'], 'under the turn nothing is taken back');
  assert.equal(await second.locator('.action-label[aria-label*="This Change"]').count(), 0);
  assert.equal(await chat.locator('.tool[data-status="running"]').count(), 1);

  writeFileSync(join(host.project, 'go'), '');
  await chat.locator('.text', { hasText: 'All is done.' }).waitFor();
  await second.filter({ hasText: 'rejected' }).waitFor();
  await workbench.settled(chat);
  assert.deepEqual([text()[2], text()[29]], ['three', 'line 30']);
  await first.hover();
  await first.locator('.action-label[aria-label*="Accept This Change"]').click();
  await first.filter({ hasText: 'accepted' }).waitFor();
  provider.stop();
}
