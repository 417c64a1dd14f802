// Hostile strings in everything that is shown beside the messages: cards, lists of the editor, notes, notices. Whatever
// is hidden becomes visible, nothing becomes an element, a line or an icon, and nothing takes long.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import { hunkLabel, summary } from '../../src/changes/hunks';
import { iconless, line, linkless } from '../../src/plain';
import { describe, nameOf, place } from '../../src/projects/labels';
import { agentItem, commandDetail } from '../../src/prompt/labels';
import type { ChangedFile, PermissionQuestion, Project, Session } from '../../src/protocol';
import { approvalItem } from '../../src/questions/labels';
import { titleOf } from '../../src/sessions/labels';
import type { Host } from '../../src/webview/host';
import { Transcript } from '../../src/webview/transcript';
import { browser, keepingHost } from '../support/recordings';

const HOSTILE =
  '<img src=x onerror=alert(1)><script>alert(1)</script>\u202e\u2066\u200b\u001b[2J\u0007\r\n$(check) [a](command:b)';
const LONG = `${HOSTILE}${'x'.repeat(1_000_000)}`;
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;
const FORBIDDEN = 'script, img, iframe, style, a';

browser();
const host = keepingHost() as unknown as Host;
let around: typeof import('../../src/webview/around');
let cards: (text: string) => HTMLElement[];
let foot: (text: string) => HTMLElement[];
before(async () => {
  around = await import('../../src/webview/around');
  const { Asked } = await import('../../src/webview/ask/asked');
  const { Foot } = await import('../../src/webview/foot');
  const { Menu } = await import('../../src/webview/compose/menu');
  const { welcome } = await import('../../src/webview/welcome');
  cards = (text) => {
    const asked = new Asked(host);
    asked.show([permission(text, 'bash'), permission(text, 'workspace')], [question(text)]);
    return [asked.element];
  };
  foot = (text) => {
    const made = new Foot(host, { edit: () => undefined, remove: () => undefined });
    made.render({ server: { state: 'running' }, session: undefined, transcript: transcript(text) });
    const menu = new Menu(
      () => undefined,
      () => undefined,
    );
    menu.show([{ label: text, detail: text, take: { kind: 'insert', text } }]);
    return [made.around, made.status, menu.element, welcome(text, () => undefined)];
  };
});

for (const [name, text] of Object.entries({ hostile: HOSTILE, long: LONG })) {
  test(`cards, notes, offers and banners show ${name} text as text`, () => {
    const began = process.cpuUsage();
    const failure = { kind: text, message: text, cure: text };
    const banners = [
      around.failureBanner(failure, host),
      around.serverBanner({ state: 'failed', message: text }, host),
    ].filter((it) => it !== undefined);
    const shown = [...cards(text), ...foot(text), ...banners];
    for (const element of shown) {
      assert.equal(element.querySelector(FORBIDDEN), null);
      assert.doesNotMatch(element.textContent ?? '', HIDDEN);
      for (const labelled of element.querySelectorAll('[title], [aria-label]')) {
        const words = `${labelled.getAttribute('title')}${labelled.getAttribute('aria-label')}`;
        assert.doesNotMatch(words, HIDDEN);
        assert.ok(words.length < 1_000, 'what is spoken is short');
      }
    }
    assert.match(cards(text)[0]?.textContent ?? '', /⟨U\+202E⟩/);
    const { user, system } = process.cpuUsage(began);
    assert.ok(user + system < 3_000_000, 'three seconds of CPU');
  });

  test(`rows of the editor's lists are one short line of ${name} text, without icons of its own`, () => {
    const agent = agentItem({
      name: text,
      description: text,
      source: text,
      readOnly: true,
      model: { provider: text, id: text },
      mistakes: [text],
    });
    const approval = approvalItem(
      { approvalId: 'a', tool: text, rule: text, scope: 'session', createdAt: 0 } as const,
      1,
    );
    const rows = [
      ...Object.values(agent),
      ...Object.values(approval),
      iconless(nameOf(project(text))),
      iconless(place(project(text))),
      iconless(titleOf({ title: text } as Session)),
    ];
    for (const row of rows) {
      assert.doesNotMatch(row, /(^|[^\\])\$\(/);
      isLine(row);
    }
    const file = changed(text);
    const hunk = file.hunks[0];
    assert.ok(hunk);
    const command = { name: text, description: text, argumentHint: text, source: text, mistakes: [text] };
    for (const row of [commandDetail(command), describe(project(text), 1), hunkLabel(hunk), summary(file)]) isLine(row);
  });
}

test('what a list would take for an icon is shown', () => {
  assert.equal(iconless('cd $(pwd) && echo $(date)'), 'cd \\$(pwd) && echo \\$(date)');
});

test('a notice has no links', () => {
  const said = linkless(line(HOSTILE, 1_000));
  assert.doesNotMatch(said, /\[[^\]]+\]\(/);
  assert.ok(said.includes('[a] (command:b)'));
});

function isLine(row: string): void {
  assert.doesNotMatch(row, HIDDEN);
  assert.doesNotMatch(row, /\n/);
  assert.ok(row.length < 1_000, `${row.length} characters`);
}

function permission(text: string, tool: string): PermissionQuestion {
  return {
    sessionId: 's',
    permissionId: tool,
    tool,
    title: text,
    reason: text,
    items: [{ label: text, rule: text }],
    path: { link: text, target: text },
    sandbox: text,
    options: [{ id: 'once', label: text, scope: 'once' }],
  };
}

function question(text: string) {
  return { questionId: 'q', sessionId: 's', questions: [{ question: text, options: [text] }] };
}

function transcript(text: string): Transcript {
  const made = new Transcript('s');
  made.status = 'retrying';
  made.detail = text;
  made.recovered = text;
  made.todo = [{ text, status: 'active' }];
  made.queue = [{ messageId: 'm', text, delivery: 'queue', createdAt: 0 }];
  return made;
}

function project(text: string): Project {
  return {
    id: 'p',
    root: `/${text}`,
    name: text,
    icon: { kind: 'emoji', value: text },
    sandboxes: [{ path: text, branch: text }],
    trust: 'changed',
    openedAt: 0,
  } as unknown as Project;
}

function changed(text: string): ChangedFile {
  const place = { oldStart: 1, oldLines: 1, newStart: 1, newLines: 1 };
  const hunk = { id: 'h', ...place, text: `-${text}`, verdict: 'open', applies: true } as const;
  return { path: text, uri: 'file:///a', status: 'modified', additions: 1, deletions: 1, note: text, hunks: [hunk] };
}
