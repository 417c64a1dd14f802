// Keys of providers: kept in the editor's secret storage, handed to the server in `initialize`, written nowhere.

import * as vscode from 'vscode';

const PREFIX = 'agentls.key.';
/** Secret storage cannot be listed, so the names (never the keys) are remembered. */
const NAMES = 'agentls.keyNames';

export class Credentials {
  constructor(
    private readonly secrets: vscode.SecretStorage,
    private readonly state: vscode.Memento,
  ) {}

  async all(): Promise<Record<string, string>> {
    const found = await Promise.all(
      this.names().map(async (name) => [name, await this.secrets.get(PREFIX + name)] as const),
    );
    return Object.fromEntries(found.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }

  names(): string[] {
    return this.state.get<string[]>(NAMES, []);
  }

  async set(provider: string, key: string): Promise<void> {
    await this.secrets.store(PREFIX + provider, key);
    await this.state.update(NAMES, [...new Set([...this.names(), provider])].sort());
  }

  async remove(provider: string): Promise<void> {
    await this.secrets.delete(PREFIX + provider);
    await this.state.update(
      NAMES,
      this.names().filter((name) => name !== provider),
    );
  }
}

/** Asks for a provider and its key; whether one was set. */
export async function askForKey(credentials: Credentials, providers: string[]): Promise<boolean> {
  const other = 'Another provider…';
  const choice = await vscode.window.showQuickPick([...providers, other], {
    title: 'Key of which provider?',
    placeHolder: 'The name that the provider has in the configuration',
  });
  const provider =
    choice === other
      ? await vscode.window.showInputBox({ prompt: 'The provider’s name in the configuration' })
      : choice;
  if (!provider) return false;
  const key = await vscode.window.showInputBox({
    title: `Key of ${provider}`,
    prompt: 'It is kept in the editor’s secret storage and given to agentls in memory only.',
    password: true,
    ignoreFocusOut: true,
  });
  if (!key) return false;
  await credentials.set(provider, key.trim());
  return true;
}
