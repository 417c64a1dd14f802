// A provider on loopback whose answers a test writes: an OpenAI-compatible chat server. Each call of the model takes the
// next answer, `{text, calls}` or a function of the request's messages; what was asked is kept.

import { createServer } from 'node:http';

/** The config for agentls, the requests so far, and a way to end it. */
export async function scriptedProvider(answers) {
  const requests = [];
  const server = createServer((request, response) => {
    let body = '';
    request.on('data', (bytes) => (body += bytes));
    request.on('end', () => {
      const asked = JSON.parse(body);
      const next = answers[requests.length] ?? { text: 'There is nothing more to say.' };
      requests.push(asked);
      answer(response, typeof next === 'function' ? next(asked) : next);
    });
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const models = { scripted: { context: 200_000, maxOutput: 32_000, input: ['text', 'image'] } };
  const config = {
    model: 'double/scripted',
    providers: { double: { api: 'chat', baseUrl: `http://127.0.0.1:${port}/v1`, models } },
  };
  return { config, requests, stop: () => server.close() };
}

/** An answer is a text, calls of tools, or a status with which the call fails. */
function answer(response, { text = '', calls = [], status = 200, headers = {} }) {
  if (status !== 200) {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    return response.end(JSON.stringify({ error: { message: text, type: 'scripted' } }));
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const say = (choice, more = {}) => {
    const choices = choice ? [{ index: 0, finish_reason: null, ...choice }] : [];
    const chunk = { id: 'c', object: 'chat.completion.chunk', created: 0, model: 'scripted', choices, ...more };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  say({ delta: { role: 'assistant', content: text } });
  for (const [index, [name, input]] of calls.entries()) {
    const called = { name, arguments: JSON.stringify(input) };
    say({ delta: { tool_calls: [{ index, id: `call_${index}_${Date.now()}`, type: 'function', function: called }] } });
  }
  say({ delta: {}, finish_reason: calls.length > 0 ? 'tool_calls' : 'stop' });
  say(undefined, { usage: { prompt_tokens: 1_000, completion_tokens: 50, total_tokens: 1_050 } });
  response.end('data: [DONE]\n\n');
}
