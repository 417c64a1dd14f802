// Commands about the server itself: start, stop, restart, status, log, version, doctor, keys, configuration.

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import * as vscode from 'vscode';

import { duration, size } from '../figures';
import { notice, register } from '../notices';
import { askForKey, type Credentials } from './credentials';
import type { Server, StartOptions } from './server';

const DOCTOR_MS = 20_000;
const PROVIDERS = ['openai', 'anthropic', 'deepseek'];

export function serverCommands(
  server: Server,
  options: StartOptions,
  credentials: Credentials,
  version: string,
): vscode.Disposable[] {
  return [
    register('agentls.start', () => server.start()),
    register('agentls.stop', () => server.stop()),
    register('agentls.restart', () => server.restart()),
    register('agentls.logs', () => server.output.show()),
    register('agentls.status', () => showStatus(server)),
    register('agentls.version', () => showVersion(server, version)),
    register('agentls.doctor', () => doctor(options)),
    register('agentls.setKey', () => setKey(server, credentials)),
    register('agentls.removeKey', () => removeKey(server, credentials)),
    register('agentls.openConfiguration', () => openConfiguration(options)),
  ];
}

async function showStatus(server: Server): Promise<void> {
  const { state, message } = server.view;
  const [restart, log] = ['Restart', 'Log'];
  let words = `not running. ${message ?? ''}`;
  if (state === 'running') {
    const status = await server.request('server/status', {});
    const memory = status.rssBytes == null ? '' : `, ${size(status.rssBytes)} of memory`;
    words =
      `${status.version}, process ${status.pid}, up for ${duration(status.uptimeMs)}${memory}; ` +
      `${status.sessions.total} sessions (${status.sessions.running} running) in ${size(status.db.bytes)}.`;
  }
  const choice = await notice('information', words, restart, log);
  if (choice === restart) await server.restart();
  else if (choice === log) server.output.show();
}

function showVersion(server: Server, version: string): void {
  const theirs = server.version ? `agentls ${server.version}` : 'The server is not running';
  void vscode.window.showInformationMessage(
    `${theirs}; extension ${version}. No telemetry: nothing is reported to anybody.`,
  );
}

/** Runs `agentls doctor` and shows what it says. */
async function doctor(options: StartOptions): Promise<void> {
  const binary = options.binary();
  if (!binary) throw new Error('There is no agentls binary here: set “agentls.server.path”.');
  const environment = { ...process.env, ...options.environment(), NO_COLOR: '1' };
  const said = await new Promise<string>((resolve) => {
    execFile(binary, ['doctor'], { env: environment, timeout: DOCTOR_MS }, (problem, stdout, stderr) =>
      resolve([stdout, stderr, problem && stdout === '' ? String(problem) : ''].filter(Boolean).join('\n')),
    );
  });
  const document = await vscode.workspace.openTextDocument({ content: said, language: 'plaintext' });
  await vscode.window.showTextDocument(document, { preview: true });
}

async function setKey(server: Server, credentials: Credentials): Promise<void> {
  if (await askForKey(credentials, PROVIDERS)) await offerRestart(server, 'The key is used from the next start on.');
}

async function removeKey(server: Server, credentials: Credentials): Promise<void> {
  const provider = await vscode.window.showQuickPick(credentials.names(), {
    title: 'Forget the key of which provider?',
  });
  if (!provider) return;
  await credentials.remove(provider);
  await offerRestart(server, `The key of ${provider} is forgotten; the running server has it until it is restarted.`);
}

async function offerRestart(server: Server, words: string): Promise<void> {
  const restart = 'Restart now';
  if ((await notice('information', words, restart)) === restart) await server.restart();
}

/** The user's configuration file; an empty one where there is none. */
async function openConfiguration(options: StartOptions): Promise<void> {
  const environment = { ...process.env, ...options.environment() };
  const base =
    environment['XDG_CONFIG_HOME'] ||
    (process.platform === 'darwin' ? join(homedir(), 'Library', 'Application Support') : join(homedir(), '.config'));
  const uri = vscode.Uri.file(join(environment['AGENTLS_CONFIG_DIR'] || join(base, 'agentls'), 'config.jsonc'));
  try {
    await vscode.workspace.fs.stat(uri);
  } catch {
    await vscode.workspace.fs.writeFile(
      uri,
      new TextEncoder().encode('{\n  // Completion knows every key. `agentls doctor` shows what holds.\n}\n'),
    );
  }
  await vscode.window.showTextDocument(uri);
}
