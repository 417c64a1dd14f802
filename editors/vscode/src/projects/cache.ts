// What is remembered of projects between starts. Everything goes through one function that makes detached plain
// copies, so that no live object, and nothing unknown or oversized, reaches the editor's storage.

import type { Memento } from 'vscode';

import type { Brought, IconKind, Project, Trust } from '../protocol';

const KEY = 'agentls.projects';
const MOST = 200;
const MOST_INSIDE = 100;
/** Longer names and paths are cut; a longer icon is left out, since half of one shows nothing. */
const MOST_CHARACTERS = 4_096;
const MOST_OF_ICON = 65_536;

/** A detached plain copy with the known members only; nothing where it is no project. */
export function detached(value: unknown): Project | undefined {
  const { id, root, name, icon, vcs, sandboxes, trust, wouldRun, createdAt, updatedAt, openedAt } = members(value);
  if (typeof id !== 'string' || id === '') return undefined;
  const shown = iconOf(icon);
  return {
    id: text(id),
    root: text(root),
    name: text(name),
    ...(shown && { icon: shown }),
    ...(vcs === 'git' && { vcs }),
    sandboxes: list(sandboxes, ({ path, branch }) => ({
      path: text(path),
      ...(typeof branch === 'string' && { branch: text(branch) }),
    })),
    trust: TRUST.find((it) => it === trust) ?? 'untrusted',
    wouldRun: Array.isArray(wouldRun) ? wouldRun.slice(0, MOST_INSIDE).flatMap(brought) : [],
    createdAt: time(createdAt),
    updatedAt: time(updatedAt),
    openedAt: time(openedAt),
  };
}

export class ProjectCache {
  constructor(private readonly state: Pick<Memento, 'get' | 'update'>) {}

  all(): Project[] {
    const stored = this.state.get<unknown>(KEY, []);
    return Array.isArray(stored) ? stored.flatMap((it) => detached(it) ?? []) : [];
  }

  find(id: string): Project | undefined {
    return this.all().find((project) => project.id === id);
  }

  /** Takes over one project, the newest last. */
  async put(value: unknown): Promise<void> {
    const project = detached(value);
    if (!project) return;
    const others = this.all().filter(({ id }) => id !== project.id);
    await this.state.update(KEY, [...others, project].slice(-MOST));
  }

  /** Takes over what the server lists, in place of all that was remembered. */
  async replace(values: unknown[]): Promise<void> {
    await this.state.update(KEY, values.flatMap((it) => detached(it) ?? []).slice(-MOST));
  }
}

const TRUST: Trust[] = ['trusted', 'untrusted', 'changed'];
const ICONS: IconKind[] = ['emoji', 'image', 'color'];
const USES: Array<Brought['what']> = ['configuration', 'agent', 'command'];
const CHANGES: Array<Brought['change']> = ['added', 'changed', 'removed'];

function iconOf(value: unknown): Project['icon'] | undefined {
  const { kind, value: what } = members(value);
  const known = ICONS.find((it) => it === kind);
  return known && typeof what === 'string' && what.length <= MOST_OF_ICON ? { kind: known, value: what } : undefined;
}

function brought(value: unknown): Brought[] {
  const { path, what, change } = members(value);
  const use = USES.find((it) => it === what);
  const known = CHANGES.find((it) => it === change);
  return use ? [{ path: text(path), what: use, ...(known && { change: known }) }] : [];
}

/** The members of an object; none of anything else. */
function members(value: unknown): Record<string, unknown> {
  return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
}

function list<T>(value: unknown, copy: (members: Record<string, unknown>) => T): T[] {
  return Array.isArray(value) ? value.slice(0, MOST_INSIDE).map((it) => copy(members(it))) : [];
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, MOST_CHARACTERS) : '';
}

function time(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
