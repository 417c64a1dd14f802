// End-to-end in the real workbench: node test/e2e/run.mjs [scenes | screenshots | measure] [names…].
// AGENTLS_BINARY is the server that goes into the .vsix; AGENTLS_VSIX takes one that is there already.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { startHost } from './host.mjs';
import { openBrowser, Workbench } from './workbench.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [kind = 'scenes', ...names] = process.argv.slice(2);
const FOLDERS = { scenes: 'scenes', screenshots: 'pictures', measure: 'figures' };
const work = mkdtempSync(join(tmpdir(), 'agentls-e2e-'));
const vsix = process.env.AGENTLS_VSIX ?? makeVsix();
const screenshots = join(root, 'screenshots');
mkdirSync(screenshots, { recursive: true });

let failed = 0;
for (const name of readdirSync(new URL(FOLDERS[kind], import.meta.url)).sort()) {
  if (names.length > 0 && !names.some((it) => name.includes(it))) continue;
  const scene = await import(new URL(`${FOLDERS[kind]}/${name}`, import.meta.url));
  if (!(await play(name.replace('.mjs', ''), scene))) failed += 1;
}
rmSync(work, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);

/** Plays one scene in a host and a browser of its own; whether it went well. */
async function play(name, scene) {
  const began = Date.now();
  const host = await startHost({ vsix, ...scene.options });
  const browser = await openBrowser(scene.options?.size);
  const took = () => `${((Date.now() - began) / 1_000).toFixed(1)} s`;
  try {
    await scene.prepare?.({ host });
    const workbench = await Workbench.open(browser, host.url);
    await scene.default({ host, browser, workbench, screenshots });
    console.log(`ok      ${name} (${took()})`);
    return true;
  } catch (problem) {
    console.log(`FAILED  ${name} (${took()})\n${problem.stack ?? problem}`);
    await browser
      .pages()
      .at(-1)
      ?.screenshot({ path: join(screenshots, `failed-${name}.png`) });
    return false;
  } finally {
    await browser.close();
    await host.stop();
  }
}

function makeVsix() {
  const path = join(work, 'agentls.vsix');
  const binary = process.env.AGENTLS_BINARY ?? join(root, '../../target/release/agentls');
  const made = spawnSync(process.execPath, ['scripts/package.mjs', binary, path], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  if (made.status !== 0) process.exit(made.status ?? 1);
  return path;
}
