// Hostile strings everywhere: nothing executes, nothing breaks the layout, nothing hangs.

import assert from 'node:assert/strict';

import { hostileSession } from '../../support/history.mjs';
import { tasks, trace } from '../tracing.mjs';

const TITLE = '<img src=x onerror="window.hacked=1">\u202e Hostile $(trash) [x](command:workbench.action.quit) \u0007';
const STRINGS = [
  '<script>window.hacked = 1</script><img src=x onerror="window.hacked=1"><iframe src="https://example.org"></iframe>',
  '[click](javascript:window.hacked=1) [run](command:workbench.action.quit) ![x](https://example.org/x.png)',
  '\u001b[2J\u001b]0;title\u0007 \u202eesrever\u202c \u2066hidden\u2069 a\u200bb',
  'x'.repeat(1_000_000),
  '- item\n'.repeat(10_000),
  '```\n' + 'y '.repeat(200_000),
  '> '.repeat(5_000) + 'deep',
  '| a '.repeat(2_000) + '|\n' + '|---'.repeat(2_000) + '|\n' + '| b '.repeat(2_000) + '|',
  'W'.repeat(400) + ' ' + 'ﷺ'.repeat(2_000),
];

export function prepare({ host }) {
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  hostileSession({
    binary: host.binary(),
    env,
    root: host.root,
    directory: host.project,
    strings: STRINGS,
    title: TITLE,
  });
}

export default async function ({ browser, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await workbench.row('Hostile').waitFor();
  assert.ok((await workbench.row('Hostile').innerText()).includes('⟨U+202E⟩'));
  await workbench.row('Hostile').click();
  await chat
    .locator('.message.user')
    .nth(STRINGS.length - 1)
    .waitFor();
  const stop = await trace(browser, page);
  for (const details of await chat.locator('details').all()) await details.evaluate((element) => (element.open = true));
  // Everything there is to be read is read.
  for (let round = 0; round < 3; round += 1) {
    for (const button of await chat.locator('button.link').all())
      await button.click({ timeout: 1_000 }).catch(() => undefined);
    await page.waitForTimeout(300);
  }
  assert.equal(await chat.evaluate(() => window.hacked), undefined);
  assert.equal(await page.evaluate(() => window.hacked), undefined);
  assert.equal(await chat.locator('.messages script, .messages img, .messages iframe').count(), 0);
  const [wide, inner] = await chat.evaluate(() => [
    document.querySelector('.scroll').scrollWidth,
    document.querySelector('.scroll').clientWidth,
  ]);
  assert.ok(wide <= inner, `the page is ${wide} wide in ${inner}`);
  const slowest = Math.max(...tasks(await stop()).map(({ cpu }) => cpu));
  assert.ok(slowest < 1_000, `a task took ${slowest} ms`);
  await workbench.send(chat, 'hello');
  await chat.locator('.text', { hasText: 'offline explorer' }).waitFor();

  await workbench.command('agentls: Show What the Model Sees');
  const view = await workbench.context();
  await view.locator('.row').first().waitFor();
  for (const summary of (await view.locator('.row > summary').all()).slice(0, 10)) await summary.click();
  await page.waitForTimeout(500);
  assert.equal(await view.evaluate(() => window.hacked), undefined);
  assert.equal(await view.locator('.tab-content :is(script, img, iframe)').count(), 0);
}
