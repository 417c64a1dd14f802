// Hunks of a review: which are open, which comes next, how they are called. Pure.

import { line } from '../plain';
import type { ChangedFile, ChangedHunk } from '../protocol';

export interface Place {
  file: ChangedFile;
  hunk: ChangedHunk;
}

export function openHunks(files: ChangedFile[]): Place[] {
  return files.flatMap((file) =>
    file.hunks.filter(({ verdict }) => verdict === 'open').map((hunk) => ({ file, hunk })),
  );
}

/** The open hunk after or before a place, around the end. */
export function step(places: Place[], from: Place | undefined, by: 1 | -1): Place | undefined {
  const at = places.findIndex(({ file, hunk }) => file.path === from?.file.path && hunk.id === from.hunk.id);
  if (at < 0) return by > 0 ? places[0] : places.at(-1);
  return places[(at + by + places.length) % places.length];
}

/** `12: the first changed line`. */
export function hunkLabel({ newStart, text }: ChangedHunk): string {
  const lines = text.split('\n');
  const same = lines.findIndex((it) => /^[+-]/.test(it));
  const first = lines[same] ?? '';
  return line(`${newStart + Math.max(0, same)}: ${first.slice(1).trim() || '(empty line)'}`, 80);
}

export function summary({ status, additions, deletions, note, hunks }: ChangedFile): string {
  const open = hunks.filter(({ verdict }) => verdict === 'open').length;
  const words = [
    status === 'modified' ? '' : status,
    `+${additions} −${deletions}`,
    note ? line(note, 80) : open > 0 ? `${open} open` : 'reviewed',
  ];
  return words.filter(Boolean).join(' · ');
}

export function verdictWords({ verdict, applies }: ChangedHunk): string {
  if (verdict !== 'open') return verdict;
  return applies ? '' : 'changed since';
}
