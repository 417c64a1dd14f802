// End-to-end in the real workbench: node test/e2e/run.mjs [scenes | screenshots | measure] [names…].
// AGENTLS_BINARY is the server that goes into the .vsix; AGENTLS_VSIX takes one that is there already.

import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from '../support/client.mjs';
import { Host } from './host.mjs';
import { openBrowser, forget, Workbench } from './workbench.mjs';

const root = fileURLToPath(new URL('../..', import.meta.url));
const [kind = 'scenes', ...names] = process.argv.slice(2);
const FOLDERS = { scenes: 'scenes', screenshots: 'pictures', measure: 'figures' };
const work = mkdtempSync(join(tmpdir(), 'agentls-e2e-'));
const vsix = process.env.AGENTLS_VSIX ?? makeVsix();
const screenshots = join(root, 'screenshots');
mkdirSync(screenshots, { recursive: true });

/** No scene takes longer, however busy the machine is. */
const SCENE_MS = 180_000;
/** One editor for scenes without a question of trust, one for those with it; each started when it is needed. */
const hosts = new Map();
const browser = await openBrowser();
let failed = 0;
for (const name of readdirSync(new URL(FOLDERS[kind], import.meta.url)).sort()) {
  if (names.length > 0 && !names.some((it) => name.includes(it))) continue;
  const scene = await import(new URL(`${FOLDERS[kind]}/${name}`, import.meta.url));
  if (!(await play(name.replace('.mjs', ''), scene))) failed += 1;
}
await browser.close();
for (const host of hosts.values()) await host.stop();
rmSync(work, { recursive: true, force: true });
process.exit(failed > 0 ? 1 : 0);

/** Plays one scene in a place and a window of its own; whether it went well. */
async function play(name, { options = {}, prepare, default: scene }) {
  const began = Date.now();
  const took = () => `${((Date.now() - began) / 1_000).toFixed(1)} s`;
  const host = await hostFor(options.trust ?? false);
  const missing = (options.needs ?? []).filter((method) => !host.methods.includes(method));
  if (missing.length > 0) {
    console.log(`skipped ${name}: the server has no ${missing.join(', ')}`);
    return true;
  }
  const place = host.place(options);
  let workbench;
  try {
    await prepare?.({ host: place });
    workbench = await Workbench.open(browser, place.url, options.size);
    await within(SCENE_MS, scene({ host: place, browser, workbench, screenshots }));
    console.log(`ok      ${name} (${took()})`);
    return true;
  } catch (problem) {
    console.log(`FAILED  ${name} (${took()})\n${problem.stack ?? problem}`);
    const page = browser.pages().at(-1);
    await page?.screenshot({ path: join(screenshots, `failed-${name}.png`) });
    return false;
  } finally {
    await forget(browser, host.origin);
    await untilGone(place);
    await place.remove();
  }
}

function within(millis, scene) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`The scene took longer than ${millis} ms.`)), millis);
  });
  return Promise.race([scene, late]).finally(() => clearTimeout(timer));
}

async function hostFor(trust) {
  const host = hosts.get(trust) ?? (await Host.start({ vsix, trust }));
  host.methods ??= await methodsOf(host.place());
  hosts.set(trust, host);
  return host;
}

/** The methods that the server announces: scenes of newer ones are played where they are there. */
async function methodsOf(place) {
  const env = { AGENTLS_DATA_DIR: place.dataDir, AGENTLS_CONFIG_DIR: place.configDir };
  const client = await Client.start(place.binary(), env);
  await client.stop();
  return client.initialized.capabilities.experimental.agentls.methods;
}

/** A window that is closed leaves no server behind. */
async function untilGone(place) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    if (place.servers().length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`Servers are left behind: ${place.servers().join(', ')}`);
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
