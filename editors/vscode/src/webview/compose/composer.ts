// Where the person writes: the prompt, what goes with it, and the three acts while a turn runs (queue, steer,
// interrupt).

import type { Attachment, Completion, Delivery, ViewCommand, ViewSettings } from '../../bridge';
import type { PromptPart } from '../../protocol';
import { line } from '../../plain';
import { h, icon, iconButton } from '../dom';
import type { Host } from '../host';
import { draftOf, isLong, keptOf, type Draft } from './draft';
import { imagesIn } from './images';
import { Menu } from './menu';
import { signBefore } from './typed';

/** A long draft is kept when nothing was typed for so long, a short one at once. */
const PAUSE_MS = 200;

export interface Composing {
  host: Host;
  /** The prompts on screen, newest first. */
  history(): string[];
  /** A prompt goes out. */
  sent(clientId: string, draft: Draft): void;
}

export class Composer {
  private readonly text = h('textarea', {
    rows: 2,
    placeholder: 'Ask, or say what to do. @ adds context, / lists commands.',
    'aria-label': 'Prompt',
    'aria-controls': 'offers',
    'aria-autocomplete': 'list',
    oninput: () => this.typed(),
    onkeydown: (event: KeyboardEvent) => this.key(event),
    onblur: () => this.keep(),
    onpaste: (event: ClipboardEvent) => void this.addImages(event, event.clipboardData),
    ondrop: (event: DragEvent) => void this.addImages(event, event.dataTransfer),
  });
  private readonly chips = h('div', { class: 'chips', role: 'list', 'aria-label': 'Goes with the prompt' });
  private readonly menu = new Menu(
    (offer) => this.take(offer),
    (id) => this.speak(id),
  );
  private readonly agent = this.choice('agent', 'Choose the agent', 'agentls.selectAgent');
  private readonly model = this.choice('model', 'Choose the model', 'agentls.selectModel');
  private readonly acts = h('div', { class: 'acts' });
  readonly element = h('div', { class: 'composer' });
  private attachments: Attachment[] = [];
  private running = false;
  private sendWith: ViewSettings['sendWith'] = 'enter';
  /** Where in the history the arrow keys are; -1 is what is being written. */
  private back = -1;
  private asked = 0;
  private pause: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly composing: Composing) {
    const context = iconButton('mention', 'Add context', () => this.command('agentls.pickContext'));
    this.element.append(
      this.menu.element,
      this.chips,
      this.text,
      h('div', { class: 'bar' }, context, this.agent, this.model, h('span', { class: 'space' }), this.acts),
    );
    this.renderActs();
    const draft = draftOf(composing.host.kept);
    this.text.value = draft.text;
    this.attach(draft.attachments);
  }

  /** Who answers the next prompt. */
  setAnswers(model: string, agent: string): void {
    this.model.textContent = line(model, 60);
    this.agent.textContent = line(agent, 40);
    this.agent.hidden = agent === '';
  }

  setRunning(running: boolean): void {
    if (this.running === running) return;
    this.running = running;
    this.renderActs();
  }

  setSettings({ sendWith }: ViewSettings): void {
    this.sendWith = sendWith;
  }

  attach(attachments: Attachment[]): void {
    const known = new Set(this.attachments.map(({ label }) => label));
    this.attachments.push(...attachments.filter(({ label }) => !known.has(label)));
    this.renderChips();
    this.keepSoon();
  }

  /** Puts words into the prompt; what is there already stays. */
  compose(text: string, focus: boolean): void {
    if (text !== '') this.text.value = this.text.value.trim() === '' ? text : `${this.text.value.trimEnd()}\n${text}`;
    this.keepSoon();
    if (focus) this.text.focus();
  }

  /** What was sent and not taken is here again. */
  putBack({ text, attachments }: Draft): void {
    this.compose(text, false);
    this.attach(attachments);
  }

  /** It was taken after all; whoever has changed it meanwhile keeps it. */
  takeOut({ text, attachments }: Draft): void {
    if (this.text.value !== text) return;
    const labels = new Set(attachments.map(({ label }) => label));
    this.text.value = '';
    this.attachments = this.attachments.filter(({ label }) => !labels.has(label));
    this.renderChips();
    this.keep();
  }

  private choice(what: string, title: string, command: ViewCommand): HTMLButtonElement {
    return h('button', { class: `choice ${what}`, type: 'button', title, onclick: () => this.command(command) });
  }

  private command(command: ViewCommand): void {
    this.composing.host.post({ type: 'command', command });
  }

  private renderActs(): void {
    const act = (delivery: Delivery, sign: string, label: string) =>
      h(
        'button',
        {
          class: delivery === 'queue' ? 'primary' : 'secondary',
          type: 'button',
          title: label,
          onclick: () => this.send(delivery),
        },
        icon(sign),
        h('span', { text: WORDS[delivery] }),
      );
    if (!this.running) {
      const send = h(
        'button',
        { class: 'primary', type: 'button', title: 'Send', onclick: () => this.send('queue') },
        icon('send'),
        h('span', { text: 'Send' }),
      );
      return this.acts.replaceChildren(send);
    }
    this.acts.replaceChildren(
      act('queue', 'list-ordered', 'Answer it after this turn'),
      act('steer', 'arrow-right', 'Let it join this turn at the next step (Alt+Enter)'),
      act('interrupt', 'debug-pause', 'Stop this turn and answer it at once'),
      h(
        'button',
        {
          class: 'secondary',
          type: 'button',
          title: 'Stop the turn',
          onclick: () => this.composing.host.post({ type: 'cancel' }),
        },
        icon('debug-stop'),
        h('span', { text: 'Stop' }),
      ),
    );
  }

  private renderChips(): void {
    const chips = this.attachments.map((attachment) =>
      h(
        'span',
        { class: 'chip', role: 'listitem' },
        icon(attachment.part.type === 'image' ? 'file-media' : attachment.part.type === 'file' ? 'file' : 'note'),
        h('span', { text: line(attachment.label, 60), title: attachment.label }),
        iconButton('close', `Leave out ${attachment.label}`, () => {
          this.attachments = this.attachments.filter((it) => it !== attachment);
          this.renderChips();
          this.keepSoon();
        }),
      ),
    );
    this.chips.replaceChildren(...chips);
  }

  private send(delivery: Delivery): void {
    const text = this.text.value.trim();
    if (text === '' && this.attachments.length === 0) return;
    const parts: PromptPart[] = text === '' ? [] : [{ type: 'text', text }];
    parts.push(...this.attachments.map(({ part }) => part));
    const clientId = crypto.randomUUID();
    this.composing.sent(clientId, { text, attachments: this.attachments });
    this.composing.host.post({ type: 'prompt', clientId, parts, delivery });
    this.text.value = '';
    this.attachments = [];
    this.back = -1;
    this.menu.close();
    this.renderChips();
    this.keep();
  }

  private get draft(): Draft {
    return { text: this.text.value, attachments: this.attachments };
  }

  private keepSoon(): void {
    if (!isLong(this.draft)) return this.keep();
    clearTimeout(this.pause);
    this.pause = setTimeout(() => this.keep(), PAUSE_MS);
  }

  private keep(): void {
    clearTimeout(this.pause);
    this.composing.host.keep(keptOf(this.draft));
  }

  private key(event: KeyboardEvent): void {
    if (event.isComposing) return;
    if (this.menu.key(event.key)) {
      return event.preventDefault();
    }
    const modified = event.ctrlKey || event.metaKey;
    if (event.key === 'Enter' && event.altKey) this.sendOn(event, this.running ? 'steer' : 'queue');
    else if (event.key === 'Enter' && !event.shiftKey && (this.sendWith === 'enter') !== modified)
      this.sendOn(event, 'queue');
    else if ((event.key === 'ArrowUp' || event.key === 'ArrowDown') && this.browses()) this.browse(event);
  }

  /** Assistive technology speaks the offer that is active. */
  private speak(offerId: string): void {
    if (offerId === '') this.text.removeAttribute('aria-activedescendant');
    else this.text.setAttribute('aria-activedescendant', offerId);
  }

  private sendOn(event: KeyboardEvent, delivery: Delivery): void {
    event.preventDefault();
    this.send(delivery);
  }

  /** The arrow keys go through the history while nothing of one's own is written. */
  private browses(): boolean {
    return this.text.value === '' || (this.back >= 0 && this.text.value === this.composing.history()[this.back]);
  }

  private browse(event: KeyboardEvent): void {
    const prompts = this.composing.history();
    const next = this.back + (event.key === 'ArrowUp' ? 1 : -1);
    if (next < -1 || next >= prompts.length) return;
    event.preventDefault();
    this.back = next;
    this.text.value = prompts[next] ?? '';
    this.text.setSelectionRange(this.text.value.length, this.text.value.length);
    this.keepSoon();
  }

  private typed(): void {
    this.keepSoon();
    const sign = signBefore(this.text.value, this.text.selectionStart);
    this.asked += 1;
    if (!sign) return this.menu.close();
    const { asked } = this;
    void this.composing.host.complete(sign.sign, sign.query).then((offers) => {
      if (asked === this.asked) this.menu.show(offers as Completion[]);
    });
  }

  private take(offer: Completion): void {
    const cursor = this.text.selectionStart;
    const sign = signBefore(this.text.value, cursor);
    const insert = offer.take.kind === 'insert' ? offer.take.text : '';
    if (sign) this.text.setRangeText(insert, sign.from, cursor, 'end');
    this.keepSoon();
    if (offer.take.kind !== 'insert') this.composing.host.post({ type: 'take', completion: offer });
    this.text.focus();
  }

  private async addImages(event: Event, items: DataTransfer | null): Promise<void> {
    if (!items || items.files.length === 0) return;
    event.preventDefault();
    this.attach(await imagesIn(items));
  }
}

const WORDS: Record<Delivery, string> = { queue: 'Queue', steer: 'Steer', interrupt: 'Interrupt' };
