// Unified diffs: read, applied and taken back. Pure.

export interface DiffHunk {
  oldStart: number;
  newStart: number;
  /** Lines with their sign: ' ', '-' or '+'. */
  lines: string[];
}

export function hunksOf(diff: string): DiffHunk[] {
  const hunks: DiffHunk[] = [];
  let current: DiffHunk | undefined;
  for (const line of diff.split('\n')) {
    const head = /^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@/.exec(line);
    if (head) {
      current = { oldStart: Number(head[1]), newStart: Number(head[2]), lines: [] };
      hunks.push(current);
    } else if (/^(---|\+\+\+) /.test(line) && !current) continue;
    else if (/^(--- |diff )/.test(line)) current = undefined;
    else if (current && /^[ +-]/.test(line)) current.lines.push(line);
  }
  return hunks;
}

/** The text that comes out of a diff, or nothing where the text does not fit it. */
export function applyDiff(text: string, diff: string): string | undefined {
  return rebuild(text, hunksOf(diff), '-', '+', (hunk) => hunk.oldStart);
}

/** The text that a diff was made from, or nothing where the text does not fit it. */
export function takeBack(text: string, diff: string): string | undefined {
  return rebuild(text, hunksOf(diff), '+', '-', (hunk) => hunk.newStart);
}

function rebuild(text: string, hunks: DiffHunk[], there: string, wanted: string, start: (hunk: DiffHunk) => number) {
  if (hunks.length === 0) return undefined;
  const lines = text.split('\n');
  const result: string[] = [];
  let at = 0;
  for (const hunk of hunks) {
    const found = hunk.lines.filter((line) => line[0] !== wanted).map((line) => line.slice(1));
    const begin = Math.max(0, start(hunk) - (found.length === 0 ? 0 : 1));
    if (begin < at || found.some((line, index) => lines[begin + index] !== line)) return undefined;
    result.push(...lines.slice(at, begin));
    result.push(...hunk.lines.filter((line) => line[0] !== there).map((line) => line.slice(1)));
    at = begin + found.length;
  }
  return [...result, ...lines.slice(at)].join('\n');
}
