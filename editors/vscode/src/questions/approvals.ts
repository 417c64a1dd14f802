// What was allowed for longer than once: listed, and taken back one by one.

import * as vscode from 'vscode';

import type { ListedApproval } from '../protocol';
import { tellFailure } from '../notices';
import type { ShownSession } from '../chat/shown';
import type { Server } from '../server/server';
import { approvalItem } from './labels';

const REVOKE: vscode.QuickInputButton = { iconPath: new vscode.ThemeIcon('trash'), tooltip: 'Ask again from now on' };

/** Shown whatever was typed to find the one that was taken back. */
const NOTHING = 'Nothing: everything that the configuration does not allow is asked.';

type Row = vscode.QuickPickItem & { approval?: ListedApproval };

/** Shows what the session on screen may do without asking. */
export async function showApprovals(server: Server, shown: ShownSession): Promise<void> {
  const sessionId = shown.current?.id;
  if (!sessionId) return void vscode.window.showInformationMessage('agentls: Open a session first.');
  if (!server.supports('permission/list'))
    return void vscode.window.showInformationMessage('This version of agentls does not list what was allowed.');
  const picker = vscode.window.createQuickPick<Row>();
  picker.title = 'Allowed without asking';
  picker.placeholder = 'Enter takes the chosen one back';
  const read = async () => {
    picker.busy = true;
    const { approvals } = await server.request('permission/list', { sessionId });
    picker.items = rows(approvals);
    picker.busy = false;
  };
  const revoke = async (approval: ListedApproval | undefined) => {
    if (!approval) return picker.hide();
    await server.request('permission/revoke', { sessionId, approvalId: approval.approvalId });
    await read();
  };
  const tried = (act: Promise<void>) =>
    act.catch((error: unknown) => {
      picker.hide();
      tellFailure(error);
    });
  picker.onDidTriggerItemButton(({ item }) => void tried(revoke(item.approval)));
  picker.onDidAccept(() => void tried(revoke(picker.selectedItems[0]?.approval)));
  picker.onDidHide(() => picker.dispose());
  picker.show();
  await tried(read());
}

function rows(approvals: ListedApproval[]): Row[] {
  const now = Date.now();
  if (approvals.length === 0) return [{ label: NOTHING, alwaysShow: true }];
  return approvals.map((approval) => ({ approval, ...approvalItem(approval, now), buttons: [REVOKE] }));
}
