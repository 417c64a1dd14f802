// Records what a real server says in test/recordings: node scripts/record.mjs <binary>. Paths become `/project`.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Client } from '../test/support/client.mjs';

const out = fileURLToPath(new URL('../test/recordings', import.meta.url));
const binary = process.argv[2] ?? 'agentls';
const root = mkdtempSync(join(tmpdir(), 'agentls-record-'));
const project = join(root, 'project');

const SCENES = {
  edit: { prompts: ['replace "hello" with "goodbye" in notes.txt'] },
  refused: { prompts: ['run `echo one && rm notes.txt`'], scope: 'never' },
  command: { prompts: ['run `seq 1 300`', 'where is `retry` defined?'] },
};

mkdirSync(join(project, 'src'), { recursive: true });
writeFileSync(join(project, 'notes.txt'), 'hello world\nsecond line\n');
writeFileSync(
  join(project, 'src', 'retry.rs'),
  '/// Tries again.\npub fn retry(times: u32) -> u32 {\n    times + 1\n}\n',
);
for (const [name, { prompts, scope }] of Object.entries(SCENES)) {
  const client = await Client.start(binary, {
    AGENTLS_DATA_DIR: join(root, name),
    AGENTLS_CONFIG_DIR: join(root, 'config'),
  });
  if (scope) client.scope = scope;
  const { session } = await client.request('session/new', { cwd: project });
  const sessionId = session.id;
  for (const prompt of prompts) await client.prompt(sessionId, prompt);
  const results = {
    'session/get': await client.request('session/get', { sessionId }),
    'session/messages': await client.request('session/messages', { sessionId }),
    'session/context': await client.request('session/context', { sessionId }),
    'session/steps': await client.request('session/steps', { sessionId }),
    'session/nextRequest': await client.request('session/nextRequest', { sessionId }),
  };
  await client.stop();
  const recording = JSON.stringify({ heard: client.heard, results }, null, 1).replaceAll(project, '/project');
  writeFileSync(join(out, `${name}.json`), `${recording}\n`);
}
rmSync(root, { recursive: true, force: true });
