// Builds the extension: one file for the extension host, one for the webviews with its styles. `--watch` keeps on.

import { context } from 'esbuild';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const development = process.argv.includes('--watch');
const shared = {
  absWorkingDir: root,
  bundle: true,
  outdir: 'dist',
  minify: !development,
  sourcemap: development && 'inline',
  logLevel: 'warning',
  legalComments: 'none',
};

const builds = await Promise.all([
  context({
    ...shared,
    entryPoints: { extension: 'src/extension.ts' },
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    external: ['vscode'],
  }),
  context({
    ...shared,
    entryPoints: { webview: 'src/webview/main.ts' },
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    loader: { '.ttf': 'file' },
    assetNames: '[name]',
  }),
]);

if (development) await Promise.all(builds.map((build) => build.watch()));
else {
  await Promise.all(builds.map((build) => build.rebuild()));
  await Promise.all(builds.map((build) => build.dispose()));
}
