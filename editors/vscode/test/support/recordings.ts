// Recordings of a real server (scripts/record.mjs), and a page to render them on.

import { readFileSync } from 'node:fs';
import { JSDOM } from 'jsdom';

import type { MessagePage, PermissionQuestion, Requests, SessionUpdate } from '../../src/protocol';

interface Recording {
  heard: Array<{ method: string; params: unknown }>;
  results: { [M in keyof Requests]?: Requests[M]['result'] };
}

export function recording(name: 'edit' | 'refused' | 'command'): Recording {
  return JSON.parse(readFileSync(`test/recordings/${name}.json`, 'utf8')) as Recording;
}

export function updates(name: 'edit' | 'refused' | 'command'): SessionUpdate[] {
  return recording(name)
    .heard.filter(({ method }) => method === 'session/update')
    .map(({ params }) => params as SessionUpdate);
}

export function permissions(name: 'edit' | 'refused' | 'command'): PermissionQuestion[] {
  const asked = recording(name).heard.filter(({ method }) => method === 'session/requestPermission');
  return asked.map(({ params }) => params as PermissionQuestion);
}

export function page(name: 'edit' | 'refused' | 'command'): MessagePage {
  return recording(name).results['session/messages'] as MessagePage;
}

/** Makes this process a browser page, as far as our views need one. */
export function browser(): JSDOM {
  const dom = new JSDOM('<!DOCTYPE html><body></body>', { pretendToBeVisual: true });
  const { window } = dom;
  Object.assign(globalThis, {
    window,
    document: window.document,
    Node: window.Node,
    requestAnimationFrame: window.requestAnimationFrame.bind(window),
  });
  return dom;
}

/** A host that keeps what is posted. */
export function keepingHost() {
  const posted: object[] = [];
  return {
    posted,
    post: (message: object) => void posted.push(message),
    call: () => new Promise<never>(() => undefined),
  };
}
