// What stands around the messages: the state of the server and the turn, the todo list, the prompts that wait.

import { duration } from '../figures';
import { line } from '../plain';
import type { Failure, ServerView } from '../bridge';
import type { QueuedPrompt, TodoItem } from '../protocol';
import { h, icon, iconButton } from './dom';
import type { Host } from './host';
import type { Transcript } from './transcript';

/** The server's state, where it is not simply running. */
export function serverBanner(server: ServerView, host: Host): HTMLElement | undefined {
  if (server.state === 'running') return undefined;
  const button = (text: string, command: 'agentls.start' | 'agentls.logs') =>
    h('button', { class: 'secondary', type: 'button', text, onclick: () => host.post({ type: 'command', command }) });
  const words = { starting: 'agentls is starting…', stopped: 'agentls is stopped.', waitingToRestart: '', failed: '' }[
    server.state
  ];
  const acts =
    server.state === 'failed' || server.state === 'stopped'
      ? [button('Start', 'agentls.start'), button('Log', 'agentls.logs')]
      : [];
  const sign = server.state === 'failed' ? 'error' : 'server-process';
  return h(
    'div',
    { class: `banner ${server.state}`, role: 'status' },
    icon(sign),
    h('span', { text: line(server.message ?? words, 400) }),
    ...acts,
  );
}

/** The editor's workspace is not trusted: the server only reads in it. */
export function restrictedBanner(host: Host): HTMLElement {
  const manage = () => host.post({ type: 'command', command: 'workbench.trust.manage' });
  return h(
    'div',
    { class: 'banner restricted', role: 'status' },
    icon('shield'),
    h('span', { text: 'This workspace is not trusted: agentls reads in it, and changes and runs nothing.' }),
    h('button', { class: 'secondary', type: 'button', text: 'Manage trust', onclick: manage }),
  );
}

/** A failure with its cure. */
export function failureBanner(failure: Failure, host: Host, close?: () => void): HTMLElement {
  const key = failure.kind === 'providerAuth' || failure.kind === 'modelNotFound';
  return h(
    'div',
    { class: 'banner failed', role: 'alert' },
    icon('error'),
    h(
      'span',
      {},
      h('span', { text: line(failure.message, 1_000) }),
      failure.cure ? h('em', { text: ` ${line(failure.cure, 400)}` }) : '',
    ),
    failure.kind === 'providerAuth'
      ? h('button', {
          class: 'secondary',
          type: 'button',
          text: 'Set a key',
          onclick: () => host.post({ type: 'command', command: 'agentls.setKey' }),
        })
      : '',
    key
      ? h('button', {
          class: 'secondary',
          type: 'button',
          text: 'Choose a model',
          onclick: () => host.post({ type: 'command', command: 'agentls.selectModel' }),
        })
      : '',
    close ? iconButton('close', 'Close', close) : '',
  );
}

/** What the turn does, in words; nothing when it is idle. */
export function statusWords({ status, detail, retryAt }: Transcript, now: number): string {
  const said = detail ? line(detail, 200) : '';
  switch (status) {
    case 'idle':
      return '';
    case 'running':
      return said || 'Working…';
    case 'waiting':
      return said || 'Waiting for you';
    case 'compacting':
      return said || 'Making room: the history is being summarised…';
    case 'retrying': {
      const wait =
        retryAt === undefined ? '' : ` again in ${duration(Math.ceil(Math.max(0, retryAt - now) / 1_000) * 1_000)}`;
      return `The provider is called${wait}${said ? `: ${said}` : ''}`;
    }
  }
}

const TODO_ICONS: Record<TodoItem['status'], string> = {
  pending: 'circle-large-outline',
  active: 'circle-filled',
  done: 'pass-filled',
  dropped: 'circle-slash',
};

export function todoList(items: TodoItem[]): HTMLElement {
  const done = items.filter(({ status }) => status === 'done').length;
  const rows = items
    .slice(0, 200)
    .map(({ text, status }) =>
      h(
        'li',
        { class: status },
        icon(TODO_ICONS[status]),
        h('span', { text: line(text, 300) }),
        h('span', { class: 'for-screen-readers', text: `(${status})` }),
      ),
    );
  return h(
    'details',
    { class: 'todo', open: true },
    h('summary', {}, icon('checklist'), h('span', { text: `${done} of ${items.length} done` })),
    h('ul', {}, ...rows),
  );
}

/** Prompts that wait: each can be edited or withdrawn. */
export function queueList(
  prompts: QueuedPrompt[],
  edit: (prompt: QueuedPrompt) => void,
  remove: (prompt: QueuedPrompt) => void,
): HTMLElement {
  const rows = prompts.map((prompt) =>
    h(
      'li',
      {},
      icon(prompt.delivery === 'steer' ? 'arrow-right' : 'list-ordered'),
      h('span', { class: 'queued-text', text: line(prompt.text, 300) }),
      iconButton('edit', 'Edit this prompt', () => edit(prompt)),
      iconButton('close', 'Withdraw this prompt', () => remove(prompt)),
    ),
  );
  return h('ul', { class: 'queue', 'aria-label': 'Prompts that wait' }, ...rows);
}
