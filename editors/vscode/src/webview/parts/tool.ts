// A tool call as a card: icon, name, title, status; its arguments and its output when it is unfolded.

import { duration } from '../../figures';
import { line, visible } from '../../plain';
import type { Part, ToolPart } from '../../protocol';
import { h, icon, iconButton } from '../dom';
import { diffElement } from './diff';
import type { PartContext, PartView } from './part';
import { Rest } from './rest';
import { argumentsOf, diffIn, pathIn, toolIcon, toolTitle } from './tool-title';

type Tool = Extract<Part, { type: 'tool' }>;

const STATUS: Record<ToolPart['status'], { icon: string; word: string }> = {
  pending: { icon: 'ellipsis', word: 'is being written' },
  running: { icon: 'loading codicon-modifier-spin', word: 'running' },
  completed: { icon: 'check', word: 'done' },
  error: { icon: 'error', word: 'failed' },
};

export class ToolView implements PartView {
  readonly element = h('details', { class: 'part tool' });
  private readonly head = h('summary');
  private readonly body = h('div', { class: 'tool-body' });
  private part: Tool | undefined;
  private context: PartContext | undefined;
  private output: { rest: Rest; element: HTMLElement } | undefined;

  constructor() {
    this.element.append(this.head, this.body);
    this.element.addEventListener('toggle', () => this.renderBody());
  }

  update(part: Part, context: PartContext): void {
    if (part.type !== 'tool') return;
    this.part = part;
    this.context = context;
    this.element.dataset['status'] = part.status;
    this.renderHead(part);
    this.renderBody();
  }

  private renderHead(part: Tool): void {
    const { icon: sign, word } = STATUS[part.status];
    const title = toolTitle(part);
    const took = part.startedAt != null && part.endedAt != null ? part.endedAt - part.startedAt : 0;
    this.head.replaceChildren(
      icon(toolIcon(part.tool)),
      h('span', { class: 'tool-name', text: line(part.tool, 40) }),
      h('span', { class: 'tool-title', text: title, title }),
      part.compactedAt == null
        ? ''
        : h('span', { class: 'badge', text: 'evidence', title: 'The model sees a digest of this result' }),
      took >= 100 ? h('span', { class: 'took', text: duration(took) }) : '',
      h('span', { class: 'status', title: word }, icon(sign), h('span', { class: 'for-screen-readers', text: word })),
    );
  }

  /** What is folded is not made. */
  private renderBody(): void {
    if (!this.element.open || !this.part || !this.context) return;
    const { part } = this;
    const pieces: HTMLElement[] = [this.inputElement(part)];
    const diff = part.output && !part.output.truncated ? diffIn(part.output.text) : undefined;
    if (diff) pieces.push(this.diffPiece(part, diff));
    else if (part.output) pieces.push(this.outputElement(part));
    if (part.error) pieces.push(h('pre', { class: 'problem', text: visible(part.error) }));
    for (const { name, mime } of part.attachments ?? [])
      pieces.push(h('div', { class: 'attachment', text: line(name ?? mime) }));
    this.body.replaceChildren(...pieces);
  }

  private inputElement(part: Tool): HTMLElement {
    const values = argumentsOf(part.input.text);
    const command = values['command'];
    if (part.tool === 'bash' && typeof command === 'string') {
      return h('pre', { class: 'input', text: `$ ${visible(command)}`, dir: 'ltr' });
    }
    const rows = Object.entries(values).map(([name, value]) =>
      h('div', {}, h('span', { class: 'argument', text: line(name, 60) }), h('span', { text: shown(value) })),
    );
    if (rows.length > 0) return h('div', { class: 'input arguments', dir: 'ltr' }, ...rows);
    return h('pre', { class: 'input', text: visible(part.input.text) });
  }

  private diffPiece(part: Tool, diff: string): HTMLElement {
    const path = pathIn(diff) ?? '';
    const open = () => this.context?.host.post({ type: 'openDiff', partId: part.id, diff, path, proposed: false });
    return h(
      'div',
      { class: 'with-tools' },
      h('div', { class: 'piece-tools' }, iconButton('diff', 'Open the diff', open)),
      diffElement(diff),
    );
  }

  private outputElement(part: Tool): HTMLElement {
    const { host } = this.context as PartContext;
    if (!this.output) {
      const text = h('pre', { class: 'output', dir: 'ltr', tabindex: 0, 'aria-label': 'Output' });
      const rest = new Rest(host, part.id, 'output', (content) => (text.textContent = visible(content)));
      const open = () => host.post({ type: 'openText', partId: part.id, title: toolTitle(part), field: 'output' });
      const tools = h('div', { class: 'piece-tools' }, iconButton('go-to-file', 'Open the whole output', open));
      this.output = { rest, element: h('div', { class: 'with-tools' }, tools, text, rest.element) };
    }
    if (part.output) this.output.rest.set(part.output);
    return this.output.element;
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return visible(text.length > 2_000 ? `${text.slice(0, 2_000)}…` : text);
}
