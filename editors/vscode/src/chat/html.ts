// The page that a webview shows: one script, one stylesheet, and a policy that lets nothing else in.

import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

export type Page = 'chat' | 'context';

/** Gives a webview its page. */
export function showPage(webview: vscode.Webview, extension: vscode.Uri, page: Page): void {
  const dist = vscode.Uri.joinPath(extension, 'dist');
  webview.options = { enableScripts: true, enableCommandUris: false, localResourceRoots: [dist] };
  const resource = (name: string) => webview.asWebviewUri(vscode.Uri.joinPath(dist, name)).toString();
  const nonce = randomBytes(24).toString('base64url');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src data:`,
    `form-action 'none'`,
    `base-uri 'none'`,
  ].join('; ');
  webview.html = `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${resource('webview.css')}">
<title>agentls</title>
</head>
<body data-page="${page}"><script nonce="${nonce}" src="${resource('webview.js')}"></script></body>
</html>`;
}
