// The messages on screen as data: pages read, updates applied. Pure; tells what has to be painted anew.

import type {
  Body,
  ContextUse,
  Message,
  MessageError,
  MessagePage,
  Part,
  QueuedPrompt,
  SessionUpdate,
  Status,
  TodoItem,
  Update,
  Usage,
} from '../protocol';

/** More than this of a running tool's output is not kept: the final part has all of it. */
const LIVE_OUTPUT = 16 * 1024;

/** What changed with an update. */
export interface Dirty {
  messages: Set<string>;
  parts: Set<string>;
  /** Status, queue, todo, figures: what stands around the messages. */
  around: boolean;
  /** Updates were lost: what is on screen has to be read again. */
  gap: boolean;
}

/** When reasoning began and ended, as far as it was seen. */
export interface Seen {
  from: number;
  to?: number;
}

export class Transcript {
  messages: Message[] = [];
  hasBefore = false;
  hasAfter = false;
  status: Status = 'idle';
  detail: string | undefined;
  retryAt: number | undefined;
  queue: QueuedPrompt[] = [];
  todo: TodoItem[] = [];
  error: MessageError | undefined;
  usage: Usage | undefined;
  context: ContextUse | undefined;
  changes: Extract<Update, { kind: 'changes' }> | undefined;
  /** What an unclean end interrupted, until a turn has ended well. */
  recovered: string | undefined;
  readonly thinking = new Map<string, Seen>();
  private eventSeq: number | undefined;
  /** Messages and parts that came while the newest page was read: it may be older than they are. */
  private meanwhile: { update: Update; now: number }[] | undefined;
  private readonly byId = new Map<string, Message>();
  private readonly partsById = new Map<string, Part>();

  constructor(readonly sessionId: string) {}

  message(id: string): Message | undefined {
    return this.byId.get(id);
  }

  part(id: string): Part | undefined {
    return this.partsById.get(id);
  }

  /** The newest page is asked for: what comes before it does is not lost with it. */
  awaitPage(): void {
    this.meanwhile ??= [];
  }

  /** It does not come. */
  noPage(): void {
    this.meanwhile = undefined;
  }

  /** The newest page, or all anew. */
  show(page: MessagePage): void {
    this.messages = [];
    this.byId.clear();
    this.partsById.clear();
    this.hasBefore = page.hasBefore;
    this.hasAfter = page.hasAfter;
    this.recovered = page.recovered?.note;
    for (const message of page.messages) this.put(message);
    const later = this.meanwhile ?? [];
    this.meanwhile = undefined;
    for (const { update, now } of later) this.applyUpdate(update, untouched(), now);
  }

  /** A page of older messages. */
  prepend(page: MessagePage): void {
    this.hasBefore = page.hasBefore;
    for (const message of page.messages) this.put(message);
  }

  /** A page of newer messages. */
  append(page: MessagePage): void {
    this.hasAfter = page.hasAfter;
    for (const message of page.messages) this.put(message);
  }

  /** Lets go of messages at one end; the ids of those that went. */
  trim(most: number, end: 'oldest' | 'newest'): string[] {
    const over = this.messages.length - most;
    if (over <= 0) return [];
    const gone = end === 'oldest' ? this.messages.splice(0, over) : this.messages.splice(most, over);
    if (end === 'oldest') this.hasBefore = true;
    else this.hasAfter = true;
    for (const message of gone) {
      this.byId.delete(message.id);
      for (const part of message.parts) this.partsById.delete(part.id);
    }
    return gone.map(({ id }) => id);
  }

  apply({ eventSeq, update }: SessionUpdate, now: number): Dirty {
    const dirty = untouched();
    dirty.gap = this.eventSeq !== undefined && eventSeq !== this.eventSeq + 1;
    this.eventSeq = eventSeq;
    if (update.kind === 'message' || update.kind === 'part') this.meanwhile?.push({ update, now });
    this.applyUpdate(update, dirty, now);
    return dirty;
  }

  private applyUpdate(update: Update, dirty: Dirty, now: number): void {
    switch (update.kind) {
      case 'message':
        return this.applyMessage(update.message, dirty);
      case 'part':
        return this.applyPart(update.part, dirty, now);
      case 'partDelta':
        return this.grow(update, dirty, now);
      default:
        dirty.around = true;
        this.applyAround(update);
    }
  }

  private applyAround(update: Exclude<Update, { kind: 'message' | 'part' | 'partDelta' }>): void {
    switch (update.kind) {
      case 'status':
        this.status = update.status;
        this.detail = update.detail ?? undefined;
        this.retryAt = update.retryAt ?? undefined;
        if (update.status === 'running') this.error = undefined;
        if (update.status === 'idle') this.recovered = undefined;
        return;
      case 'recovered':
        this.recovered = update.note;
        return;
      case 'queue':
        this.queue = update.prompts;
        return;
      case 'todo':
        this.todo = update.items;
        return;
      case 'usage':
        this.usage = update.usage;
        this.context = update.context;
        return;
      case 'error':
        this.error = update.error;
        return;
      case 'changes':
        this.changes = update;
        return;
      case 'title':
      case 'compacted':
        return;
      default:
        // A kind that is added to the protocol fails here when the types are checked.
        update satisfies never;
    }
  }

  /** A message that was made while older ones are on screen is not shown: the newest page will have it. */
  private applyMessage(message: Message, dirty: Dirty): void {
    const known = this.byId.get(message.id);
    if (!known && this.hasAfter) return;
    const parts = message.parts.map((part) => keepLonger(part, this.partsById.get(part.id)));
    this.put({ ...message, parts });
    dirty.messages.add(message.id);
  }

  private applyPart(part: Part, dirty: Dirty, now: number): void {
    const message = this.byId.get(part.messageId);
    if (!message) return;
    const merged = keepLonger(part, this.partsById.get(part.id));
    const at = message.parts.findIndex(({ id }) => id === part.id);
    if (at >= 0) message.parts[at] = merged;
    else {
      message.parts.push(merged);
      message.parts.sort((a, b) => a.index - b.index);
      dirty.messages.add(message.id);
      this.thoughtEnded(message, part, now);
    }
    this.partsById.set(part.id, merged);
    if (part.type === 'reasoning' && !this.thinking.has(part.id)) this.thinking.set(part.id, { from: now });
    dirty.parts.add(part.id);
  }

  private grow({ partId, field, text }: Extract<Update, { kind: 'partDelta' }>, dirty: Dirty, now: number): void {
    const part = this.partsById.get(partId);
    if (!part) return;
    if (field === 'text' && (part.type === 'text' || part.type === 'reasoning')) part.text = longer(part.text, text);
    else if (field === 'input' && part.type === 'tool') part.input = longer(part.input, text);
    else if (field === 'output' && part.type === 'tool') part.output = bounded(longer(part.output ?? EMPTY, text));
    else return;
    if (part.type === 'reasoning' && !this.thinking.has(partId)) this.thinking.set(partId, { from: now });
    dirty.parts.add(partId);
  }

  /** What follows reasoning ends it. */
  private thoughtEnded(message: Message, next: Part, now: number): void {
    for (const part of message.parts) {
      const seen = this.thinking.get(part.id);
      if (seen && seen.to === undefined && part.index < next.index) seen.to = now;
    }
  }

  private put(message: Message): void {
    const known = this.byId.get(message.id);
    if (known) this.messages[this.messages.indexOf(known)] = message;
    else {
      let at = this.messages.length;
      while (at > 0 && (this.messages[at - 1]?.seq ?? 0) > message.seq) at -= 1;
      this.messages.splice(at, 0, message);
    }
    this.byId.set(message.id, message);
    for (const part of message.parts) this.partsById.set(part.id, part);
  }
}

function untouched(): Dirty {
  return { messages: new Set(), parts: new Set(), around: false, gap: false };
}

const EMPTY: Body = { text: '', bytes: 0, truncated: false };

function longer(body: Body, text: string): Body {
  return { ...body, text: body.text + text, bytes: body.bytes + text.length };
}

/** The end of an output that runs: the newest lines matter. */
function bounded(body: Body): Body {
  if (body.text.length <= LIVE_OUTPUT * 2) return body;
  const cut = body.text.slice(-LIVE_OUTPUT);
  return { ...body, text: cut.slice(cut.indexOf('\n') + 1), truncated: true };
}

/**
 * What is on screen already is not cut: a final part may come with the beginning of its text only, and a part that
 * only begins may be told after a page that knows more of it.
 */
function keepLonger(part: Part, known: Part | undefined): Part {
  if ((part.type !== 'text' && part.type !== 'reasoning') || known?.type !== part.type) return part;
  const whole = known.text.text.length > part.text.text.length && known.text.text.startsWith(part.text.text);
  if (!whole || !(part.text.truncated || part.text.bytes === 0)) return part;
  return { ...part, text: { ...known.text, bytes: Math.max(part.text.bytes, known.text.bytes) } };
}
