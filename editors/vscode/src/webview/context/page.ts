// The context page: what the model still sees of a session.

import type { ToView } from '../../bridge';
import { line } from '../../plain';
import type { Session } from '../../protocol';
import { h, iconButton } from '../dom';
import { Host } from '../host';
import { CompactionView } from './compaction';
import { calibration } from './division';
import { ItemsView } from './items';
import { ledger } from './ledger';
import { meter } from './meter';
import { nextRequest } from './next';

const TABS = { items: 'Pieces', ledger: 'Ledger', next: 'Next request' } as const;
type Tab = keyof typeof TABS;

export class ContextPage {
  private readonly host = new Host((message) => this.hear(message));
  private readonly head = h('header', { class: 'page-head' });
  private readonly overview = h('div');
  private readonly items = new ItemsView(this.host);
  private readonly compaction = new CompactionView(
    this.host,
    () => this.session?.id,
    () => void this.read(),
  );
  private readonly tabs = h('div', { class: 'tabs', role: 'tablist' });
  private readonly content = h('div', { class: 'tab-content', role: 'tabpanel' });
  private session: Session | undefined;
  private tab: Tab = 'items';
  private reading = 0;

  constructor(page: HTMLElement) {
    page.append(this.head, this.overview, this.compaction.element, this.tabs, this.content);
    this.renderTabs();
    this.host.post({ type: 'ready' });
  }

  private hear(message: Exclude<ToView, { type: 'answer' }>): void {
    if (message.type !== 'session' && message.type !== 'sessionChanged') return;
    if (message.session?.id !== this.session?.id) this.compaction.clear();
    this.session = message.session ?? undefined;
    void this.read();
  }

  private renderTabs(): void {
    const tabs = (Object.keys(TABS) as Tab[]).map((tab) =>
      h('button', {
        role: 'tab',
        type: 'button',
        text: TABS[tab],
        'aria-selected': tab === this.tab ? 'true' : 'false',
        onclick: () => {
          this.tab = tab;
          this.renderTabs();
          void this.read();
        },
      }),
    );
    this.tabs.replaceChildren(...tabs);
  }

  private async read(): Promise<void> {
    const { session } = this;
    this.reading += 1;
    const { reading } = this;
    if (!session) return this.content.replaceChildren(h('p', { class: 'note', text: 'Open a session first.' }));
    this.head.replaceChildren(
      h('h1', { text: line(session.title, 200) }),
      iconButton('refresh', 'Read again', () => void this.read()),
    );
    try {
      const sessionId = session.id;
      const report = await this.host.call('session/context', { sessionId });
      const content = await this.tabContent(sessionId);
      if (reading !== this.reading) return;
      this.overview.replaceChildren(meter(report), h('p', { class: 'note', text: calibration(report) }));
      if (this.tab === 'items') this.items.show(report);
      this.content.replaceChildren(content);
    } catch (problem) {
      if (reading === this.reading)
        this.content.replaceChildren(h('p', { class: 'problem', role: 'alert', text: (problem as Error).message }));
    }
  }

  private async tabContent(sessionId: string): Promise<HTMLElement> {
    switch (this.tab) {
      case 'items':
        return this.items.element;
      case 'ledger':
        return ledger((await this.host.call('session/steps', { sessionId, limit: 500 })).steps);
      case 'next':
        return nextRequest(await this.host.call('session/nextRequest', { sessionId }));
    }
  }
}
