// What is written and not sent is there again when the view was hidden, and when the window was loaded anew: words, a
// file, a picture. What was sent does not come back.

import assert from 'node:assert/strict';

import { configure, files } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const DRAFT = 'a prompt that is\nnot ready';
let provider;

export async function prepare({ host }) {
  files(host, { 'notes.txt': 'hello world\n' });
  provider = await scriptedProvider([{ text: 'I have read it.' }]);
  configure(host, provider.config);
}

export default async function ({ workbench }) {
  const { page } = workbench;
  let chat = await workbench.chat();
  const prompt = () => chat.locator('.composer textarea');
  const chips = () => chat.locator('.chip').allInnerTexts();
  const isThere = async () => {
    assert.equal(await prompt().inputValue(), DRAFT);
    const [file, picture, ...more] = await chips();
    assert.match(file, /notes\.txt/);
    assert.match(picture, /pixel\.png/);
    assert.deepEqual(more, []);
  };

  await prompt().click();
  await page.keyboard.type('@notes');
  await chat.locator('.offer.active', { hasText: 'notes.txt' }).waitFor();
  await page.keyboard.press('Enter');
  await chat.locator('.chip').waitFor();
  await pastePixel(prompt());
  await chat.locator('.chip').nth(1).waitFor();
  await prompt().fill(DRAFT);
  await isThere();

  /** A page that is hidden is gone; the one that is shown then is another. */
  const hidden = async () => {
    await page.locator('.activitybar .action-label[aria-label^="Explorer"]').click();
    await page.locator('.explorer-folders-view').waitFor();
    assert.deepEqual(await workbench.frames('chat'), []);
    return workbench.chat();
  };
  chat = await hidden();
  await isThere();

  chat = await workbench.reloaded();
  await isThere();
  await prompt().press('Enter');
  await chat.locator('.text', { hasText: 'I have read it.' }).waitFor();
  await workbench.settled(chat);
  assert.match(JSON.stringify(provider.requests[0].messages), new RegExp(PIXEL.slice(0, 40)));

  chat = await hidden();
  await chat.locator('.text', { hasText: 'I have read it.' }).waitFor();
  assert.equal(await prompt().inputValue(), '');
  assert.deepEqual(await chips(), []);
  provider.stop();
}

function pastePixel(prompt) {
  return prompt.evaluate((field, base64) => {
    const clipboardData = new DataTransfer();
    const bytes = Uint8Array.from(atob(base64), (it) => it.charCodeAt(0));
    clipboardData.items.add(new File([bytes], 'pixel.png', { type: 'image/png' }));
    field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, PIXEL);
}
