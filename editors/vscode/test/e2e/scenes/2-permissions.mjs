// A permission is granted and one refused with words; one is answered by chord; one goes away when the turn is stopped.

import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\nsecond line\n' });
}

export default async function ({ host, workbench }) {
  const chat = await workbench.chat();
  const notes = join(host.project, 'notes.txt');
  const card = chat.locator('.permission');

  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  await card.waitFor();
  assert.match(await card.innerText(), /Edit notes\.txt\?/);
  assert.match(await workbench.status().innerHTML(), /bell-dot/);
  await workbench.page.locator('.activitybar .badge-content', { hasText: '1' }).waitFor();
  assert.equal(readFileSync(notes, 'utf8'), 'hello world\nsecond line\n', 'nothing is changed before');
  await card.locator('button', { hasText: 'Allow once' }).click();
  await workbench.settled(chat);
  await chat.locator('.text', { hasText: 'I replaced' }).waitFor();
  assert.equal(readFileSync(notes, 'utf8'), 'goodbye world\nsecond line\n');
  await workbench.page.locator('.activitybar .badge-content', { hasText: '1' }).waitFor({ state: 'hidden' });

  await workbench.send(chat, 'run `touch one && rm notes.txt`');
  await card.waitFor();
  assert.equal(await card.locator('.command').innerText(), 'touch one && rm notes.txt');
  assert.deepEqual(await card.locator('.item code').allInnerTexts(), ['touch one', 'rm notes.txt']);
  await card.locator('.feedback').fill('Leave the notes alone');
  await chat.locator('.permission button:enabled', { hasText: 'Refuse' }).waitFor();
  await card.locator('.feedback').press('Enter');
  await workbench.settled(chat);
  assert.ok(existsSync(notes) && !existsSync(join(host.project, 'one')));
  assert.equal(await chat.locator('.tool').last().getAttribute('data-status'), 'error');

  await workbench.send(chat, 'run `touch two`');
  await card.waitFor();
  await workbench.page.keyboard.press('Control+Alt+p');
  await workbench.page.keyboard.press('y');
  await workbench.settled(chat);
  assert.ok(existsSync(join(host.project, 'two')));

  await workbench.send(chat, 'run `touch three`');
  await card.waitFor();
  await chat.locator('.composer button', { hasText: 'Stop' }).click();
  await card.waitFor({ state: 'detached' });
  await workbench.settled(chat);
  assert.ok(!existsSync(join(host.project, 'three')));
}
