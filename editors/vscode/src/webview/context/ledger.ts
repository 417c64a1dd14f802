// The ledger: one row for each call of the provider, with what was read from the cache and why not more.

import { cost, count, duration, percent, size } from '../../figures';
import { line } from '../../plain';
import type { CacheMiss, Step } from '../../protocol';
import { h } from '../dom';

const MISSES: Record<CacheMiss, string> = {
  first: 'nothing was sent before',
  compaction: 'the history was summarised',
  prune: 'old outputs became evidence',
  window: 'the window begins elsewhere',
  model: 'another model',
  agent: 'another agent',
  tools: 'other tools',
  instructions: 'other instructions',
  images: 'old pictures made room for new ones',
  settings: 'other settings',
  retry: 'a call before failed',
  expired: 'too much time had passed',
  unknown: 'not known why',
};

const HEADS = ['step', 'sent', 'how', 'input', 'from cache', 'output', 'cost', 'first event', 'took', 'own', 'end'];

export function ledger(steps: Step[]): HTMLElement {
  const rows = [...steps].reverse().map((step) => h('tr', {}, ...cells(step).map((text) => h('td', { text }))));
  return h(
    'section',
    { class: 'ledger', 'aria-label': 'The ledger of steps' },
    steps.length === 0
      ? h('p', { class: 'note', text: 'No provider was called yet.' })
      : h(
          'div',
          { class: 'table-frame' },
          h(
            'table',
            {},
            h('thead', {}, h('tr', {}, ...HEADS.map((text) => h('th', { text })))),
            h('tbody', {}, ...rows),
          ),
        ),
  );
}

/** What a row says. */
export function cells(step: Step): string[] {
  const input = step.input + step.cacheRead + step.cacheWrite;
  const cached = step.cacheRead > 0 || step.cacheMiss ? percent(step.cacheRead, input) : '–';
  const miss = step.cacheMiss ? ` (${MISSES[step.cacheMiss]})` : '';
  return [
    String(step.seq),
    `${size(step.requestBytes)}, ${step.inputItems} items`,
    line(`${step.threading}, ${step.threadingReason}`, 60),
    count(input),
    cached + miss,
    count(step.output),
    cost(step.costUsd) || '–',
    step.firstEventMs == null ? '–' : duration(step.firstEventMs),
    duration(step.durationMs) + (step.retries > 0 ? `, ${step.retries} retries` : ''),
    `${step.overheadMs.toFixed(1)} ms`,
    line(step.finish, 40),
  ];
}
