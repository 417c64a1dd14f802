// A unified diff with its lines coloured and told apart by their signs.

import { visible } from '../../plain';
import { h } from '../dom';

const MOST_LINES = 400;

export function diffElement(diff: string): HTMLElement {
  const lines = diff
    .replace(/\n$/, '')
    .split('\n')
    .slice(oneFile(diff) ? 2 : 0);
  const shown = lines.slice(0, MOST_LINES).map((line) => h('div', { class: kindOf(line), text: visible(line) || ' ' }));
  const over = lines.length - shown.length;
  if (over > 0) shown.push(h('div', { class: 'hunk', text: `… (+${over} lines)` }));
  return h('div', { class: 'diff', role: 'group', 'aria-label': 'What changes', dir: 'ltr' }, ...shown);
}

function kindOf(line: string): string {
  if (/^(---|\+\+\+) /.test(line)) return 'name';
  if (line.startsWith('@@')) return 'hunk';
  if (line.startsWith('+')) return 'added';
  return line.startsWith('-') ? 'removed' : 'same';
}

/** The name of a single file stands above the diff already. */
function oneFile(diff: string): boolean {
  return /^--- .*\n\+\+\+ /.test(diff) && !/\n--- .*\n\+\+\+ /.test(diff);
}
