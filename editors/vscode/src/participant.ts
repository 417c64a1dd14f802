// `@agentls` in the editor's own chat: the same sessions, streamed there. Permissions are asked in our view.

import { randomUUID } from 'node:crypto';
import * as vscode from 'vscode';

import type { PromptPart, SessionUpdate } from './protocol';
import type { Server } from './server/server';
import { failureOf, inWords } from './server/failure';
import { visible } from './plain';
import { file } from './prompt/context';
import { toolTitle } from './webview/parts/tool-title';

interface Outcome extends vscode.ChatResult {
  metadata?: { sessionId: string };
}

/** Answers requests of the editor's chat. */
export function participant(
  server: Server,
  cwd: () => Promise<string | undefined>,
  show: (sessionId: string) => void,
): vscode.ChatRequestHandler {
  return async (request, context, stream, token): Promise<Outcome> => {
    const sessionId = earlierSession(context) ?? (await newSession(server, cwd));
    if (!sessionId) return { errorDetails: { message: 'Open a folder first: a session works in one.' } };
    show(sessionId);
    const turn = new StreamedTurn(sessionId, stream);
    const updates = server.onTold('session/update', (update) => turn.hear(update));
    try {
      await server.request('session/prompt', { sessionId, parts: partsOf(request), clientId: randomUUID() }, token);
      return { metadata: { sessionId } };
    } catch (error) {
      if (token.isCancellationRequested) return { metadata: { sessionId } };
      return { errorDetails: { message: inWords(failureOf(error)) }, metadata: { sessionId } };
    } finally {
      updates.dispose();
    }
  };
}

function earlierSession({ history }: vscode.ChatContext): string | undefined {
  for (const turn of [...history].reverse()) {
    if (!(turn instanceof vscode.ChatResponseTurn)) continue;
    const id = (turn.result as Outcome).metadata?.sessionId;
    if (id) return id;
  }
  return undefined;
}

async function newSession(server: Server, cwd: () => Promise<string | undefined>): Promise<string | undefined> {
  const place = await cwd();
  return place ? (await server.request('session/new', { cwd: place })).session.id : undefined;
}

function partsOf(request: vscode.ChatRequest): PromptPart[] {
  const parts: PromptPart[] = [{ type: 'text', text: request.prompt }];
  for (const { value } of request.references) {
    if (value instanceof vscode.Uri) parts.push(file(value).part);
    else if (value instanceof vscode.Location) parts.push(located(value));
    else if (typeof value === 'string') parts.push({ type: 'text', text: value });
  }
  return parts;
}

function located({ uri, range }: vscode.Location): PromptPart {
  return {
    type: 'file',
    uri: uri.toString(),
    range: { start: { line: range.start.line }, end: { line: range.end.line + 1 } },
  };
}

/** One turn as it is streamed into the editor's chat. */
class StreamedTurn {
  private readonly texts = new Set<string>();
  private readonly called = new Set<string>();

  constructor(
    private readonly sessionId: string,
    private readonly stream: vscode.ChatResponseStream,
  ) {}

  hear({ sessionId, update }: SessionUpdate): void {
    if (sessionId !== this.sessionId) return;
    if (update.kind === 'part' && update.part.type === 'text') this.texts.add(update.part.id);
    else if (
      update.kind === 'part' &&
      update.part.type === 'tool' &&
      update.part.status === 'running' &&
      !this.called.has(update.part.id)
    ) {
      this.called.add(update.part.id);
      this.stream.progress(`${update.part.tool} ${toolTitle(update.part)}`);
    } else if (update.kind === 'partDelta' && update.field === 'text' && this.texts.has(update.partId))
      this.stream.markdown(visible(update.text));
    else if (update.kind === 'status' && update.status === 'waiting') {
      this.stream.button({ command: 'agentls.showAsked', title: 'agentls needs you' });
    }
  }
}
