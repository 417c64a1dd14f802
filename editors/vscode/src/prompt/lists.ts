// Lists that newer servers have (agents, commands) and that all have (models), and the pickers over them.

import * as vscode from 'vscode';

import { count } from '../figures';
import { iconless, line } from '../plain';
import { agentItem } from './labels';
import type { ListedAgent, ListedCommand, ModelEntry } from '../protocol';
import type { Server } from '../server/server';

const RECENT_MODELS = 'agentls.recentModels';
const MOST_RECENT = 5;

/** The agents that can be chosen; none where the server does not list them. */
async function agents(server: Server, cwd?: string): Promise<ListedAgent[]> {
  return server.supports('agent/list') ? (await server.request('agent/list', cwd ? { cwd } : {})).agents : [];
}

/** The commands that the person and the project have defined. */
export async function customCommands(server: Server, cwd?: string): Promise<ListedCommand[]> {
  return server.supports('command/list') ? (await server.request('command/list', cwd ? { cwd } : {})).commands : [];
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
    label: `${model.ready ? '' : '$(key) '}${iconless(line(nameOf(model), 120))}`,
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
  const items = found.map((agent) => ({ name: agent.name, ...agentItem(agent) }));
  const choice = await vscode.window.showQuickPick(items, {
    title: 'Which agent answers from now on?',
    matchOnDescription: true,
  });
  return choice?.name;
}

export function nameOf(model: { provider: string; id: string }): string {
  return `${model.provider}/${model.id}`;
}
