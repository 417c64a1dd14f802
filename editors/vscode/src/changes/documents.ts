// Read-only documents behind native diffs and whole outputs: their text is read from the server when the editor
// shows them. Only what was computed here (a proposed edit) is kept, until its document is closed.

import * as vscode from 'vscode';

import { visible } from '../plain';
import type { Server } from '../server/server';

const SCHEME = 'agentls';
/** A document is read in pieces, up to so many bytes. */
const PIECE = 1024 * 1024;
const MOST_BYTES = 32 * 1024 * 1024;

export type Source =
  | { kind: 'kept'; id: number }
  | { kind: 'part'; partId: string; field: string }
  | { kind: 'change'; sessionId: string; messageId: string; path: string; side: 'before' | 'after'; version: number };

export class Documents implements vscode.TextDocumentContentProvider, vscode.Disposable {
  private readonly kept = new Map<number, string>();
  private keeps = 0;
  private readonly subscriptions: vscode.Disposable[];

  constructor(private readonly server: Server) {
    this.subscriptions = [
      vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
      vscode.workspace.onDidCloseTextDocument(({ uri }) => {
        const source = uri.scheme === SCHEME && sourceOf(uri);
        if (source && source.kind === 'kept') this.kept.delete(source.id);
      }),
    ];
  }

  /** A document with this text; its path gives it its language. */
  keep(path: string, text: string): vscode.Uri {
    this.keeps += 1;
    this.kept.set(this.keeps, text);
    return uriOf(path, { kind: 'kept', id: this.keeps });
  }

  async provideTextDocumentContent(uri: vscode.Uri): Promise<string> {
    const source = sourceOf(uri);
    switch (source.kind) {
      case 'kept':
        return this.kept.get(source.id) ?? '';
      case 'part':
        return visible(await this.partText(source.partId, source.field));
      case 'change': {
        const { sessionId, messageId, path, side } = source;
        return (await this.server.request('change/read', { sessionId, messageId, path, side })).text;
      }
    }
  }

  dispose(): void {
    for (const subscription of this.subscriptions) subscription.dispose();
  }

  private async partText(partId: string, field: string): Promise<string> {
    const pieces: string[] = [];
    for (let offset = 0; offset < MOST_BYTES;) {
      const range = await this.server.request('part/read', { partId, field, offset, limit: PIECE });
      if (range.text == null) return `(${range.bytes} bytes that are no text)`;
      pieces.push(range.text);
      if (range.eof) return pieces.join('');
      offset = range.offset + new TextEncoder().encode(range.text).length;
    }
    return `${pieces.join('')}\n… (the rest is not shown here)`;
  }
}

export function uriOf(path: string, source: Source): vscode.Uri {
  return vscode.Uri.from({
    scheme: SCHEME,
    path: path.startsWith('/') ? path : `/${path}`,
    query: JSON.stringify(source),
  });
}

function sourceOf(uri: vscode.Uri): Source {
  return JSON.parse(uri.query) as Source;
}
