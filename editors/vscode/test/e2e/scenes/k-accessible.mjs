// Chat, permission, context view, and the cards of trust and of a question as assistive technology gets them, judged by axe in the light, dark and both
// high-contrast themes: names, roles, contrast. Permissions are announced, offers are spoken.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { configure, files } from '../host.mjs';
import { scriptedProvider } from '../../support/scripted.mjs';
import { smallSessions } from '../../support/history.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const THEMES = {
  'Default Light Modern': 'vscode-light',
  'Default Dark Modern': 'vscode-dark',
  'Default High Contrast': 'vscode-high-contrast:not(.vscode-high-contrast-light)',
  'Default High Contrast Light': 'vscode-high-contrast-light',
};

let provider;

export async function prepare({ host }) {
  const asked = { question: 'Which of them?', options: ['This one', 'The other'] };
  provider = await scriptedProvider([
    {
      calls: [
        ['question', { questions: [asked] }],
        ['edit', { path: 'notes.txt', oldText: 'a', newText: 'b' }],
      ],
    },
  ]);
  configure(host, { ...provider.config, model: 'offline/explorer' });
  const directory = join(host.root, 'elsewhere');
  mkdirSync(join(directory, '.agentls', 'commands'), { recursive: true });
  writeFileSync(join(directory, '.agentls', 'commands', 'own.md'), 'Do it.\n');
  writeFileSync(join(directory, 'notes.txt'), 'a\n');
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  smallSessions({ binary: host.binary(), env, root: host.root, directory, titles: ['Work elsewhere'] });
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

  assert.deepEqual(await wrong(host, { chat, context }), []);

  await workbench.command('agentls: Find a Session');
  await workbench.pickRow('Work elsewhere');
  await chat.locator('.message.user', { hasText: 'Work elsewhere' }).waitFor();
  await workbench.command('agentls: Choose the Model');
  await workbench.pickRow('double/scripted');
  await chat.locator('.choice.model', { hasText: 'scripted' }).waitFor();
  await workbench.send(chat, 'ask me, then change it');
  await chat.locator('.card.question').waitFor();
  await chat.locator('.card.trust button:enabled').first().waitFor();
  assert.match(await chat.locator('[aria-live="assertive"]').innerText(), /Permission needed: Trust/);
  assert.deepEqual(await wrong(host, { chat }), []);
  provider.stop();
}

async function wrong(host, frames) {
  const found = [];
  for (const [theme, kind] of Object.entries(THEMES)) {
    host.set({ 'workbench.colorTheme': theme });
    for (const [name, frame] of Object.entries(frames)) {
      await frame.locator(`body.${kind}`).waitFor();
      found.push(...(await violations(frame)).map((it) => `${name} in “${theme}”: ${it}`));
    }
  }
  return found;
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
