// What a tool call is called on screen: from its title, else from its arguments as far as they are written. Pure.

import { line } from '../../plain';
import type { ToolPart } from '../../protocol';

const ICONS: Record<string, string> = {
  read: 'file',
  write: 'new-file',
  edit: 'edit',
  patch: 'diff',
  bash: 'terminal',
  grep: 'search',
  glob: 'file-symlink-directory',
  list: 'list-tree',
  todo: 'checklist',
  question: 'question',
  recall: 'history',
  contextUsage: 'pie-chart',
  newSession: 'add',
  skill: 'mortar-board',
  webfetch: 'globe',
};

export function toolIcon(tool: string): string {
  return ICONS[tool] ?? 'tools';
}

/** The argument that says most, in order of preference. */
const TELLING = ['command', 'path', 'pattern', 'url', 'ref', 'name', 'title'];

export function toolTitle(part: ToolPart): string {
  if (part.title) return line(part.title, 160);
  const values = argumentsOf(part.input.text);
  const telling = TELLING.map((name) => values[name]).find((value) => typeof value === 'string');
  return line(String(telling ?? ''), 160);
}

/** The arguments; none while they are not complete. */
export function argumentsOf(input: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(input);
    return value !== null && typeof value === 'object' ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** The diff in the output of a call that changed a file. */
export function diffIn(output: string): string | undefined {
  const at = output.search(/^--- /m);
  return at >= 0 && /^@@ /m.test(output) ? output.slice(at) : undefined;
}

/** The file that a diff is about. */
export function pathIn(diff: string): string | undefined {
  const [, after] = /^\+\+\+ (?:b\/)?(.+)$/m.exec(diff) ?? [];
  const [, before] = /^--- (?:a\/)?(.+)$/m.exec(diff) ?? [];
  return after === '/dev/null' ? before : (after ?? before);
}
