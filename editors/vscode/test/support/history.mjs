// Long and hostile sessions, made from numbers alone and brought in through `agentls import`: the same on every run.

import { execFileSync } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

const BEGIN = Date.UTC(2026, 0, 1);
const MODEL = { providerID: 'offline', modelID: 'explorer' };
const id = (kind, number) => `${kind}_${String(number).padStart(24, '0')}`;

/** Writes an export that `agentls import opencode --json` takes. */
class Export {
  constructor(path, directory, title, number = 1) {
    this.file = openSync(path, 'w');
    this.sessionID = id('ses', number);
    this.made = number * 1_000_000;
    this.now = BEGIN + number * 1_000;
    this.messages = 0;
    const time = { created: this.now, updated: this.now };
    const info = { id: this.sessionID, slug: 'made', projectID: 'made', directory, title, version: '1.18.0', time };
    this.write(`{"info":${JSON.stringify(info)},"messages":[`);
    this.directory = directory;
  }

  write(text) {
    writeSync(this.file, text);
  }

  message(info, parts) {
    this.made += 1;
    this.now += 1_000;
    const messageID = id('msg', this.made);
    const all = {
      id: messageID,
      sessionID: this.sessionID,
      time: { created: this.now, completed: this.now + 900 },
      ...info,
    };
    const full = parts.map((part) => ({
      id: id('prt', (this.made += 1)),
      sessionID: this.sessionID,
      messageID,
      ...part,
    }));
    this.write(`${this.messages > 0 ? ',' : ''}${JSON.stringify({ info: all, parts: full })}`);
    this.messages += 1;
    return messageID;
  }

  user(text) {
    this.parent = this.message({ role: 'user', agent: 'build', model: MODEL }, [{ type: 'text', text }]);
  }

  assistant(parts, finish = 'stop') {
    const tokens = { input: 100, output: 60, reasoning: 0, cache: { read: 0, write: 0 } };
    const path = { cwd: this.directory, root: this.directory };
    this.message(
      {
        role: 'assistant',
        parentID: this.parent,
        mode: 'build',
        agent: 'build',
        path,
        cost: 0,
        tokens,
        finish,
        ...MODEL,
      },
      parts,
    );
  }

  tool(tool, input, output, title) {
    const time = { start: this.now, end: this.now + 400 };
    return {
      type: 'tool',
      tool,
      callID: id('call', (this.made += 1)),
      state: { status: 'completed', input, output, metadata: {}, title, time },
    };
  }

  end() {
    this.write(']}');
    closeSync(this.file);
  }
}

/** A session of so many messages and about so many bytes; its title. */
export function longSession({ binary, env, root, directory, messages = 5_000, bytes = 50_000_000, number = 1 }) {
  const path = join(root, `long-${number}.json`);
  const title = `A year of work ${number}`;
  const made = new Export(path, directory, title, number);
  const output = Math.floor(bytes / ((messages * 3) / 5));
  for (let turn = 0; made.messages < messages; turn += 1) {
    made.user(`Turn ${turn}: what does module ${turn % 97} do, and who calls it?`);
    for (let step = 0; step < 3; step += 1) {
      const lines = lineBlock(turn * 3 + step, output);
      made.assistant(
        [
          { type: 'reasoning', text: `I look at module ${turn}.`, time: { start: made.now, end: made.now + 2_000 } },
          made.tool('bash', { command: `sed -n 1,400p module_${turn}_${step}.rs` }, lines, `module_${turn}_${step}.rs`),
        ],
        'tool-calls',
      );
    }
    made.assistant([{ type: 'text', text: answerText(turn) }]);
  }
  made.end();
  bringIn(binary, env, path);
  return title;
}

/** Sessions of one question each. */
export function smallSessions({ binary, env, root, directory, titles }) {
  for (const [at, title] of titles.entries()) {
    const path = join(root, `small-${at}.json`);
    const made = new Export(path, directory, title, 500 + at);
    made.user(`About ${title}`);
    made.assistant([{ type: 'text', text: answerText(at) }]);
    made.end();
    bringIn(binary, env, path);
  }
}

/** A session in which every string is hostile. */
export function hostileSession({ binary, env, root, directory, strings, title }) {
  const path = join(root, 'hostile.json');
  const made = new Export(path, directory, title, 900);
  for (const text of strings) {
    made.user(text);
    made.assistant([
      { type: 'reasoning', text, time: { start: made.now, end: made.now + 2_000 } },
      made.tool('bash', { command: text.slice(0, 5_000) }, text, text.slice(0, 500)),
      { type: 'text', text },
    ]);
  }
  made.end();
  bringIn(binary, env, path);
}

function bringIn(binary, env, path) {
  execFileSync(binary, ['import', 'opencode', '--json', path], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  rmSync(path);
}

function lineBlock(seed, bytes) {
  const lines = [];
  for (let at = 0, size = 0; size < bytes; at += 1) {
    const line = `${String(at).padStart(5)}  let value_${(seed * 31 + at) % 1009} = compute(${at}, "${(seed * 7 + at) % 211}"); // line of a module`;
    lines.push(line);
    size += line.length + 1;
  }
  return lines.join('\n');
}

function answerText(turn) {
  return `Module ${turn % 97} **parses** what it is given.\n\n- called from \`main.rs:${(turn % 90) + 1}\`\n- and from tests\n\n\`\`\`rust\npub fn parse_${turn}(text: &str) -> Result<Value> {\n    // Turn ${turn}.\n    text.parse().map_err(Into::into)\n}\n\`\`\`\n\nNothing else depends on it.`;
}
