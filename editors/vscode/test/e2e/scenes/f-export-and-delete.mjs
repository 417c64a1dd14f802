// Sessions are exported as Markdown and JSON, put away and brought back, deleted only after a question.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { smallSessions } from '../../support/history.mjs';

export function prepare({ host }) {
  smallSessions({
    binary: host.binary(),
    env: { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir },
    root: host.root,
    directory: host.project,
    titles: ['Parser rewrite', 'Cache figures'],
  });
}

export default async function ({ host, workbench }) {
  const { page } = workbench;
  const chat = await workbench.chat();
  await workbench.row('Parser rewrite').click();
  await chat.locator('.message.user', { hasText: 'About Parser rewrite' }).waitFor();

  await exportTo(workbench, join(host.project, 'parser.md'));
  await page.locator('.tab', { hasText: 'parser.md' }).waitFor();
  assert.match(readFileSync(join(host.project, 'parser.md'), 'utf8'), /About Parser rewrite[\s\S]*pub fn parse_0/);
  await exportTo(workbench, join(host.project, 'parser.json'));
  await page.locator('.tab', { hasText: 'parser.json' }).waitFor();
  assert.match(
    JSON.stringify(JSON.parse(readFileSync(join(host.project, 'parser.json'), 'utf8'))),
    /About Parser rewrite/,
  );

  const cache = workbench.row('Cache figures');
  await cache.hover();
  await cache.locator('.action-label[aria-label*="Archive Session"]').click();
  await cache.waitFor({ state: 'detached' });
  await workbench.ofView('Sessions', 'Show Archived Sessions');
  await cache.waitFor();
  await workbench.row('Parser rewrite').waitFor({ state: 'detached' });
  await cache.hover();
  await cache.locator('.action-label[aria-label*="Bring Session Back"]').click();
  await page.locator('.pane a, .pane .monaco-button', { hasText: 'Show Current Sessions' }).click();
  await cache.waitFor();

  const parser = workbench.row('Parser rewrite');
  const answer = (text) => page.locator('.monaco-dialog-box .monaco-button', { hasText: text }).click();
  await workbench.command('agentls: Delete Session…');
  await answer('Cancel');
  await parser.waitFor();
  await workbench.command('agentls: Delete Session…');
  await answer('Delete');
  await parser.waitFor({ state: 'detached' });
  await chat.locator('.welcome').waitFor();
  await cache.waitFor();
}

async function exportTo(workbench, path) {
  await workbench.command('agentls: Export Session…');
  // The dialog proposes a name when it has read the folder.
  await workbench.page.waitForFunction(() =>
    document.querySelector('.quick-input-widget input.input')?.value.endsWith('Parser rewrite.md'),
  );
  await workbench.pick(path);
}
