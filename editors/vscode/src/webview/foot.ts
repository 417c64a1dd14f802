// Between the messages and the prompt: what was recovered, the todo list, changed files, prompts that wait, what the
// turn does; below the prompt how full the window is. Shows what it is told; decides nothing.

import type { ServerView } from '../bridge';
import { cost, count, percent } from '../figures';
import { line } from '../plain';
import type { QueuedPrompt, Session } from '../protocol';
import { queueList, statusWords, todoList } from './around';
import { h, icon } from './dom';
import type { Host } from './host';
import type { Transcript } from './transcript';

/** What it shows. */
export interface Seen {
  server: ServerView;
  session: Session | undefined;
  transcript: Transcript | undefined;
}

export interface QueueActs {
  edit(prompt: QueuedPrompt): void;
  remove(prompt: QueuedPrompt): void;
}

export class Foot {
  readonly around = h('div', { class: 'around' });
  readonly status = h('div', { class: 'status-line', role: 'status', 'aria-live': 'polite' });
  readonly meter = h('button', {
    class: 'meter',
    type: 'button',
    title: 'What the model still sees',
    onclick: () => this.host.post({ type: 'command', command: 'agentls.showContext' }),
  });

  constructor(
    private readonly host: Host,
    private readonly queue: QueueActs,
  ) {}

  render({ server, session, transcript }: Seen): void {
    this.around.replaceChildren(...this.pieces(session, transcript));
    this.renderStatus(transcript && server.state === 'running' ? statusWords(transcript, Date.now()) : '');
    this.renderMeter(session, transcript);
  }

  private pieces(session: Session | undefined, transcript: Transcript | undefined): HTMLElement[] {
    const pieces: HTMLElement[] = [];
    const running = transcript !== undefined && transcript.status !== 'idle';
    const recovered = transcript?.recovered ?? (running ? undefined : session?.recovered?.note);
    if (recovered)
      pieces.push(h('div', { class: 'note recovered' }, icon('info'), h('span', { text: line(recovered, 400) })));
    if (!transcript) return pieces;
    if (transcript.todo.length > 0) pieces.push(todoList(transcript.todo));
    const changed = transcript.changes?.files.length ?? 0;
    if (changed > 0) pieces.push(this.changesLine(changed));
    if (running && transcript.queue.length > 0)
      pieces.push(queueList(transcript.queue, this.queue.edit, this.queue.remove));
    return pieces;
  }

  private changesLine(files: number): HTMLElement {
    const open = () => this.host.post({ type: 'command', command: 'agentls.review.open' });
    return h(
      'button',
      { class: 'secondary wide', type: 'button', onclick: open },
      icon('diff-multiple'),
      h('span', { text: `Review ${files} changed ${files === 1 ? 'file' : 'files'}` }),
    );
  }

  private renderStatus(words: string): void {
    if (this.status.textContent === words) return;
    this.status.replaceChildren(...(words ? [icon('loading codicon-modifier-spin'), words] : []));
  }

  private renderMeter(session: Session | undefined, transcript: Transcript | undefined): void {
    const usage = transcript?.usage ?? session?.usage;
    const context = transcript?.context;
    const seen = context
      ? `${count(context.used)} of ${count(context.limit)} tokens seen (${percent(context.used, context.limit)})`
      : session && 'What the model still sees';
    const pieces = [seen, usage && cost(usage.costUsd ?? 0)].filter(Boolean);
    this.meter.replaceChildren(
      ...(pieces.length > 0 ? [icon('pie-chart'), h('span', { text: pieces.join(' · ') })] : []),
    );
    this.meter.hidden = pieces.length === 0;
  }
}
