// A picture from the clipboard goes with the prompt, and the model gets it.

import assert from 'node:assert/strict';

import { configure } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';

let provider;

export async function prepare({ host }) {
  provider = await scriptedProvider([{ text: 'A red square.' }]);
  configure(host, provider.config);
}

export default async function ({ browser, workbench }) {
  const chat = await workbench.chat();
  const prompt = chat.locator('.composer textarea');
  await prompt.click();
  assert.equal(await paste(prompt, 'picture'), true, 'the editor’s own paste is not wanted');
  await chat.locator('.chip', { hasText: 'square.png' }).waitFor();
  await prompt.fill('what is on it?');
  await prompt.press('Enter');
  await chat.locator('.text', { hasText: 'A red square.' }).waitFor();
  await chat.locator('.message.user .small', { hasText: 'image' }).waitFor();
  await workbench.settled(chat);
  assert.equal(await chat.locator('.chip').count(), 0);
  assert.match(JSON.stringify(provider.requests[0].messages), /data:image\/png;base64,iVBOR/);

  assert.equal(await paste(prompt, 'text'), false, 'what is no picture is pasted as text');
  assert.equal(await chat.locator('.chip').count(), 0);
  provider.stop();
}

/** Pastes a red square that is drawn here, or plain words; whether the page took it over. */
function paste(prompt, what) {
  return prompt.evaluate(async (field, kind) => {
    const clipboardData = new DataTransfer();
    if (kind === 'text') clipboardData.setData('text/plain', 'plain words');
    else {
      const canvas = Object.assign(document.createElement('canvas'), { width: 32, height: 32 });
      const pen = canvas.getContext('2d');
      pen.fillStyle = 'red';
      pen.fillRect(0, 0, 32, 32);
      const blob = await new Promise((resolve) => canvas.toBlob(resolve, 'image/png'));
      clipboardData.items.add(new File([blob], 'square.png', { type: 'image/png' }));
    }
    return !field.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, what);
}
