// What comes with a workspace: projects as they are remembered, agents and commands as they are offered, approvals.

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { detached, ProjectCache } from '../../src/projects/cache';
import { describe, nameOf, place } from '../../src/projects/labels';
import { agentItem, commandDetail } from '../../src/prompt/labels';
import type { Project } from '../../src/protocol';
import { approvalItem } from '../../src/questions/labels';

function project(more: Partial<Project> = {}): Project {
  return {
    id: 'prj_1',
    root: '/work/one',
    name: 'one',
    icon: { kind: 'emoji', value: '🚀' },
    vcs: 'git',
    sandboxes: [{ path: '/work/one-next', branch: 'next' }],
    trust: 'changed',
    wouldRun: [{ path: '.agentls/config.jsonc', what: 'configuration', change: 'added' }],
    createdAt: 1,
    updatedAt: 2,
    openedAt: 3_600_000,
    ...more,
  };
}

function memory(stored: Map<string, unknown>) {
  return new ProjectCache({
    get: (key: string) => stored.get(key) as never,
    update: async (key: string, value: unknown) => void stored.set(key, value),
  });
}

test('a project is copied: what is changed later, in it or in the copy, changes nothing elsewhere', () => {
  const live = project();
  const copy = detached(live);
  assert.deepEqual(copy, live);
  live.name = 'changed';
  live.sandboxes[0]!.path = '/elsewhere';
  live.icon!.value = 'x';
  assert.deepEqual(copy, project());
});

test('unknown, hostile and oversized members do not survive', () => {
  const hostile = JSON.parse(
    '{"id": "prj_1", "name": {"nested": true}, "secret": "x", "__proto__": {"polluted": true}, "constructor": 1,' +
      '"sandboxes": [{"path": 5, "__proto__": {"polluted": true}}, null], "wouldRun": [{"path": "x", "what": "rm"}, 5], "trust": "very", "vcs": "hg"}',
  );
  hostile.icon = { kind: 'image', value: 'x'.repeat(1_000_000) };
  const copy = detached(hostile);
  const empty = { id: 'prj_1', root: '', name: '', sandboxes: [{ path: '' }, { path: '' }], trust: 'untrusted' };
  assert.deepEqual(copy, { ...empty, wouldRun: [], createdAt: 0, updatedAt: 0, openedAt: 0 });
  assert.equal(Object.getPrototypeOf(copy), Object.prototype);
  assert.equal((copy as unknown as Record<string, unknown>)['polluted'], undefined);
  assert.equal(detached(project({ name: 'x'.repeat(1_000_000) }))?.name.length, 4_096);
  for (const none of [undefined, null, 5, 'prj', [], { name: 'no id' }, { id: '' }])
    assert.equal(detached(none), undefined);
});

test('the cache has each project once, as it was told last', async () => {
  const stored = new Map<string, unknown>([['agentls.projects', ['nonsense', { id: 'prj_0', name: 5 }]]]);
  const cache = memory(stored);
  await cache.put(project());
  await cache.put(project({ name: 'renamed' }));
  await cache.put('nonsense');
  assert.deepEqual(
    cache.all().map(({ id, name }) => [id, name]),
    [
      ['prj_0', ''],
      ['prj_1', 'renamed'],
    ],
  );
  assert.equal(cache.find('prj_1')?.name, 'renamed');
  await cache.replace([project({ id: 'prj_2' }), null]);
  assert.deepEqual(
    cache.all().map(({ id }) => id),
    ['prj_2'],
  );
});

test('a project says its name, its place and whether it is trusted', () => {
  assert.equal(nameOf(project()), '🚀 one');
  assert.equal(nameOf(project({ name: '', icon: null })), 'one');
  assert.equal(nameOf(project({ name: 'a\u202eb', icon: { kind: 'color', value: 'red' } })), 'a⟨U+202E⟩b');
  assert.equal(describe(project(), 7_200_000), '1 h · changed since it was trusted');
  assert.equal(describe(project({ trust: 'trusted', openedAt: 0 }), 1), '');
  assert.equal(place(project()), '/work/one · next');
});

test('an agent says what it may do, where it comes from, and what is wrong with it', () => {
  const plan = { name: 'plan', description: 'Thinks first', source: 'builtIn', readOnly: true, mistakes: [] };
  assert.deepEqual(agentItem(plan), { label: 'plan', description: 'only looks · built in', detail: 'Thinks first' });
  const own = { ...plan, readOnly: false, model: { provider: 'a', id: 'b' }, mistakes: ['line 2: `tool` is unknown'] };
  assert.equal(agentItem(own).description, 'a/b · built in');
  assert.equal(agentItem(own).detail, 'Thinks first ⚠ line 2: `tool` is unknown');
});

test('a command says what goes with it', () => {
  const command = {
    name: 'review',
    description: 'Reviews a branch',
    argumentHint: '<branch>',
    source: 'project',
    mistakes: [],
  };
  assert.equal(commandDetail(command), '<branch> Reviews a branch');
  assert.equal(commandDetail({ name: 'x', description: '', source: 'user', mistakes: [] }), '');
});

test('an approval says what it allows and for how long', () => {
  const approval = { approvalId: 'a', tool: 'bash', rule: 'git status*', scope: 'project', createdAt: 0 } as const;
  assert.deepEqual(approvalItem(approval, 60_000), {
    label: 'bash: git status*',
    description: 'in this project · 1 min',
  });
});
