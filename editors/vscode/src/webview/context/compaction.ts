// Compaction with a look ahead: what it would win, then the act.

import { count, percent } from '../../figures';
import type { Compacted } from '../../protocol';
import { h, icon } from '../dom';
import type { Host } from '../host';

export class CompactionView {
  readonly element = h('section', { class: 'compaction', 'aria-label': 'Compaction' });
  private readonly instructions = h('input', {
    type: 'text',
    placeholder: 'What the summary is to look after in particular (optional)',
    'aria-label': 'Instructions for the summary',
  });
  private readonly outcome = h('div', { class: 'outcome', role: 'status' });
  private readonly look = h(
    'button',
    { class: 'secondary', type: 'button', onclick: () => void this.run(true) },
    icon('eye'),
    h('span', { text: 'What would go?' }),
  );
  private readonly compact = h(
    'button',
    { class: 'primary', type: 'button', onclick: () => void this.run(false) },
    icon('fold'),
    h('span', { text: 'Compact' }),
  );

  constructor(
    private readonly host: Host,
    private readonly session: () => string | undefined,
    private readonly done: () => void,
  ) {
    this.element.append(h('div', { class: 'controls' }, this.instructions, this.look, this.compact), this.outcome);
  }

  /** Another session is looked at. */
  clear(): void {
    this.instructions.value = '';
    this.outcome.textContent = '';
  }

  private async run(dryRun: boolean): Promise<void> {
    const sessionId = this.session();
    if (!sessionId) return;
    this.busy(true, dryRun ? 'Looking…' : 'The history is being summarised…');
    const instructions = this.instructions.value.trim();
    try {
      const compacted = await this.host.call('session/compact', {
        sessionId,
        dryRun,
        ...(instructions && { instructions }),
      });
      this.outcome.textContent = outcomeWords(compacted, dryRun);
      if (!dryRun) this.done();
    } catch (problem) {
      this.outcome.textContent = (problem as Error).message;
    } finally {
      this.busy(false);
    }
  }

  private busy(busy: boolean, words?: string): void {
    this.look.disabled = busy;
    this.compact.disabled = busy;
    if (words) this.outcome.textContent = words;
  }
}

export function outcomeWords({ before, after, evidence }: Compacted, dryRun: boolean): string {
  if (after >= before) return 'Nothing is to be won: the history stays as it is.';
  const sizes = `${count(before)} → ${count(after)} tokens (${percent(before - after, before)} less)`;
  const kept = `${evidence} ${evidence === 1 ? 'call stands' : 'calls stand'} behind the summary as evidence`;
  return dryRun ? `It would be ${sizes}; ${kept}. Everything stays stored.` : `${sizes}; ${kept}.`;
}
