// The map of the pieces by size and fate; behind each the digest, and behind the digest the whole.

import { count } from '../../figures';
import { line } from '../../plain';
import type { ContextItem, ContextReport, Fate } from '../../protocol';
import { h, icon } from '../dom';
import type { Host } from '../host';
import { toolIcon } from '../parts/tool-title';
import { behind } from './behind';
import { fates, FATE_WORDS, rows, type Row } from './division';

const MOST = 200;

export class ItemsView {
  readonly element = h('section', { class: 'items-view', 'aria-label': 'What stands in the window' });
  private fate: Fate | 'all' = 'all';
  private report: ContextReport | undefined;

  constructor(private readonly host: Host) {}

  show(report: ContextReport): void {
    this.report = report;
    const found = rows(report, this.fate, MOST);
    this.element.replaceChildren(
      this.filters(report),
      h(
        'div',
        { class: 'fragments' },
        ...report.fragments.map(({ name, tokens }) =>
          h('span', { class: 'fragment', text: `${line(name, 60)} ${count(tokens)}` }),
        ),
      ),
      h('ul', { class: 'rows' }, ...found.rows.map((row) => h('li', {}, this.row(row)))),
      found.more > 0 ? h('div', { class: 'note', text: `… and ${found.more} smaller ones` }) : '',
    );
  }

  private filters(report: ContextReport): HTMLElement {
    const button = (fate: Fate | 'all', text: string) =>
      h('button', {
        class: `filter ${fate}`,
        type: 'button',
        text,
        'aria-pressed': this.fate === fate ? 'true' : 'false',
        onclick: () => {
          this.fate = fate;
          if (this.report) this.show(this.report);
        },
      });
    const each = fates(report)
      .filter(({ parts }) => parts > 0)
      .map(({ fate, parts, tokens }) => button(fate, `${FATE_WORDS[fate]}: ${parts} (${count(tokens)})`));
    return h('div', { class: 'filters', role: 'group', 'aria-label': 'Fate' }, button('all', 'All'), ...each);
  }

  private row({ item, sent, share }: Row): HTMLElement {
    const size = h('span', { class: `size ${item.fate}`, 'aria-hidden': 'true' });
    size.style.inlineSize = `${Math.max(2, Math.round(share * 100))}%`;
    const details = h(
      'details',
      { class: `row ${item.fate}` },
      h(
        'summary',
        {},
        h('span', { class: 'size-cell' }, size),
        h('span', { class: 'tokens', text: count(item.tokens) }),
        icon(item.tool ? toolIcon(item.tool) : item.kind === 'summary' ? 'fold' : 'comment'),
        h('span', { class: 'what', text: whatOf(item) }),
        h('span', { class: 'fate', text: fateOf(item, sent) }),
      ),
    );
    const { partId } = item;
    if (partId) {
      details.addEventListener('toggle', () => {
        if (details.open && details.children.length === 1)
          details.append(behind(this.host, partId, item.tool ? 'output' : 'text'));
      });
    }
    return details;
  }
}

function whatOf(item: ContextItem): string {
  const name = item.tool ?? item.kind;
  const several = item.parts > 1 ? ` (${item.parts} parts)` : '';
  return line(`${name} ${item.title ?? ''}`, 160) + several;
}

/** Evidence of a call behind the summary stands there beside it. */
function fateOf(item: ContextItem, sent: boolean): string {
  return item.fate === 'evidence' && !sent ? 'evidence behind the summary' : FATE_WORDS[item.fate];
}
