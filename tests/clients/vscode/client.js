// Microsoft's language client library, as VS Code uses it, through a whole conversation with agentls.
//
//     node client.js PATH/TO/agentls
//
// Nothing here knows how agentls is built: the library frames, numbers and types the messages. Ends with one line
// and code 0 when every step came out as the protocol says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import {
  createProtocolConnection,
  ExitNotification,
  InitializedNotification,
  InitializeRequest,
  ShutdownRequest,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver-protocol/node";

const END_WITHIN_MS = 2_000;
const ALL_WITHIN_MS = 60_000;

const home = await realpath(await mkdtemp(join(tmpdir(), "agentls-vscode-")));
const file = join(home, "greeting.txt");
await writeFile(file, "good morning\n");

const server = spawn(process.argv[2], ["serve", "--stdio"], {
  env: { ...process.env, AGENTLS_DATA_DIR: join(home, "data"), AGENTLS_CONFIG_DIR: join(home, "config") },
  stdio: ["pipe", "pipe", "inherit"],
});
const ended = once(server, "exit");
const watchdog = setTimeout(() => {
  console.error("the conversation did not end in time");
  server.kill("SIGKILL");
  process.exit(1);
}, ALL_WITHIN_MS);

const connection = createProtocolConnection(
  new StreamMessageReader(server.stdout),
  new StreamMessageWriter(server.stdin),
);
const updates = [];
const asked = [];
connection.onError(([error]) => assert.fail(error));
connection.onNotification("session/update", (update) => updates.push(update));
connection.onRequest("session/requestPermission", (question) => {
  asked.push(question);
  return { optionId: question.options.find((option) => option.scope === "once").id };
});
connection.listen();

const { serverInfo, capabilities } = await connection.sendRequest(InitializeRequest.type, {
  processId: process.pid,
  rootUri: pathToFileURL(home).href,
  capabilities: {},
  initializationOptions: { agentls: { clientAbilities: { permission: true }, trust: "trusted" } },
});
assert.equal(serverInfo.name, "agentls");
assert.equal(capabilities.experimental.agentls.protocolVersion, 1);
await connection.sendNotification(InitializedNotification.type, {});

const { session } = await connection.sendRequest("session/new", { cwd: home, model: "offline/explorer" });
const text = 'replace "morning" with "evening" in greeting.txt';
const outcome = await connection.sendRequest("session/prompt", {
  sessionId: session.id,
  parts: [{ type: "text", text }],
});
assert.equal(outcome.stopReason, "endTurn");
assert.equal(await readFile(file, "utf8"), "good evening\n");
assert.deepEqual(asked.map((question) => question.tool), ["edit"]);
const numbers = updates.map((update) => update.eventSeq);
assert.deepEqual(numbers, numbers.map((_, index) => numbers[0] + index), "an update was lost or overtaken");

const { messages } = await connection.sendRequest("session/messages", { sessionId: session.id });
assert.equal(messages[0].parts[0].text.text, text);
const edit = messages.flatMap((message) => message.parts).find((part) => part.tool === "edit");
assert.equal(edit.status, "completed");

await assert.rejects(
  connection.sendRequest("session/get", { sessionId: "ses_nowhere" }),
  (refused) => refused.code === -32803 && refused.data.kind === "sessionNotFound",
);

await connection.sendRequest(ShutdownRequest.type);
const leaving = performance.now();
await connection.sendNotification(ExitNotification.type);
const [code, signal] = await ended;
const took = performance.now() - leaving;
assert.deepEqual([code, signal], [0, null]);
assert.ok(took < END_WITHIN_MS, `it took ${took} ms to end`);
clearTimeout(watchdog);
connection.dispose();
await rm(home, { recursive: true });
console.log(`vscode-languageserver-protocol: ${updates.length} updates, 1 permission, exit 0 after ${took.toFixed()} ms`);
