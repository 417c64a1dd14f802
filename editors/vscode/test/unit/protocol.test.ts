// The generated files are those of the server's schema, and every method used exists.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { REQUESTS } from '../../src/protocol';
import { generated } from '../../scripts/protocol.mjs';

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((path) => path !== 'src/protocol.ts');
}

test('the generated files are up to date (npm run generate)', () => {
  for (const [path, content] of generated()) assert.equal(readFileSync(path, 'utf8'), content, path);
});

test('every method that is called exists', () => {
  const known = new Set<string>(REQUESTS);
  const used = sources('src').flatMap((path) => {
    const calls = readFileSync(path, 'utf8').matchAll(/(?:request|call)\(\s*'([a-z]+\/[A-Za-z]+)'/g);
    return [...calls].map(([, method]) => ({ path, method: String(method) }));
  });
  assert.ok(used.length >= 20, 'the calls are found');
  for (const { path, method } of used) assert.ok(known.has(method), `${method} in ${path}`);
});

test('the methods of newer servers are asked for before they are called', () => {
  const newer = [
    ...['session/changes', 'session/review', 'agent/list', 'command/list', 'project/list', 'project/update'],
    ...['permission/list', 'permission/revoke'],
  ];
  const texts = sources('src').map((path) => [path, readFileSync(path, 'utf8')] as const);
  for (const method of newer) {
    const callers = texts.filter(([, text]) => text.includes(`request('${method}'`));
    assert.ok(callers.length > 0, `${method} is used`);
    const family = method.split('/')[0];
    for (const [path, text] of callers)
      assert.match(text, new RegExp(`supports\\('${family}/`), `${method} in ${path}`);
  }
});
