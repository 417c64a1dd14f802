// What each start of the server is told: abilities, trust, configuration from the settings, keys.

import * as vscode from 'vscode';

import type { Credentials } from './credentials';

/** `initializationOptions`. */
export async function initializationOptions(credentials: Credentials): Promise<unknown> {
  const settings = vscode.workspace.getConfiguration('agentls');
  const config = settings.get<Record<string, unknown>>('config', {});
  return {
    agentls: {
      clientAbilities: { permission: true, question: true, diff: true, images: true },
      trust: vscode.workspace.isTrusted ? 'trusted' : 'untrusted',
      credentials: await credentials.all(),
      ...(Object.keys(config).length > 0 && { config }),
    },
  };
}
