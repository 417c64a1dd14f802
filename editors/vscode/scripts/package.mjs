// Makes the .vsix with the server's binary inside: node scripts/package.mjs <binary> [out.vsix].

import { createVSIX } from '@vscode/vsce';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const target = `${process.platform}-${process.arch}`;
const binary = resolve(process.argv[2] ?? '../../target/release/agentls');
const out = resolve(process.argv[3] ?? `agentls-${target}.vsix`);
if (!existsSync(binary)) {
  console.error(`${binary} is not there. Give the path of the server: npm run package -- <binary> [out.vsix]`);
  process.exit(2);
}

process.chdir(root);
const built = spawnSync(process.execPath, ['scripts/build.mjs'], { stdio: 'inherit' });
if (built.status !== 0) process.exit(built.status ?? 1);
rmSync('server', { recursive: true, force: true });
mkdirSync('server');
const inside = `server/agentls${process.platform === 'win32' ? '.exe' : ''}`;
copyFileSync(binary, inside);
chmodSync(inside, 0o755);
await createVSIX({
  cwd: root,
  packagePath: out,
  target,
  dependencies: false,
  rewriteRelativeLinks: false,
  allowMissingRepository: true,
  skipLicense: true,
});
console.log(out);
