// How a project is described in lists. Pure.

import { age } from '../figures';
import { line } from '../plain';
import type { Project } from '../protocol';

/** Its name, with its icon where that is a character. */
export function nameOf({ name, root, icon }: Project): string {
  const sign = icon?.kind === 'emoji' ? `${line(icon.value, 4)} ` : '';
  return `${sign}${line(name, 100) || line(root.split('/').at(-1) ?? root, 100)}`;
}

/** Behind the name: when it was opened, and whether it is trusted. */
export function describe({ openedAt, trust }: Project, now: number): string {
  const trusted = { trusted: '', untrusted: 'not trusted', changed: 'changed since it was trusted' }[trust];
  return [openedAt > 0 ? age(openedAt, now) : '', trusted].filter(Boolean).join(' · ');
}

/** Below it: where it is, and its branches. */
export function place({ root, sandboxes }: Project): string {
  const branches = sandboxes.flatMap(({ branch }) => (branch ? [line(branch, 60)] : []));
  return [line(root, 300), ...branches.slice(0, 5)].join(' · ');
}
