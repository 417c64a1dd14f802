// Commands about projects: open another one, give this one another name. And what keeps the cache like the server.

import * as vscode from 'vscode';

import type { ShownSession } from '../chat/shown';
import { register } from '../notices';
import { iconless } from '../plain';
import type { Project } from '../protocol';
import type { Server } from '../server/server';
import type { ProjectCache } from './cache';
import { describe, nameOf, place } from './labels';

export function projectCommands(server: Server, projects: ProjectCache, shown: ShownSession): vscode.Disposable[] {
  return [
    server.onTold('project/didChange', ({ project }) => void projects.put(project)),
    server.onChange(({ state }) => state === 'running' && void readAll(server, projects)),
    register('agentls.openProject', () => open(server, projects)),
    register('agentls.renameProject', () => rename(server, projects, shown.current?.projectId)),
  ];
}

async function readAll(server: Server, projects: ProjectCache): Promise<void> {
  if (!server.supports('project/list')) return;
  try {
    await projects.replace((await server.request('project/list', {})).projects);
  } catch (problem) {
    server.output.warn(`The projects cannot be listed: ${String(problem)}`);
  }
}

/** Opens the folder of a project, the one opened last on top. */
async function open(server: Server, projects: ProjectCache): Promise<void> {
  await readAll(server, projects);
  const now = Date.now();
  const items = projects
    .all()
    .sort((a, b) => b.openedAt - a.openedAt)
    .map((project) => ({
      label: iconless(nameOf(project)),
      description: describe(project, now),
      detail: iconless(place(project)),
      root: project.root,
    }));
  const choice = await vscode.window.showQuickPick(items, {
    title: 'Which project is opened?',
    placeHolder: items.length === 0 ? 'No session has worked in a project yet' : 'Name or path',
    matchOnDetail: true,
  });
  if (choice) await vscode.commands.executeCommand('vscode.openFolder', vscode.Uri.file(choice.root));
}

async function rename(server: Server, projects: ProjectCache, projectId: string | undefined): Promise<void> {
  const project: Project | undefined = projectId === undefined ? undefined : projects.find(projectId);
  if (!project) return void vscode.window.showInformationMessage('agentls: Open a session of the project first.');
  const name = await vscode.window.showInputBox({ prompt: 'What the project is called', value: project.name });
  if (!name?.trim()) return;
  const renamed = await server.request('project/update', { projectId: project.id, name: name.trim() });
  await projects.put(renamed.project);
}
