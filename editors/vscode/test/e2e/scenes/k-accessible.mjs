// Chat, permission and context view as assistive technology gets them, judged by axe in the light, dark and both
// high-contrast themes: names, roles, contrast. Permissions are announced, offers are spoken.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

import { files } from '../host.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = {
  'Default Light Modern': 'vscode-light',
  'Default Dark Modern': 'vscode-dark',
  'Default High Contrast': 'vscode-high-contrast:not(.vscode-high-contrast-light)',
  'Default High Contrast Light': 'vscode-high-contrast-light',
};

export function prepare({ host }) {
  files(host, { 'src/main.rs': 'fn main() {\n    println!("hello");\n}\n', 'notes.txt': 'hello world\nsecond line\n' });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await workbench.send(chat, 'where is main defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);
  for (const details of await chat.locator('details').all()) await details.evaluate((element) => (element.open = true));
  await chat.locator('.tool .output').first().waitFor();

  const prompt = chat.locator('.composer textarea');
  await prompt.click();
  await page.keyboard.type('/co');
  const active = chat.locator('.offer.active');
  await active.waitFor();
  assert.equal(await prompt.getAttribute('aria-activedescendant'), await active.getAttribute('id'));
  await page.keyboard.press('ArrowDown');
  assert.equal(await prompt.getAttribute('aria-activedescendant'), await active.getAttribute('id'));
  await page.keyboard.press('Escape');
  assert.equal(await prompt.getAttribute('aria-activedescendant'), null);
  await prompt.fill('');

  await workbench.send(chat, 'replace "hello" with "goodbye" in notes.txt');
  await chat.locator('.permission button:enabled').first().waitFor();
  assert.match(await chat.locator('[aria-live="assertive"]').innerText(), /Permission needed: Edit notes\.txt/);
  assert.equal(await chat.evaluate(() => document.activeElement?.tagName), 'TEXTAREA', 'a card takes no focus');
  await workbench.command('agentls: Show What the Model Sees');
  const context = await workbench.context();
  await context.locator('.row summary').first().click();
  await context.locator('.behind pre').first().waitFor();

  const wrong = [];
  for (const [theme, kind] of Object.entries(THEMES)) {
    host.set({ 'workbench.colorTheme': theme });
    for (const [name, frame] of Object.entries({ chat, context })) {
      await frame.locator(`body.${kind}`).waitFor();
      wrong.push(...(await violations(frame)).map((it) => `${name} in “${theme}”: ${it}`));
    }
  }
  assert.deepEqual(wrong, []);
}

async function violations(frame) {
  await frame.evaluate(AXE);
  // The pages are transparent: axe cannot see what the workbench paints behind them.
  await frame.evaluate(() => {
    const place = document.body.dataset.page === 'chat' ? 'sideBar' : 'editor';
    document.documentElement.style.background = `var(--vscode-${place}-background)`;
  });
  const found = await frame.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary.replace(/\s+/g, ' ')}`),
  );
}
