// Bundles the unit tests and runs them with Node's own test runner.

import { build } from 'esbuild';
import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const tests = readdirSync(`${root}/test/unit`).filter((name) => name.endsWith('.test.ts'));
const wanted = process.argv.slice(2);
const chosen = tests.filter((name) => wanted.length === 0 || wanted.some((part) => name.includes(part)));

rmSync(`${root}/dist/test`, { recursive: true, force: true });
await build({
  absWorkingDir: root,
  entryPoints: chosen.map((name) => `test/unit/${name}`),
  outdir: 'dist/test',
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  packages: 'external',
  // It finds its files from where it lies.
  external: ['../../scripts/*'],
  outExtension: { '.js': '.mjs' },
  sourcemap: 'inline',
  loader: { '.css': 'empty' },
});
const files = chosen.map((name) => `dist/test/${name.replace(/\.ts$/, '.mjs')}`);
const run = spawnSync(process.execPath, ['--enable-source-maps', '--test', ...files], { cwd: root, stdio: 'inherit' });
process.exit(run.status ?? 1);
