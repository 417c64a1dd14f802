// What package.json promises: every command exists, every command of a menu or key is contributed, every file is there.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import { VIEW_COMMANDS } from '../../src/bridge';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const { contributes } = manifest;
const contributed: string[] = contributes.commands.map(({ command }: { command: string }) => command);
const source = readdirSync('src', { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
  .map((entry) => readFileSync(`${entry.parentPath}/${entry.name}`, 'utf8'))
  .join('\n');

test('every contributed command is registered', () => {
  for (const command of contributed)
    assert.match(
      source,
      new RegExp(`(?:register|registerCommand|about|add|compose|judge)\\(\\s*'${command}'`),
      command,
    );
});

test('every command that is used is contributed', () => {
  const menus: string[] = Object.values(contributes.menus as Record<string, Array<{ command: string }>>).flatMap(
    (entries) => entries.map(({ command }) => command),
  );
  const keys: string[] = contributes.keybindings.map(({ command }: { command: string }) => command);
  const texts = JSON.stringify([contributes.viewsWelcome, contributes.walkthroughs]);
  const linked = [...texts.matchAll(/(?:command|onCommand):(agentls\.[\w.]+)/g)].map(([, command]) => String(command));
  const ours = VIEW_COMMANDS.filter((command) => command.startsWith('agentls.'));
  assert.ok(linked.length >= 8, 'the links are found');
  for (const command of [...menus, ...keys, ...linked, ...ours]) assert.ok(contributed.includes(command), command);
});

test('what is restricted exists, and what a workspace must not set it cannot', () => {
  const properties = Object.assign(
    {},
    ...contributes.configuration.map((it: object) => (it as { properties: object }).properties),
  );
  for (const name of manifest.capabilities.untrustedWorkspaces.restrictedConfigurations)
    assert.ok(properties[name], name);
  for (const name of ['agentls.server.path', 'agentls.server.environment', 'agentls.config'])
    assert.equal(properties[name].scope, 'machine', name);
});

test('the files that are named are there', () => {
  const steps: Array<{ media: { markdown: string } }> = contributes.walkthroughs.flatMap(
    ({ steps }: { steps: unknown[] }) => steps,
  );
  const files = [
    ...steps.map(({ media }) => media.markdown),
    ...contributes.jsonValidation.map(({ url }: { url: string }) => url),
  ];
  for (const file of [...files, manifest.icon]) assert.ok(existsSync(file), file);
});
