// A provider on loopback that streams at a given pace: an OpenAI-compatible chat server for measurements.

import { createServer } from 'node:http';

/** Streams so many deltas, so many a second; the config for agentls and a way to end it. */
export async function pacedProvider({ deltas, perSecond }) {
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => stream(response, deltas, perSecond));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  const models = { paced: { context: 200_000, maxOutput: 32_000, input: ['text'] } };
  const config = {
    model: 'double/paced',
    providers: { double: { api: 'chat', baseUrl: `http://127.0.0.1:${port}/v1`, models } },
  };
  return { config, stop: () => server.close() };
}

function stream(response, deltas, perSecond) {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const say = (choice, more = {}) => {
    const chunk = {
      id: 'c',
      object: 'chat.completion.chunk',
      created: 0,
      model: 'paced',
      choices: choice ? [{ index: 0, ...choice }] : [],
      ...more,
    };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
  };
  say({ delta: { role: 'assistant', content: '' }, finish_reason: null });
  let said = 0;
  const began = Date.now();
  const timer = setInterval(() => {
    const due = Math.min(deltas, Math.floor(((Date.now() - began) * perSecond) / 1_000));
    for (; said < due; said += 1) say({ delta: { content: piece(said) }, finish_reason: null });
    if (said < deltas) return;
    clearInterval(timer);
    say({ delta: {}, finish_reason: 'stop' });
    say(undefined, { usage: { prompt_tokens: 1_000, completion_tokens: deltas, total_tokens: 1_000 + deltas } });
    response.end('data: [DONE]\n\n');
  }, 1_000 / perSecond);
  response.on('close', () => clearInterval(timer));
}

/** Markdown as models write it: words, lists, code in turns. */
function piece(number) {
  const place = number % 240;
  if (place === 0) return `\n\n## Section ${number / 240 + 1}\n\n`;
  if (place === 120) return '\n\n```rust\n';
  if (place === 200) return '\n```\n\n';
  if (place > 120 && place < 200) return place % 8 === 0 ? `;\n    let value_${number} = ` : `compute(${number}) + `;
  return place % 30 === 0 ? '\n- ' : `word${number} *and* `;
}
