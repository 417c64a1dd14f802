// What the newest turn changed, as a tree of files and hunks: accepted and rejected one by one or together, shown as
// native diffs. Offered only where the server has the methods.

import * as vscode from 'vscode';

import type { ShownSession } from '../chat/shown';
import { visible } from '../plain';
import type { ChangedFile, ChangedHunk, ChangesResult } from '../protocol';
import { failureOf, inWords } from '../server/failure';
import type { Server } from '../server/server';
import { uriOf } from './documents';
import { hunkLabel, openHunks, step, summary, verdictWords, type Place } from './hunks';

export type ChangeNode = { file: ChangedFile } | { file: ChangedFile; hunk: ChangedHunk };

const SETTLE_MS = 150;

export class Review implements vscode.TreeDataProvider<ChangeNode>, vscode.Disposable {
  private changes: ChangesResult | undefined;
  private settling: NodeJS.Timeout | undefined;
  /** Where next and previous were last. */
  private at: Place | undefined;
  /** What was rejected while its turn runs: it is taken back when that has ended. */
  private readonly waiting = new Set<string>();
  private reads = 0;
  private version = 0;
  private drawn: string | undefined;
  private readonly changed = new vscode.EventEmitter<undefined>();
  private readonly subscriptions: vscode.Disposable[];
  readonly onDidChangeTreeData = this.changed.event;

  constructor(
    private readonly server: Server,
    private readonly shown: ShownSession,
  ) {
    this.subscriptions = [
      shown.onChange(({ reopened }) => reopened && this.refreshSoon()),
      server.onTold('session/update', ({ sessionId, update }) => {
        const ended = update.kind === 'status' && update.status === 'idle';
        if (sessionId === shown.current?.id && (update.kind === 'changes' || ended)) this.refreshSoon();
      }),
    ];
  }

  get offered(): boolean {
    return this.server.supports('session/changes') && this.server.supports('session/review');
  }

  getChildren(node?: ChangeNode): ChangeNode[] {
    if (!node) return (this.changes?.files ?? []).map((file) => ({ file }));
    return 'hunk' in node ? [] : node.file.hunks.map((hunk) => ({ file: node.file, hunk }));
  }

  getTreeItem(node: ChangeNode): vscode.TreeItem {
    return 'hunk' in node ? hunkItem(node.file, node.hunk, this.waits(node)) : fileItem(node.file, this.open(node));
  }

  /** All changed files beside what they were. */
  async showAll(): Promise<void> {
    if (!this.offered)
      return void vscode.window.showInformationMessage('This version of agentls does not review changes.');
    await this.refresh();
    const files = this.changes?.files ?? [];
    if (files.length === 0)
      return void vscode.window.showInformationMessage('agentls: No turn of this session has changed files.');
    await vscode.commands.executeCommand('agentls.changes.focus');
    const resources = files.map((file) => [vscode.Uri.parse(file.uri), ...this.sides(file)]);
    await vscode.commands.executeCommand('vscode.changes', 'What the turn changed', resources);
  }

  /** One file beside what it was, at a hunk. */
  async show({ file, hunk }: { file: ChangedFile; hunk?: ChangedHunk }): Promise<void> {
    const [before, after] = this.sides(file);
    const line = Math.max(0, (hunk?.newStart ?? 1) - 1);
    const selection = new vscode.Range(line, 0, line, 0);
    await vscode.commands.executeCommand('vscode.diff', before, after, `${file.path} (what the turn changed)`, {
      preview: true,
      selection,
    });
  }

  /** To the next or previous open hunk. */
  async go(by: 1 | -1): Promise<void> {
    const next = step(this.open(), this.at, by);
    if (!next) return void vscode.window.showInformationMessage('agentls: Every hunk is reviewed.');
    this.at = next;
    await this.show(next);
  }

  async judge(verdict: 'accepted' | 'rejected', node?: ChangeNode): Promise<void> {
    const session = this.shown.current;
    const messageId = this.changes?.messageId;
    if (!session || !messageId) return;
    const what = node && { path: node.file.path, ...('hunk' in node && { hunkId: node.hunk.id }) };
    const late = verdict === 'rejected' && this.changes?.running ? this.open(node).map((it) => this.keyOf(it)) : [];
    this.markWaiting(late, true);
    try {
      await this.server.request('session/review', { sessionId: session.id, messageId, verdict, ...what });
    } catch (error) {
      void vscode.window.showErrorMessage(`agentls: ${inWords(failureOf(error))}`);
    }
    this.markWaiting(late, false);
    this.refreshSoon();
  }

  /** The hunk that a command from the keyboard is about: where the cursor is, else where next and previous were. */
  current(): ChangeNode | undefined {
    const editor = vscode.window.activeTextEditor;
    const line = (editor?.selection.active.line ?? 0) + 1;
    const here = this.open().find(
      ({ file, hunk }) =>
        file.uri === editor?.document.uri.toString() && line >= hunk.newStart && line <= hunk.newStart + hunk.newLines,
    );
    return here ?? this.at;
  }

  dispose(): void {
    clearTimeout(this.settling);
    this.changed.dispose();
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  /** The hunks that wait for a verdict, of all files or of one node. */
  private open(node?: ChangeNode): Place[] {
    const places = openHunks(node ? [node.file] : (this.changes?.files ?? []));
    const about = node && 'hunk' in node ? places.filter(({ hunk }) => hunk.id === node.hunk.id) : places;
    return about.filter((place) => !this.waits(place));
  }

  private waits(place: Place): boolean {
    return place.hunk.verdict === 'open' && this.waiting.has(this.keyOf(place));
  }

  private keyOf({ file, hunk }: Place): string {
    return JSON.stringify([this.changes?.messageId, file.path, hunk.id]);
  }

  private markWaiting(keys: string[], waits: boolean): void {
    for (const key of keys) {
      if (waits) this.waiting.add(key);
      else this.waiting.delete(key);
    }
    this.changedIfDifferent();
  }

  private refreshSoon(): void {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => void this.refresh(), SETTLE_MS);
  }

  /** Reads the changes. Of readings that overlap only the newest counts. */
  private async refresh(): Promise<void> {
    this.reads += 1;
    const { reads } = this;
    const session = this.shown.current;
    try {
      const readable = this.offered && session !== undefined;
      const read = readable ? await this.server.request('session/changes', { sessionId: session.id }) : undefined;
      if (reads !== this.reads) return;
      this.changes = read;
    } catch (problem) {
      this.server.output.warn(`The changes cannot be read: ${String(problem)}`);
    }
    this.changedIfDifferent();
    await vscode.commands.executeCommand('setContext', 'agentls.openHunks', this.open().length > 0);
    await vscode.commands.executeCommand('setContext', 'agentls.hasChanges', (this.changes?.files.length ?? 0) > 0);
  }

  /** Rows that are drawn anew lose the click that is just being made, so only what is different is drawn. */
  private changedIfDifferent(): void {
    const signature = JSON.stringify([this.changes, ...this.waiting]);
    if (signature === this.drawn) return;
    this.drawn = signature;
    this.version += 1;
    this.changed.fire(undefined);
  }

  /** The text before from the server, the text after from the disk (or the buffer), so that it can be edited. */
  private sides(file: ChangedFile): [vscode.Uri, vscode.Uri] {
    const source = {
      kind: 'change',
      sessionId: this.shown.current?.id ?? '',
      messageId: this.changes?.messageId ?? '',
      path: file.path,
      version: this.version,
    } as const;
    const uri = vscode.Uri.parse(file.uri);
    const before = uriOf(uri.path, { ...source, side: 'before' });
    return [before, file.status === 'deleted' ? uriOf(uri.path, { ...source, side: 'after' }) : uri];
  }
}

function fileItem(file: ChangedFile, open: Place[]): vscode.TreeItem {
  const state = file.hunks.length > 0 ? vscode.TreeItemCollapsibleState.Expanded : vscode.TreeItemCollapsibleState.None;
  const item = new vscode.TreeItem(vscode.Uri.parse(file.uri), state);
  item.id = file.path;
  item.description = summary(file);
  item.contextValue = open.length > 0 ? 'changedFile.open' : 'changedFile';
  item.command = { command: 'agentls.review.show', title: 'Show', arguments: [{ file }] };
  return item;
}

function hunkItem(file: ChangedFile, hunk: ChangedHunk, waits: boolean): vscode.TreeItem {
  const item = new vscode.TreeItem(hunkLabel(hunk));
  const icons = { open: 'circle-large-outline', accepted: 'check', rejected: 'discard' };
  item.id = `${file.path}\n${hunk.id}`;
  item.iconPath = new vscode.ThemeIcon(waits ? 'clock' : icons[hunk.verdict]);
  item.description = waits ? 'taken back when the turn has ended' : verdictWords(hunk);
  item.tooltip = visible(hunk.text);
  item.contextValue = hunk.verdict === 'open' && !waits ? 'hunk.open' : 'hunk';
  item.command = { command: 'agentls.review.show', title: 'Show', arguments: [{ file, hunk }] };
  return item;
}
