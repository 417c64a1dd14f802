// The tree of sessions: what the server lists, newest activity first, with what needs the person on top of the mind.

import * as vscode from 'vscode';

import type { Project, Session } from '../protocol';
import type { OpenQuestions } from '../questions/open';
import type { Server } from '../server/server';
import { cost, count, size } from '../figures';
import { line } from '../plain';
import type { ProjectCache } from '../projects/cache';
import { nameOf } from '../projects/labels';
import { describe, stateOf, STATE_WORDS, titleOf, tokens, type State } from './labels';

const PAGE = 50;
/** Changes come in bursts; the list is read once for each. */
const SETTLE_MS = 150;
/** So often ages are looked at again. */
const AGE_MS = 30_000;

export type Node = { session: Session } | { more: true };

const ICONS: Record<State, vscode.ThemeIcon> = {
  running: new vscode.ThemeIcon('loading~spin'),
  needsYou: new vscode.ThemeIcon('bell-dot', new vscode.ThemeColor('notificationsWarningIcon.foreground')),
  failed: new vscode.ThemeIcon('error', new vscode.ThemeColor('notificationsErrorIcon.foreground')),
  done: new vscode.ThemeIcon('comment-discussion'),
  archived: new vscode.ThemeIcon('archive'),
};

export class SessionsTree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  private sessions: Session[] = [];
  private nextCursor: string | undefined;
  private shown = PAGE;
  private archived = false;
  private settling: NodeJS.Timeout | undefined;
  private asked = 0;
  private shownRows = '';
  private readonly ages = setInterval(() => this.changedIfDifferent(), AGE_MS);
  private readonly changed = new vscode.EventEmitter<undefined>();
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly questions: OpenQuestions,
    private readonly cwds: () => string[],
    private readonly projects: ProjectCache,
  ) {
    server.onTold('session/didChange', () => this.refreshSoon());
    server.onTold('session/update', ({ update }) => {
      if (update.kind === 'status') this.refreshSoon();
    });
    questions.onChange(() => this.changedIfDifferent());
    server.onChange(({ state }) => state === 'running' && this.refreshSoon());
  }

  /** Archived sessions instead of the others, or back. */
  showArchived(archived: boolean): void {
    this.archived = archived;
    this.shown = PAGE;
    this.refreshSoon();
  }

  more(): void {
    this.shown += PAGE;
    this.refreshSoon();
  }

  refreshSoon(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => void this.refresh(), SETTLE_MS);
  }

  /** Reads the list. Of readings that overlap only the newest counts, whichever is answered last. */
  async refresh(): Promise<void> {
    if (this.server.view.state !== 'running') return;
    this.asked += 1;
    const asked = this.asked;
    const cwds = this.cwds();
    const lists = (cwds.length > 0 ? cwds : [undefined]).map((cwd) =>
      this.server.request('session/list', {
        archived: this.archived,
        limit: Math.min(this.shown, 500),
        ...(cwd && { cwd }),
      }),
    );
    try {
      const pages = await Promise.all(lists);
      if (asked !== this.asked) return;
      this.sessions = pages.flatMap((page) => page.sessions).sort((a, b) => b.updatedAt - a.updatedAt);
      this.nextCursor = pages.find((page) => page.nextCursor)?.nextCursor ?? undefined;
    } catch (problem) {
      this.server.output.warn(`The sessions cannot be listed: ${String(problem)}`);
    }
    this.changedIfDifferent();
  }

  getChildren(node?: Node): Node[] {
    if (node) return [];
    const nodes: Node[] = this.sessions.map((session) => ({ session }));
    return this.nextCursor && this.shown < 500 ? [...nodes, { more: true }] : nodes;
  }

  getTreeItem(node: Node): vscode.TreeItem {
    if ('more' in node) {
      const item = new vscode.TreeItem('More sessions…');
      item.command = { command: 'agentls.moreSessions', title: 'More Sessions' };
      return item;
    }
    const { session } = node;
    const state = this.state(session);
    const item = new vscode.TreeItem(titleOf(session));
    item.id = session.id;
    item.description = describe(session, state, Date.now());
    item.iconPath = ICONS[state];
    item.contextValue = `session.${session.archivedAt == null ? 'live' : 'archived'}`;
    item.tooltip = tooltip(session, state, this.projects.find(session.projectId));
    item.accessibilityInformation = { label: `${titleOf(session)}, ${STATE_WORDS[state]}, ${item.description}` };
    item.command = { command: 'agentls.openSession', title: 'Open Session', arguments: [session.id] };
    return item;
  }

  /** Rows that are drawn anew lose the click that is just being made, so only what looks different is drawn. */
  private changedIfDifferent(): void {
    const now = Date.now();
    const rows = this.sessions.map((it) => [
      it.id,
      it.title,
      it.cwd,
      it.archivedAt,
      this.state(it),
      describe(it, this.state(it), now),
    ]);
    const signature = JSON.stringify([rows, this.nextCursor !== undefined]);
    if (signature === this.shownRows) return;
    this.shownRows = signature;
    this.changed.fire(undefined);
  }

  private state(session: Session): State {
    return stateOf(session, this.questions.sessions().has(session.id));
  }

  dispose(): void {
    clearTimeout(this.settling);
    clearInterval(this.ages);
    this.changed.dispose();
  }
}

/** Plain text: a title that a model wrote is not Markdown of ours. */
function tooltip(session: Session, state: State, project: Project | undefined): string {
  const { provider, id } = session.model;
  const lines = [
    titleOf(session),
    `${STATE_WORDS[state]} · ${provider}/${id} · ${session.agent}`,
    `${session.counts.messages} messages, ${size(session.counts.bytes)}`,
    `${count(tokens(session.usage))} tokens ${cost(session.usage.costUsd ?? 0)}`.trim(),
    project ? `${nameOf(project)}: ${line(session.cwd, 300)}` : line(session.cwd, 300),
  ];
  if (session.recovered) lines.push(line(session.recovered.note, 300));
  return lines.join('\n');
}
