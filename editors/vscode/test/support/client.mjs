// A small client of the server for tests and recordings: requests over its pipe, and all that it says in order.

import { spawn } from 'node:child_process';

export class Client {
  constructor(binary, env = {}) {
    this.process = spawn(binary, ['serve'], { env: { ...process.env, ...env }, stdio: ['pipe', 'pipe', 'ignore'] });
    this.process.stdout.on('data', (bytes) => this.read(bytes));
    this.buffer = Buffer.alloc(0);
    this.open = new Map();
    this.heard = [];
    this.asked = 0;
    /** How permissions are answered: the scope that is chosen. */
    this.scope = 'once';
  }

  static async start(binary, env, options = {}) {
    const client = new Client(binary, env);
    client.initialized = await client.request('initialize', {
      capabilities: {},
      clientInfo: { name: 'recorder' },
      initializationOptions: {
        agentls: { clientAbilities: { permission: true, question: true }, trust: 'trusted', ...options },
      },
    });
    client.send({ method: 'initialized', params: {} });
    return client;
  }

  send(message) {
    const body = Buffer.from(JSON.stringify({ jsonrpc: '2.0', ...message }));
    this.process.stdin.write(`Content-Length: ${body.length}\r\n\r\n`);
    this.process.stdin.write(body);
  }

  request(method, params) {
    this.asked += 1;
    const id = `r${this.asked}`;
    this.send({ id, method, params });
    return new Promise((resolve, reject) => this.open.set(id, { resolve, reject }));
  }

  prompt(sessionId, text) {
    return this.request('session/prompt', { sessionId, parts: [{ type: 'text', text }] });
  }

  async stop() {
    await this.request('shutdown', {});
    this.send({ method: 'exit' });
    await new Promise((resolve) => this.process.once('exit', resolve));
  }

  read(bytes) {
    this.buffer = Buffer.concat([this.buffer, bytes]);
    for (;;) {
      const end = this.buffer.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(this.buffer.subarray(0, end).toString())[1]);
      if (this.buffer.length < end + 4 + length) return;
      const body = this.buffer.subarray(end + 4, end + 4 + length).toString();
      this.buffer = this.buffer.subarray(end + 4 + length);
      this.hear(JSON.parse(body));
    }
  }

  hear(message) {
    if (message.method === undefined) {
      const { resolve, reject } = this.open.get(message.id);
      this.open.delete(message.id);
      if (message.error) reject(Object.assign(new Error(message.error.message), message.error));
      else resolve(message.result);
      return;
    }
    this.heard.push(message);
    if (message.method === 'session/requestPermission') {
      const option = message.params.options.find(({ scope }) => scope === this.scope);
      this.send({ id: message.id, result: { optionId: option.id } });
    }
  }
}
