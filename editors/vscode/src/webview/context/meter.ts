// The window as one bar, with the mark where compaction starts.

import { count, percent } from '../../figures';
import type { ContextReport } from '../../protocol';
import { h } from '../dom';
import { segments } from './division';

export function meter(report: ContextReport): HTMLElement {
  const parts = segments(report);
  const bar = h('div', { class: 'bar-of-window', role: 'img', 'aria-label': spoken(report) });
  for (const { kind, tokens, name } of parts) {
    const piece = h('div', { class: `segment ${kind}`, title: `${name}: ${count(tokens)} tokens` });
    piece.style.flexGrow = String(tokens);
    bar.append(piece);
  }
  const mark = h('div', { class: 'compaction-mark', title: `Compaction starts at ${count(report.usable)} tokens` });
  mark.style.insetInlineStart = `${Math.min(100, (report.usable / Math.max(1, report.limit)) * 100)}%`;
  bar.append(mark);
  const legend = parts.map(({ kind, name, tokens }) =>
    h('span', { class: 'legend' }, h('span', { class: `swatch ${kind}` }), `${name} ${count(tokens)}`),
  );
  return h(
    'section',
    { class: 'meter-of-window', 'aria-label': 'The window' },
    h(
      'div',
      { class: 'headline' },
      h('strong', { text: `${count(report.used)} of ${count(report.limit)} tokens` }),
      ` (${percent(report.used, report.limit)}) · compaction starts at ${count(report.usable)}`,
    ),
    bar,
    h('div', { class: 'legends' }, ...legend),
  );
}

function spoken(report: ContextReport): string {
  return segments(report)
    .map(({ name, tokens }) => `${name}: ${count(tokens)} tokens`)
    .join(', ');
}
