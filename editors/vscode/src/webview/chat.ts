// The chat page: takes what the extension says, keeps the transcript on screen, paints what changed.

import type { Failure, ServerView, ToView, ViewSettings } from '../bridge';
import { line } from '../plain';
import type { MessageError, QueuedPrompt, Session, TodoItem } from '../protocol';
import { failureBanner, restrictedBanner, serverBanner } from './around';
import { Asked } from './ask/asked';
import { Composer } from './compose/composer';
import type { Draft } from './compose/draft';
import { history } from './compose/typed';
import { h } from './dom';
import { Foot } from './foot';
import { CallFailed, Host } from './host';
import { MessageList } from './message-list';
import { Painter } from './paint';
import { Scroller } from './scroll';
import { SentPrompts } from './sent';
import { Transcript, type Dirty } from './transcript';
import { welcome } from './welcome';

const FIRST_PAGE = 30;
const PAGE = 40;
/** More messages are not kept on the page, however far somebody scrolls. */
const MOST_ON_SCREEN = 240;

export class Chat {
  private readonly host = new Host((message) => this.hear(message));
  private readonly painter = new Painter();
  private readonly list = new MessageList(this.host);
  private readonly asked = new Asked(this.host);
  private readonly composer = new Composer({
    host: this.host,
    history: () => this.history(),
    sent: (clientId, draft) => this.sent(clientId, draft),
  });
  private readonly banner = h('div', { class: 'banners' });
  private readonly failures = h('div', { class: 'banners' });
  private readonly foot = new Foot(this.host, {
    edit: (prompt) => void this.withdraw(prompt, true),
    remove: (prompt) => void this.withdraw(prompt, false),
  });
  private readonly empty = h('div', { class: 'empty' });
  private readonly scroller = new Scroller(h('div', { class: 'scroll', tabindex: -1 }, this.empty, this.list.element), {
    older: () => void this.page('before'),
    newer: () => void this.page('after'),
    newest: () => void this.read(),
  });
  private transcript: Transcript | undefined;
  private session: Session | undefined;
  private server: ServerView = { state: 'stopped' };
  private readonly dirtyMessages = new Set<string>();
  private readonly dirtyParts = new Set<string>();
  private paging = false;
  /** Readings of the newest page; of those that overlap only the newest counts. */
  private reads = 0;
  private readonly prompted = new SentPrompts();
  private readonly paint = () => this.paintDirty();
  private readonly paintAround = () => this.renderAround();

  constructor(page: HTMLElement) {
    const bottom = h(
      'div',
      { class: 'bottom' },
      this.failures,
      this.asked.element,
      this.foot.around,
      this.foot.status,
      this.composer.element,
      this.foot.meter,
    );
    const heading = h('h1', { class: 'for-screen-readers', text: 'agentls' });
    page.append(heading, this.banner, this.scroller.element, bottom);
    page.addEventListener('click', (event) => this.followLink(event));
    this.host.post({ type: 'ready' });
  }

  private hear(message: Exclude<ToView, { type: 'answer' }>): void {
    switch (message.type) {
      case 'server':
        return this.showServer(message.server, message.restricted);
      case 'session':
        return this.open(message);
      case 'sessionChanged':
        this.session = message.session;
        return this.painter.request(this.paintAround);
      case 'answers':
        return this.composer.setAnswers(message.model, message.agent);
      case 'updates':
        return this.apply(message);
      case 'questions':
        this.asked.show(message.permissions, message.questions);
        return this.scroller.follow();
      case 'prompted':
        return this.ended(message.clientId, message.failure);
      case 'attach':
        return this.composer.attach(message.attachments);
      case 'compose':
        return this.composer.compose(message.text, message.focus);
      case 'settings':
        return this.set(message.settings);
    }
  }

  private set(settings: ViewSettings): void {
    this.list.showReasoning = settings.showReasoning;
    this.composer.setSettings(settings);
  }

  private showServer(server: ServerView, restricted: boolean): void {
    this.server = server;
    const trust = restricted ? restrictedBanner(this.host) : undefined;
    this.banner.replaceChildren(...[serverBanner(server, this.host), trust].filter((it) => it !== undefined));
    this.painter.request(this.paintAround);
  }

  private open({ session: opened, todo, hint }: Extract<ToView, { type: 'session' }>): void {
    const session = opened ?? undefined;
    this.session = session;
    const again = session !== undefined && this.transcript?.sessionId === session.id;
    if (!again) this.list.clear();
    this.failures.replaceChildren();
    this.transcript = session && new Transcript(session.id);
    if (this.transcript && session) {
      this.transcript.status = session.status;
      this.transcript.todo = unfinished(todo);
    }
    this.empty.replaceChildren(...(session ? [] : [welcome(hint, (text) => this.composer.compose(text, true))]));
    if (session) void this.read();
    this.painter.request(this.paintAround);
  }

  /** The newest page, and the prompts that wait. */
  private async read(): Promise<void> {
    const { transcript } = this;
    if (!transcript) return;
    const { sessionId } = transcript;
    this.reads += 1;
    const { reads } = this;
    const counts = () => this.transcript === transcript && reads === this.reads;
    transcript.awaitPage();
    try {
      const page = await this.host.call('session/messages', { sessionId, limit: FIRST_PAGE });
      if (!counts()) return;
      transcript.show(page);
      this.scroller.stick();
      this.list.show(transcript);
      this.scroller.follow();
      const { prompts } = await this.host.call('session/queue', { sessionId });
      if (!counts()) return;
      transcript.queue = prompts;
      const taken = this.prompted.takenAfterAll(transcript);
      if (taken) this.composer.takeOut(taken);
      this.painter.request(this.paintAround);
      if (transcript.messages.length === 0)
        this.empty.replaceChildren(welcome('', (text) => this.composer.compose(text, true)));
    } catch (problem) {
      if (!counts()) return;
      transcript.noPage();
      this.failed(problem);
    }
  }

  private async page(side: 'before' | 'after'): Promise<void> {
    const { transcript } = this;
    const edge = side === 'before' ? transcript?.messages[0] : transcript?.messages.at(-1);
    if (!transcript || !edge || this.paging || !(side === 'before' ? transcript.hasBefore : transcript.hasAfter))
      return;
    this.paging = true;
    try {
      const page = await this.host.call('session/messages', {
        sessionId: transcript.sessionId,
        [side]: edge.id,
        limit: PAGE,
      });
      if (this.transcript !== transcript) return;
      this.scroller.keep(() => {
        if (side === 'before') transcript.prepend(page);
        else transcript.append(page);
        transcript.trim(MOST_ON_SCREEN, side === 'before' ? 'newest' : 'oldest');
        this.list.sync(transcript);
      });
      this.scroller.setHasNewer(transcript.hasAfter);
    } catch (problem) {
      this.failed(problem);
    } finally {
      this.paging = false;
    }
  }

  private apply({ updates }: Extract<ToView, { type: 'updates' }>): void {
    const { transcript } = this;
    if (!transcript) return;
    for (const update of updates) {
      if (update.sessionId !== transcript.sessionId) continue;
      this.note(transcript.apply(update, performance.now()));
    }
  }

  private note(dirty: Dirty): void {
    if (dirty.gap) return void this.read();
    for (const id of dirty.messages) this.dirtyMessages.add(id);
    for (const id of dirty.parts) this.dirtyParts.add(id);
    if (dirty.messages.size + dirty.parts.size > 0) this.painter.request(this.paint);
    if (dirty.around) this.painter.request(this.paintAround);
  }

  private paintDirty(): void {
    const { transcript } = this;
    if (!transcript) return;
    if (this.dirtyMessages.size > 0) this.empty.replaceChildren();
    for (const id of this.dirtyMessages) this.list.message(id, transcript);
    for (const id of this.dirtyParts) this.list.part(id, transcript);
    this.dirtyMessages.clear();
    this.dirtyParts.clear();
    if (!transcript.hasAfter && this.scroller.sticks) {
      if (transcript.trim(MOST_ON_SCREEN, 'oldest').length > 0) this.list.sync(transcript);
    }
    this.scroller.follow();
  }

  private renderAround(): void {
    const { server, session, transcript } = this;
    const running = transcript !== undefined && transcript.status !== 'idle';
    this.composer.setRunning(running && server.state === 'running');
    this.foot.render({ server, session, transcript });
    if (transcript?.error) this.fail(asFailure(transcript.error));
    if (transcript?.status === 'retrying') setTimeout(() => this.painter.request(this.paintAround), 1_000);
  }

  private async withdraw({ messageId, text }: QueuedPrompt, toEdit: boolean): Promise<void> {
    const { transcript } = this;
    if (!transcript) return;
    this.prompted.withdrawn(text);
    try {
      const { removed } = await this.host.call('session/unqueue', { sessionId: transcript.sessionId, messageId });
      if (removed && toEdit) this.composer.compose(text, true);
    } catch (problem) {
      this.failed(problem);
    }
  }

  private sent(clientId: string, draft: Draft): void {
    this.prompted.sent(clientId, draft, this.transcript);
    this.failures.replaceChildren();
    this.scroller.stick();
  }

  /** A prompt's turn has ended. One that was never taken comes back to be sent again. */
  private ended(clientId: string, failure: Failure | undefined): void {
    const back = failure && this.prompted.failed(clientId, this.transcript);
    const waitedFor = this.prompted.ended(clientId);
    if (!failure || !waitedFor) return;
    if (back) this.composer.putBack(back);
    this.fail(failure);
  }

  private failed(problem: unknown): void {
    this.fail(problem instanceof CallFailed ? problem.failure : { kind: 'unknown', message: String(problem) });
  }

  private fail(failure: Failure): void {
    // The banner of the server says that already.
    if (failure.kind === 'notRunning') return;
    const close = () => this.failures.replaceChildren();
    this.failures.replaceChildren(failureBanner(failure, this.host, close));
  }

  private history(): string[] {
    return history(this.prompts());
  }

  /** What the person wrote, as far as it is on screen. */
  private prompts(): string[] {
    const messages = this.transcript?.messages.filter(({ role }) => role === 'user') ?? [];
    return messages.map(({ parts }) =>
      parts.flatMap((part) => (part.type === 'text' ? [part.text.text] : [])).join('\n'),
    );
  }

  private followLink(event: MouseEvent): void {
    const link = (event.target as Element | null)?.closest?.('a');
    if (!link) return;
    event.preventDefault();
    const href = link.getAttribute('href');
    if (href) this.host.post({ type: 'openLink', href: line(href, 4_000) });
  }
}

function asFailure({ kind, message, cure }: MessageError): Failure {
  return { kind: String(kind ?? ''), message, ...(typeof cure === 'string' && { cure }) };
}

/** A list that is done with is not shown again when its session is opened. */
function unfinished(todo: TodoItem[]): TodoItem[] {
  return todo.some(({ status }) => status === 'pending' || status === 'active') ? todo : [];
}
