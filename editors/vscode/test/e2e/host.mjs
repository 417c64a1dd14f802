// A real VS Code for tests: the server that npm's `code-server` carries, with our extension installed from its .vsix.

import { execFileSync, spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '4.100.3';
const HOSTS = fileURLToPath(new URL('../../.hosts', import.meta.url));
const SETTINGS = {
  'workbench.startupEditor': 'none',
  'chat.disableAIFeatures': true,
  'chat.commandCenter.enabled': false,
  'update.mode': 'none',
  'extensions.autoUpdate': false,
  'telemetry.telemetryLevel': 'off',
  'files.autoSave': 'off',
  'window.commandCenter': false,
  'editor.minimap.enabled': false,
  'workbench.secondarySideBar.defaultVisibility': 'hidden',
};

/** The folder of the VS Code server; downloaded through npm when it is not there. */
export function install() {
  const place = join(HOSTS, VERSION, 'package', 'lib', 'vscode');
  if (existsSync(join(place, 'node_modules', '.ready'))) return place;
  mkdirSync(HOSTS, { recursive: true });
  const fresh = mkdtempSync(join(HOSTS, 'fresh-'));
  const run = (command, args, cwd) => execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  run('npm', ['pack', '--silent', `code-server@${VERSION}`], fresh);
  run('tar', ['xzf', `code-server-${VERSION}.tgz`], fresh);
  const vscode = join(fresh, 'package', 'lib', 'vscode');
  rmSync(join(vscode, 'extensions', 'copilot'), { recursive: true, force: true });
  run('npm', ['install', '--silent', '--omit=dev', '--ignore-scripts'], vscode);
  // Finding files needs ripgrep, which an install script would have downloaded.
  mkdirSync(join(vscode, 'node_modules', '@vscode', 'ripgrep', 'bin'), { recursive: true });
  symlinkSync(process.env.RIPGREP ?? '/usr/bin/rg', join(vscode, 'node_modules', '@vscode', 'ripgrep', 'bin', 'rg'));
  writeFileSync(join(vscode, 'node_modules', '.ready'), '');
  rmSync(join(HOSTS, VERSION), { recursive: true, force: true });
  renameSync(fresh, join(HOSTS, VERSION));
  return place;
}

/** One VS Code for many scenes: each has a place of its own in it, with its folder, its settings and its sessions. */
export class Host {
  static async start({ vsix, trust = false }) {
    const vscode = install();
    const root = mkdtempSync(join(tmpdir(), 'agentls-vscode-'));
    const [data, extensions] = ['data', 'extensions'].map((name) => join(root, name));
    for (const folder of [join(data, 'Machine'), join(data, 'User'), extensions])
      mkdirSync(folder, { recursive: true });
    const main = join(vscode, 'out', 'server-main.js');
    const common = ['--accept-server-license-terms', '--extensions-dir', extensions, '--server-data-dir', data];
    execFileSync(process.execPath, [main, ...common, '--install-extension', vsix], { stdio: 'ignore' });
    const port = await freePort();
    const args = [main, ...common, '--user-data-dir', data, '--host', '127.0.0.1', '--port', String(port)];
    args.push('--without-connection-token', '--telemetry-level', 'off', '--skip-welcome');
    // An extension host whose window is gone goes, too.
    args.push('--reconnection-grace-time', '1', ...(trust ? [] : ['--disable-workspace-trust']));
    const server = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let log = '';
    for (const stream of [server.stdout, server.stderr]) stream.on('data', (bytes) => (log += bytes));
    await untilListening(port, () => log);
    return new Host({ root, data, extensions, server, origin: `http://127.0.0.1:${port}` });
  }

  constructor(made) {
    Object.assign(this, made);
    this.places = 0;
  }

  /** Where a scene plays; windows that are opened from now on have its settings, `set` changes them on the way. */
  place({ settings = {}, extension } = {}) {
    this.places += 1;
    const root = join(this.root, `place-${this.places}`);
    const [project, dataDir, configDir] = ['project', 'agentls-data', 'agentls-config'].map((it) => join(root, it));
    for (const folder of [project, dataDir, configDir]) mkdirSync(folder, { recursive: true });
    const environment = { AGENTLS_DATA_DIR: dataDir, AGENTLS_CONFIG_DIR: configDir };
    const all = { ...SETTINGS, 'agentls.server.environment': environment, ...settings };
    const set = (more) =>
      writeFileSync(join(this.data, 'Machine', 'settings.json'), JSON.stringify({ ...all, ...more }));
    set({});
    const binary = installedBinary(this.extensions);
    return {
      root,
      project,
      dataDir,
      configDir,
      pid: this.server.pid,
      editorData: this.data,
      url: `${this.origin}/?folder=${encodeURIComponent(project)}${this.developed(extension)}`,
      emptyUrl: `${this.origin}/?ew=true`,
      set,
      binary: () => binary,
      servers: () => processes(binary, dataDir),
      remove: () => remove(root),
    };
  }

  /** What a window's address says of an extension that is used from its folder. */
  developed(folder) {
    if (!folder) return '';
    const payload = [['extensionDevelopmentPath', `vscode-remote://${new URL(this.origin).host}${folder}`]];
    return `&payload=${encodeURIComponent(JSON.stringify(payload))}`;
  }

  async stop() {
    this.server.kill();
    await new Promise((resolve) => (this.server.exitCode === null ? this.server.once('exit', resolve) : resolve()));
    await remove(this.root);
  }
}

/** Processes that go may still be writing their last words. */
function remove(folder) {
  return rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
}

/** The process ids of the servers that work with this data. */
function processes(binary, dataDir) {
  const about = (pid, what) => {
    try {
      return readFileSync(`/proc/${pid}/${what}`, 'utf8').split('\0');
    } catch {
      return [];
    }
  };
  return readdirSync('/proc')
    .filter((pid) => /^\d+$/.test(pid) && about(pid, 'cmdline')[0] === binary)
    .filter((pid) => about(pid, 'environ').includes(`AGENTLS_DATA_DIR=${dataDir}`))
    .map(Number);
}

/** Fills the project with files. */
export function files(host, contents) {
  for (const [name, text] of Object.entries(contents)) {
    const path = join(host.project, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
}

/** The process id of the server that runs in place of this one, once it does. */
export async function anotherServer(host, before) {
  for (let attempt = 0; attempt < 300; attempt += 1) {
    const [pid] = host.servers();
    if (pid && pid !== before) return pid;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('No other server was started.');
}

/** When this server is no more. */
export async function gone(host, pid) {
  for (let attempt = 0; attempt < 3_000; attempt += 1) {
    if (!host.servers().includes(pid)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`The server ${pid} did not go.`);
}

/** Writes the user's configuration. */
export function configure(host, config) {
  writeFileSync(join(host.configDir, 'config.jsonc'), JSON.stringify(config));
}

function installedBinary(extensions) {
  const [found] = execFileSync('find', [extensions, '-path', '*/server/agentls', '-type', 'f'], {
    encoding: 'utf8',
  }).split('\n');
  return found;
}

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function untilListening(port, log) {
  for (let attempt = 0; attempt < 150; attempt += 1) {
    try {
      await fetch(`http://127.0.0.1:${port}/version`);
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  throw new Error(`The host does not listen:\n${log()}`);
}
