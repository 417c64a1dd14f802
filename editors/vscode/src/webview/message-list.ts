// The messages on screen: one element for each, in order; only what changed is touched.

import { line } from '../plain';
import type { Message } from '../protocol';
import { h, icon, iconButton } from './dom';
import type { Host } from './host';
import { makeView } from './parts/make';
import type { PartContext, PartView } from './parts/part';
import type { Transcript } from './transcript';

interface Shown {
  element: HTMLElement;
  parts: HTMLElement;
  foot: HTMLElement;
  views: Map<string, PartView>;
}

export class MessageList {
  readonly element = h('div', { class: 'messages', role: 'log', 'aria-label': 'Messages', 'aria-live': 'off' });
  private readonly shown = new Map<string, Shown>();
  showReasoning = false;

  constructor(private readonly host: Host) {}

  clear(): void {
    this.shown.clear();
    this.element.replaceChildren();
  }

  /** Makes the list and all that is in it what the transcript has: for what was read anew. */
  show(transcript: Transcript): void {
    const known = new Set(this.shown.keys());
    this.sync(transcript);
    for (const message of transcript.messages) {
      const shown = this.shown.get(message.id);
      if (shown && known.has(message.id)) this.fill(message, shown, transcript);
    }
  }

  /** Makes the list have the transcript's messages, and those that it has already stay as they are: for pages. */
  sync(transcript: Transcript): void {
    const wanted = new Set(transcript.messages.map(({ id }) => id));
    for (const [id, { element }] of this.shown) {
      if (wanted.has(id)) continue;
      element.remove();
      this.shown.delete(id);
    }
    let before: Element | null = this.element.firstElementChild;
    for (const message of transcript.messages) {
      const known = this.shown.get(message.id);
      const element = known?.element ?? this.make(message, transcript);
      if (element === before) before = before.nextElementSibling;
      else this.element.insertBefore(element, before);
    }
  }

  /** A message was made or changed. */
  message(id: string, transcript: Transcript): void {
    const message = transcript.message(id);
    if (!message) return;
    if (!this.shown.has(id)) this.sync(transcript);
    else this.fill(message, this.shown.get(id) as Shown, transcript);
  }

  /** A part grew or changed. */
  part(id: string, transcript: Transcript): void {
    const part = transcript.part(id);
    const message = part && transcript.message(part.messageId);
    const shown = message && this.shown.get(message.id);
    if (!shown) return;
    const view = shown.views.get(id);
    if (view) view.update(part, this.context(message, transcript));
    else this.fill(message, shown, transcript);
  }

  private make(message: Message, transcript: Transcript): HTMLElement {
    const parts = h('div', { class: 'parts' });
    const foot = h('div', { class: 'foot' });
    const who = message.role === 'user' ? 'You' : 'Answer';
    const content = message.summary
      ? h(
          'details',
          { class: 'part' },
          h('summary', { class: 'note' }, icon('fold'), 'What stands for the messages before'),
          parts,
        )
      : parts;
    const kind = message.summary ? 'summary' : message.role;
    const element = h('article', { class: `message ${kind}`, 'data-id': message.id, 'aria-label': who }, content, foot);
    const shown: Shown = { element, parts, foot, views: new Map() };
    this.shown.set(message.id, shown);
    this.fill(message, shown, transcript);
    return element;
  }

  private fill(message: Message, shown: Shown, transcript: Transcript): void {
    const context = this.context(message, transcript);
    const elements: HTMLElement[] = [];
    for (const part of message.parts) {
      const view = shown.views.get(part.id) ?? makeView(part, message.role, context);
      if (!view) continue;
      shown.views.set(part.id, view);
      view.update(part, context);
      elements.push(view.element);
    }
    place(shown.parts, elements);
    const empty = elements.length === 0 && !message.error && message.completedAt != null;
    shown.element.hidden = empty;
    this.fillFoot(message, shown.foot);
  }

  private fillFoot(message: Message, foot: HTMLElement): void {
    const pieces: HTMLElement[] = [];
    if (message.error) {
      const cure = typeof message.error['cure'] === 'string' ? message.error['cure'] : '';
      pieces.push(
        h(
          'div',
          { class: 'problem', role: 'alert' },
          icon('error'),
          h('span', { text: line(`${message.error.message} ${cure}`, 600) }),
        ),
      );
    }
    if (message.finish === 'maxTokens')
      pieces.push(h('div', { class: 'note', text: 'The answer reached the model’s output limit.' }));
    if (message.finish === 'refusal') pieces.push(h('div', { class: 'note', text: 'The model refused to answer.' }));
    if (message.role === 'user') {
      const fork = () =>
        this.host.post({ type: 'command', command: 'agentls.forkSession', argument: { messageId: message.id } });
      pieces.push(h('div', { class: 'acts' }, iconButton('repo-forked', 'Go on from here in a copy', fork)));
    }
    foot.replaceChildren(...pieces);
  }

  private context(message: Message, transcript: Transcript): PartContext {
    return {
      host: this.host,
      showReasoning: this.showReasoning,
      live: message.completedAt == null && transcript.status !== 'idle',
      thinking: (id) => transcript.thinking.get(id),
    };
  }
}

/** Puts the elements in order without touching those that are in place: a selection in them stays. */
function place(parent: HTMLElement, elements: HTMLElement[]): void {
  for (const [index, element] of elements.entries()) {
    const there = parent.children[index];
    if (there !== element) parent.insertBefore(element, there ?? null);
  }
  while (parent.children.length > elements.length) parent.lastElementChild?.remove();
}
