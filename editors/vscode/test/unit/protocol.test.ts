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

/** Named by the protocol and used only where the server announces them. */
const ANNOUNCED = ['agent/list', 'command/list'];

test('the generated files are up to date (npm run generate)', () => {
  for (const [path, content] of generated()) assert.equal(readFileSync(path, 'utf8'), content, path);
});

test('every method that is called exists, or is called only where it is announced', () => {
  const known = new Set<string>(REQUESTS);
  const used = sources('src').flatMap((path) => {
    const calls = readFileSync(path, 'utf8').matchAll(
      /(?:request|requestUntyped|call|listed)\(\s*(?:server,\s*|host,\s*)?'([a-z]+\/[A-Za-z]+)'/g,
    );
    return [...calls].map(([, method]) => ({ path, method: String(method) }));
  });
  assert.ok(used.length >= 20, 'the calls are found');
  for (const { path, method } of used)
    assert.ok(known.has(method) || ANNOUNCED.includes(method), `${method} in ${path}`);
});

test('the methods of newer servers are asked for before they are called', () => {
  const guarded = readFileSync('src/changes/review.ts', 'utf8');
  assert.match(guarded, /supports\('session\/changes'\) && this\.server\.supports\('session\/review'\)/);
  assert.match(readFileSync('src/prompt/lists.ts', 'utf8'), /if \(!server\.supports\(method\)\) return \[\]/);
});
