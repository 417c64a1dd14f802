// Permission cards from recorded questions: what is shown, what is answered, what cannot happen by accident.

import assert from 'node:assert/strict';
import { before, mock, test } from 'node:test';

import type { Host } from '../../src/webview/host';
import { browser, keepingHost, permissions } from '../support/recordings';

browser();
let Card: typeof import('../../src/webview/ask/permission').PermissionCard;
let Asked: typeof import('../../src/webview/ask/asked').Asked;
let guard = 0;
before(async () => {
  ({ PermissionCard: Card } = await import('../../src/webview/ask/permission'));
  ({ GUARD_MS: guard } = await import('../../src/webview/ask/guard'));
  ({ Asked } = await import('../../src/webview/ask/asked'));
  mock.timers.enable({ apis: ['setTimeout'] });
});

function card(name: 'edit' | 'refused') {
  const host = keepingHost();
  const [question] = permissions(name);
  assert.ok(question);
  const made = new Card(question, host as unknown as Host);
  document.body.replaceChildren(made.element);
  const button = (label: string) =>
    [...made.element.querySelectorAll('button')].find((it) => it.textContent === label) as HTMLButtonElement;
  return { host, question, element: made.element, button };
}

test('a command is shown whole and split into its parts', () => {
  const { element } = card('refused');
  assert.equal(element.querySelector('.command')?.textContent, 'echo one && rm notes.txt');
  assert.deepEqual(
    [...element.querySelectorAll('.item code')].map((it) => it.textContent),
    ['echo one', 'rm notes.txt'],
  );
});

test('an edit is shown as a diff that opens in the editor', () => {
  const { element, host } = card('edit');
  assert.equal(element.querySelector('.diff .added')?.textContent, '+goodbye world');
  element.querySelector<HTMLButtonElement>('.piece-tools button')?.click();
  const [posted] = host.posted as Array<{ type: string; path: string; proposed: boolean }>;
  assert.deepEqual([posted?.type, posted?.path, posted?.proposed], ['openDiff', 'notes.txt', true]);
});

test('the buttons do nothing in the first moment', () => {
  const { host, button } = card('edit');
  button('Allow once').click();
  assert.equal(host.posted.length, 0);
  mock.timers.tick(guard);
  button('Allow once').click();
  assert.equal((host.posted.at(0) as { answer: { optionId: string } }).answer.optionId, 'once');
  button('Refuse').click();
  assert.equal(host.posted.length, 1, 'a question is answered once');
});

test('only ticked parts are remembered', () => {
  const { host, element, button, question } = card('refused');
  mock.timers.tick(guard);
  const [, second] = element.querySelectorAll<HTMLInputElement>('.item input');
  assert.ok(second);
  second.checked = false;
  button('Allow for this session').click();
  const { answer } = host.posted.at(0) as { answer: { optionId: string; items: string[] } };
  assert.equal(answer.optionId, 'session');
  assert.deepEqual(answer.items, [question.items[0]?.rule]);
});

test('a refusal carries what to do instead; Enter refuses only with words', () => {
  const { host, element } = card('edit');
  mock.timers.tick(guard);
  const field = element.querySelector<HTMLInputElement>('.feedback');
  assert.ok(field);
  const enter = () => field.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'Enter' }));
  enter();
  assert.equal(host.posted.length, 0);
  field.value = 'Write it into a new file';
  enter();
  const { answer } = host.posted.at(0) as { answer: { optionId: string; feedback: string } };
  assert.deepEqual([answer.optionId, answer.feedback], ['refuse', 'Write it into a new file']);
});

test('a card goes when its question is withdrawn, and the others stay as they are', () => {
  const asked = new Asked(keepingHost() as unknown as Host);
  const [edit, refused] = [permissions('edit')[0], permissions('refused')[0]];
  assert.ok(edit && refused);
  asked.show([edit, refused], []);
  const [, second] = asked.element.querySelectorAll('.card');
  asked.show([refused], []);
  assert.deepEqual([...asked.element.querySelectorAll('.card')], [second]);
});

test('what the operating system enforces stands on the card', () => {
  const [question] = permissions('refused');
  assert.ok(question);
  const sandbox = 'Writes only below /project; no network';
  const { element } = new Card({ ...question, sandbox }, keepingHost() as unknown as Host);
  assert.equal(element.querySelector('.sandbox')?.textContent, sandbox);
  assert.equal(card('refused').element.querySelector('.sandbox'), null);
});

test('trust is asked on a card of its own: what it lets happen, two answers, no tick to leave in place', () => {
  const host = keepingHost();
  const asked = new Asked(host as unknown as Host);
  const question = {
    sessionId: 'ses',
    permissionId: 'per',
    tool: 'workspace',
    title: 'Trust /work/one?',
    reason: 'the workspace is not trusted',
    items: [{ label: '.agentls/agents/own.md: an agent', rule: '' }],
    options: [
      { id: 'trust', label: 'Trust it', scope: 'project' as const },
      { id: 'refuse', label: 'Only read', scope: 'never' as const },
    ],
  };
  asked.show([question], []);
  const element = asked.element.querySelector('.card.trust');
  assert.ok(element);
  assert.equal(element.querySelector('header')?.textContent, 'Trust /work/one?');
  assert.equal(element.querySelector('li')?.textContent, '.agentls/agents/own.md: an agent');
  assert.equal(element.querySelectorAll('input, .primary').length, 0);
  const [trust] = element.querySelectorAll('button');
  assert.ok(trust);
  trust.click();
  assert.equal(host.posted.length, 0, 'not in the first moment');
  mock.timers.tick(guard);
  trust.click();
  assert.deepEqual(host.posted, [{ type: 'answerPermission', permissionId: 'per', answer: { optionId: 'trust' } }]);
});
