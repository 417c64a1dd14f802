// Lists that newer servers have (agents, commands) and that all have (models), and the pickers over them.

import * as vscode from 'vscode';

import { count } from '../figures';
import { line } from '../plain';
import type { ModelEntry } from '../protocol';
import type { Server } from '../server/server';

interface Named {
  name: string;
  description?: string | null;
}

const RECENT_MODELS = 'agentls.recentModels';
const MOST_RECENT = 5;

/** The agents that can be chosen; none where the server does not list them. */
export function agents(server: Server, cwd?: string): Promise<Named[]> {
  return listed(server, 'agent/list', 'agents', cwd);
}

/** The commands that the person and the project have defined. */
export function customCommands(server: Server, cwd?: string): Promise<Named[]> {
  return listed(server, 'command/list', 'commands', cwd);
}

async function listed(
  server: Server,
  method: 'agent/list' | 'command/list',
  member: string,
  cwd?: string,
): Promise<Named[]> {
  if (!server.supports(method)) return [];
  const result = await server.requestUntyped(method, cwd ? { cwd } : {});
  const list = (result as Record<string, unknown>)[member];
  return Array.isArray(list) ? list.filter((it): it is Named => typeof it?.name === 'string') : [];
}

/** Asks which model answers from now on. */
export async function pickModel(server: Server, state: vscode.Memento, cwd?: string): Promise<ModelEntry | undefined> {
  const { models } = await server.request('model/list', cwd ? { cwd } : {});
  const recent = state.get<string[]>(RECENT_MODELS, []);
  const rank = (model: ModelEntry) => (recent.includes(nameOf(model)) ? recent.indexOf(nameOf(model)) : MOST_RECENT);
  const sorted = [...models].sort((a, b) => Number(b.ready) - Number(a.ready) || rank(a) - rank(b));
  const items = sorted.map((model) => ({ model, ...modelItem(model, rank(model) < MOST_RECENT) }));
  const choice = await vscode.window.showQuickPick(items, {
    title: 'Which model answers from now on?',
    matchOnDescription: true,
  });
  if (!choice) return undefined;
  const name = nameOf(choice.model);
  await state.update(RECENT_MODELS, [name, ...recent.filter((it) => it !== name)].slice(0, MOST_RECENT));
  return choice.model;
}

function modelItem(model: ModelEntry, recent: boolean): vscode.QuickPickItem {
  const price =
    (model.cost.input ?? 0) > 0 ? `$${model.cost.input} in, $${model.cost.output} out for a million tokens` : '';
  const abilities = [`${count(model.context)} window`, model.images ? 'images' : '', price];
  return {
    label: `${model.ready ? '' : '$(key) '}${nameOf(model)}`,
    description: [recent ? 'recent' : '', model.ready ? '' : 'needs a key'].filter(Boolean).join(', '),
    detail: abilities.filter(Boolean).join(' · '),
  };
}

export async function pickAgent(server: Server, cwd?: string): Promise<string | undefined> {
  const found = await agents(server, cwd);
  if (found.length === 0) {
    void vscode.window.showInformationMessage('This version of agentls lists no agents to choose from.');
    return undefined;
  }
  const items = found.map(({ name, description }) => ({ label: name, detail: line(description ?? '', 200) }));
  return (await vscode.window.showQuickPick(items, { title: 'Which agent answers from now on?' }))?.label;
}

export function nameOf(model: { provider: string; id: string }): string {
  return `${model.provider}/${model.id}`;
}
