// A context report as people look at it: the window divided among what stands in it, the pieces by size and fate.
// Pure.

import type { ContextItem, ContextReport, Fate } from '../../protocol';

export interface Segment {
  name: string;
  /** For its colour. */
  kind: 'system' | 'summary' | 'full' | 'evidence' | 'free' | 'reserved';
  tokens: number;
}

/** Whether a piece stands in the next request. */
export function isSent(report: ContextReport, item: ContextItem): boolean {
  return item.kind === 'summary' || item.seq >= report.windowStartSeq;
}

/** The window from its beginning to its end. */
export function segments(report: ContextReport): Segment[] {
  const sum = (wanted: (item: ContextItem) => boolean) =>
    report.items.filter(wanted).reduce((tokens, item) => tokens + item.tokens, 0);
  const sent = (fate: Fate) => sum((item) => isSent(report, item) && item.kind !== 'summary' && item.fate === fate);
  const all: Segment[] = [
    {
      name: 'Instructions and tools',
      kind: 'system',
      tokens: report.fragments.reduce((tokens, it) => tokens + it.tokens, 0),
    },
    { name: 'Summary', kind: 'summary', tokens: sum((item) => item.kind === 'summary') },
    { name: 'Sent in full', kind: 'full', tokens: sent('full') },
    { name: 'Evidence', kind: 'evidence', tokens: sent('evidence') },
    { name: 'Free', kind: 'free', tokens: Math.max(0, report.usable - report.used) },
    { name: 'Kept for the answer', kind: 'reserved', tokens: report.reserved },
  ];
  return all.filter(({ tokens }) => tokens > 0);
}

export interface Row {
  item: ContextItem;
  sent: boolean;
  /** Beside the largest one, from 0 to 1. */
  share: number;
}

/** The pieces with one fate, or all, the largest first. */
export function rows(report: ContextReport, fate: Fate | 'all', most: number): { rows: Row[]; more: number } {
  const found = report.items.filter((item) => fate === 'all' || item.fate === fate).sort((a, b) => b.tokens - a.tokens);
  const largest = Math.max(1, found[0]?.tokens ?? 1);
  const shown = found
    .slice(0, most)
    .map((item) => ({ item, sent: isSent(report, item), share: item.tokens / largest }));
  return { rows: shown, more: found.length - shown.length };
}

/** How many pieces and tokens each fate has. */
export function fates(report: ContextReport): Array<{ fate: Fate; parts: number; tokens: number }> {
  const order: Fate[] = ['full', 'evidence', 'summarized', 'outside'];
  return order.map((fate) => {
    const items = report.items.filter((item) => item.fate === fate);
    return {
      fate,
      parts: items.reduce((parts, item) => parts + item.parts, 0),
      tokens: items.reduce((tokens, item) => tokens + item.tokens, 0),
    };
  });
}

/** How far off estimates are, in a sentence. */
export function calibration({ countedTokens, countedEstimate, estimated, used }: ContextReport): string {
  if (countedTokens <= 1 || countedEstimate <= 1)
    return 'All sizes are estimates: the provider has counted nothing of this yet.';
  const off = Math.round((Math.abs(countedTokens - countedEstimate) / countedTokens) * 100);
  const side = countedEstimate < countedTokens ? 'low' : 'high';
  const judged = off === 0 ? 'right to the percent' : `${off} % too ${side}, and corrected by that`;
  return `The provider counted ${countedTokens.toLocaleString('en')} tokens; estimates were ${judged}. ${estimated.toLocaleString('en')} of ${used.toLocaleString('en')} are estimated.`;
}

export const FATE_WORDS: Record<Fate, string> = {
  full: 'in full',
  evidence: 'as evidence',
  summarized: 'in the summary',
  outside: 'outside',
};
