// What is remembered of projects between starts: names and icons. Everything goes through one function that makes
// detached plain copies, so that no live object, and nothing unknown, reaches the editor's storage.

import type { Memento } from 'vscode';

/** A project as it is remembered. */
export interface Project {
  id: string;
  name: string;
  root: string;
  icon?: string;
}

const KEY = 'agentls.projects';
const MOST = 200;

/** A detached plain copy with the known members only; nothing where it is no project. */
export function detached(value: unknown): Project | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  const { id, name, root, icon } = value as Record<string, unknown>;
  if (typeof id !== 'string' || id === '') return undefined;
  const copy: Project = { id: plain(id), name: plain(name), root: plain(root) };
  if (typeof icon === 'string') copy.icon = plain(icon);
  return copy;
}

export class ProjectCache {
  constructor(private readonly state: Pick<Memento, 'get' | 'update'>) {}

  all(): Project[] {
    const stored = this.state.get<unknown>(KEY, []);
    return Array.isArray(stored) ? stored.flatMap((it) => detached(it) ?? []) : [];
  }

  name(id: string): string | undefined {
    return this.all().find((project) => project.id === id)?.name || undefined;
  }

  /** Takes over a project, the newest last. */
  async put(value: unknown): Promise<void> {
    const project = detached(value);
    if (!project) return;
    const others = this.all().filter(({ id }) => id !== project.id);
    await this.state.update(KEY, [...others, project].slice(-MOST));
  }
}

function plain(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 4_096) : '';
}
