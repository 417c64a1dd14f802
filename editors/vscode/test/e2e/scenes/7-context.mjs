// What the model still sees: the meter, the pieces, the digest and the whole, the ledger, the next request, a compaction.

import assert from 'node:assert/strict';

import { longSession } from '../../support/history.mjs';

let title;

export function prepare({ host }) {
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  title = longSession({
    binary: host.binary(),
    env,
    root: host.root,
    directory: host.project,
    messages: 100,
    bytes: 400_000,
  });
}

export default async function ({ workbench }) {
  const chat = await workbench.chat();
  await workbench.row(title).click();
  await chat.locator('.message').first().waitFor();
  await workbench.command('agentls: Show What the Model Sees');
  const view = await workbench.context();
  await view.locator('.bar-of-window .segment.full').waitFor();
  assert.match(await view.locator('.headline').innerText(), /of 200k tokens .* compaction starts at 180k/);

  const row = view.locator('.row', { hasText: 'bash' }).first();
  await row.locator('summary').click();
  await row.locator('.behind pre').first().waitFor();
  assert.match(await row.locator('.behind').innerText(), /sha256=[\s\S]*The whole/);

  await view.locator('button', { hasText: 'What would go?' }).click();
  await view.locator('.outcome', { hasText: /would be .* less/ }).waitFor();
  await view.locator('button.primary', { hasText: 'Compact' }).click();
  await view.locator('.outcome', { hasText: /→ .* tokens/ }).waitFor({ timeout: 30_000 });
  await view.locator('.segment.summary').waitFor();
  assert.ok((await view.locator('.row.summarized').count()) > 0);
  await chat.locator('.message.summary').waitFor();

  await view.locator('.tabs button', { hasText: 'Ledger' }).click();
  await view.locator('.ledger tbody tr').first().waitFor();
  await view.locator('.tabs button', { hasText: 'Next request' }).click();
  await view.locator('.next-request pre.body').waitFor();
  assert.match(await view.locator('.next-request pre.head').innerText(), /builtin:explorer/);
}
