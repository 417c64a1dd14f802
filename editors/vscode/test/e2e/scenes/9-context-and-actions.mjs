// What goes with a prompt: files and the selection through `@`, the menus and the light bulb; commands through `/`.

import assert from 'node:assert/strict';

import { files } from '../host.mjs';

export function prepare({ host }) {
  files(host, {
    'src/main.rs': 'fn main() {\n    println!("hello");\n}\n',
    'src/parser/lexer.rs': 'pub fn lex() {}\n',
  });
}

export default async function ({ workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  const prompt = chat.locator('.composer textarea');
  const chips = chat.locator('.chip');

  await prompt.click();
  await page.keyboard.type('explain @lex');
  await chat.locator('.offer', { hasText: 'lexer.rs' }).waitFor();
  await page.keyboard.press('Enter');
  await chips.first().waitFor();
  assert.match(await chips.innerText(), /src\/parser\/lexer\.rs/);
  assert.equal(await prompt.inputValue(), 'explain ');
  await page.keyboard.press('Enter');
  await chat.locator('.message.user .small', { hasText: 'lexer.rs' }).waitFor();
  await workbench.settled(chat);
  assert.equal(await chips.count(), 0);

  await page.keyboard.press('Control+p');
  await workbench.pickRow('main.rs');
  const editor = page.locator('.monaco-editor[data-uri*="main.rs"] .view-lines').first();
  await editor.click();
  await page.keyboard.press('Control+a');
  await page.keyboard.press('Control+.');
  await page.locator('.action-widget .monaco-list-row', { hasText: 'Explain with agentls' }).waitFor();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await chips.first().waitFor();
  assert.match(await chips.innerText(), /src\/main\.rs:1–4|src\/main\.rs:1–3/);
  await chat.waitForFunction(() => document.querySelector('.composer textarea').value.startsWith('Explain this code'));
  await chips.locator('button').click();
  assert.equal(await chips.count(), 0);

  await prompt.fill('');
  await prompt.click();
  await page.keyboard.type('/cont');
  await chat.locator('.offer', { hasText: '/context' }).waitFor();
  await page.keyboard.press('Enter');
  await (await workbench.context()).locator('.bar-of-window').waitFor();
  assert.equal(await prompt.inputValue(), '');

  await chat.locator('.choice.model').click();
  await workbench.pickRow('offline/explorer');
  await chat.locator('.choice.model', { hasText: 'offline/explorer' }).waitFor();
}
