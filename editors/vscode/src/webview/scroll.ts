// Scrolling: stays at the end while the end grows, keeps its place when older messages come in above.

import { h, icon } from './dom';

/** So near to an edge counts as being there. */
const NEAR = 48;
/** So near to an edge the next page is fetched. */
const AHEAD = 800;

export interface Edges {
  older(): void;
  newer(): void;
  newest(): void;
}

export class Scroller {
  readonly element: HTMLElement;
  private sticking = true;
  private hasNewer = false;
  private readonly jump = h(
    'button',
    { class: 'jump', type: 'button', hidden: true, title: 'To the newest message', onclick: () => this.toNewest() },
    icon('arrow-down'),
    h('span', { text: 'Newest' }),
  );

  constructor(
    private readonly area: HTMLElement,
    private readonly edges: Edges,
  ) {
    this.element = h('div', { class: 'scroll-frame' }, area, this.jump);
    area.addEventListener('scroll', () => this.scrolled(), { passive: true });
    // What stands below the messages takes room from them as it grows.
    new ResizeObserver(() => this.follow()).observe(area);
  }

  /** Whether the end is on screen and stays there. */
  get sticks(): boolean {
    return this.sticking;
  }

  stick(): void {
    this.sticking = true;
    this.setHasNewer(false);
    this.follow();
  }

  /** After something was painted. */
  follow(): void {
    if (this.sticking) this.area.scrollTop = this.area.scrollHeight;
  }

  setHasNewer(hasNewer: boolean): void {
    this.hasNewer = hasNewer;
    if (hasNewer) this.sticking = false;
    this.jump.hidden = this.sticking && !hasNewer;
  }

  /** Changes the list while what is on screen stays where it is. */
  keep(change: () => void): void {
    const anchor = [...this.area.querySelectorAll<HTMLElement>('.message')].find(
      (it) => it.offsetTop + it.offsetHeight > this.area.scrollTop,
    );
    const before = anchor ? anchor.offsetTop - this.area.scrollTop : 0;
    change();
    if (anchor?.isConnected) this.area.scrollTop = anchor.offsetTop - before;
  }

  private scrolled(): void {
    const below = this.area.scrollHeight - this.area.scrollTop - this.area.clientHeight;
    this.sticking = below < NEAR && !this.hasNewer;
    this.jump.hidden = this.sticking;
    if (this.area.scrollTop < AHEAD) this.edges.older();
    if (below < AHEAD) this.edges.newer();
  }

  private toNewest(): void {
    if (this.hasNewer) this.edges.newest();
    this.stick();
  }
}
