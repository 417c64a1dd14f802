// A real VS Code for tests: the server that npm's `code-server` carries, with our extension installed from its .vsix.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
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

/** Starts a host of its own: directories, settings, extension. */
export async function startHost({ vsix, settings = {}, trust = false, env = {} }) {
  const vscode = install();
  const root = mkdtempSync(join(tmpdir(), 'agentls-vscode-'));
  const [data, extensions, project] = ['data', 'extensions', 'project'].map((name) => join(root, name));
  mkdirSync(join(data, 'Machine'), { recursive: true });
  mkdirSync(join(data, 'User'), { recursive: true });
  for (const folder of [extensions, project, join(root, 'agentls-data'), join(root, 'agentls-config')])
    mkdirSync(folder);
  const machine = {
    'agentls.server.environment': {
      AGENTLS_DATA_DIR: join(root, 'agentls-data'),
      AGENTLS_CONFIG_DIR: join(root, 'agentls-config'),
    },
  };
  writeFileSync(join(data, 'Machine', 'settings.json'), JSON.stringify({ ...SETTINGS, ...machine, ...settings }));
  const main = join(vscode, 'out', 'server-main.js');
  const common = ['--accept-server-license-terms', '--extensions-dir', extensions, '--server-data-dir', data];
  execFileSync(process.execPath, [main, ...common, '--install-extension', vsix], { stdio: 'ignore' });

  const port = await freePort();
  const args = [
    main,
    ...common,
    '--user-data-dir',
    data,
    '--host',
    '127.0.0.1',
    '--port',
    String(port),
    '--without-connection-token',
  ];
  args.push('--telemetry-level', 'off', '--skip-welcome', ...(trust ? [] : ['--disable-workspace-trust']));
  const server = spawn(process.execPath, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [server.stdout, server.stderr]) stream.on('data', (bytes) => (log += bytes));
  await untilListening(port, () => log);
  return {
    root,
    project,
    data,
    pid: server.pid,
    dataDir: join(root, 'agentls-data'),
    configDir: join(root, 'agentls-config'),
    binary: () => installedBinary(extensions),
    url: `http://127.0.0.1:${port}/?folder=${encodeURIComponent(project)}`,
    log: () => log,
    async stop() {
      server.kill();
      await new Promise((resolve) => (server.exitCode === null ? server.once('exit', resolve) : resolve()));
      // Processes of the host may still be writing their last words.
      await rm(root, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
}

/** Fills the project with files. */
export function files(host, contents) {
  for (const [name, text] of Object.entries(contents)) {
    const path = join(host.project, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, text);
  }
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
