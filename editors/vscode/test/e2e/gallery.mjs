// The main views as pictures, in one theme: welcome, chat, permission, sessions, review, context, trouble, a question.

import { join } from 'node:path';

import { anotherServer, configure, files } from './host.mjs';
import { longSession, smallSessions } from '../support/history.mjs';
import { scriptedProvider } from '../support/scripted.mjs';

const RETRY = `/// Tries again after a pause that doubles, at most \`times\` times.
pub fn retry<T>(times: u32, mut attempt: impl FnMut() -> Option<T>) -> Option<T> {
    (0..times).find_map(|_| attempt())
}
`;

export function options(theme) {
  return { size: { width: 1360, height: 900 }, settings: { 'workbench.colorTheme': theme } };
}

export function prepare({ host }) {
  files(host, {
    'src/retry.rs': RETRY,
    'src/main.rs': 'mod retry;\n\nfn main() {\n    println!("{:?}", retry::retry(3, || Some(1)));\n}\n',
    'notes.md': Array.from({ length: 30 }, (_, at) => `- note ${at + 1}\n`).join(''),
  });
  const env = { AGENTLS_DATA_DIR: host.dataDir, AGENTLS_CONFIG_DIR: host.configDir };
  const all = { binary: host.binary(), env, root: host.root, directory: host.project };
  longSession({ ...all, messages: 400, bytes: 2_000_000 });
  smallSessions({ ...all, titles: ['Parser rewrite', 'Cache figures for May'] });
}

/** Takes all pictures; `name` begins their file names. */
export async function gallery({ host, workbench, screenshots }, name) {
  const { page } = workbench;
  const shot = async (view) => {
    await page.mouse.move(700, 890);
    await page.waitForTimeout(400);
    await page.screenshot({ path: join(screenshots, `${name}-${view}.png`) });
  };
  const chat = await workbench.chat();
  await chat.locator('.welcome').waitFor();
  await widen(page);
  await shot('1-welcome');
  await answer(workbench, chat);
  await shot('2-chat');
  await permission(workbench, chat);
  await shot('3-permission');
  await chat.locator('.permission .piece-tools button').click();
  await page.locator('.monaco-diff-editor .modified .view-line', { hasText: 'third' }).waitFor();
  await shot('4-proposed-edit');
  await chat.locator('.permission button:enabled', { hasText: 'Allow for this session' }).click();
  await workbench.settled(chat);
  await review(workbench, chat);
  await shot('5-review');
  await page.keyboard.press('Control+k');
  await page.keyboard.press('Control+w');
  await context(workbench, shot);
  await trouble(host, workbench, chat);
  await shot('9-trouble');
  await question(host, workbench, chat);
  await shot('10-question');
}

async function widen(page) {
  const boxes = await Promise.all(
    (await page.locator('.monaco-sash.vertical').all()).map((sash) => sash.boundingBox()),
  );
  const box = boxes.find((it) => it && it.x > 250 && it.x < 450);
  await page.mouse.move(box.x + 2, 400);
  await page.mouse.down();
  await page.mouse.move(480, 400, { steps: 5 });
  await page.mouse.up();
}

async function answer(workbench, chat) {
  await workbench.send(chat, 'where is retry defined?');
  await chat.locator('.text', { hasText: 'is defined here' }).waitFor();
  await workbench.settled(chat);
  await chat.locator('.tool summary').first().click();
  await chat.locator('.tool .output').first().waitFor();
  await chat.locator('.tool summary').first().scrollIntoViewIfNeeded();
}

async function permission(workbench, chat) {
  await workbench.send(
    chat,
    'replace "- note 3\n- note 4\n" with "- the third\n- the fourth\n" in notes.md, then replace "- note 25\n" with "" in notes.md',
  );
  await chat.locator('.permission button:enabled', { hasText: 'Allow once' }).waitFor();
}

async function review(workbench, chat) {
  const button = chat.locator('button', { hasText: 'changed file' });
  if ((await button.count()) === 0) return;
  await button.click();
  await workbench.page.locator('.pane', { hasText: 'Changes' }).locator('.monaco-list-row').nth(1).waitFor();
  await workbench.page.locator('.multiDiffEntry .view-line, .multiDiffEditor .view-line').first().waitFor();
}

async function context(workbench, shot) {
  await workbench.row('A year of work').click();
  await (await workbench.chat()).locator('.text', { hasText: 'Module' }).first().waitFor();
  await workbench.page.waitForTimeout(500);
  await workbench.command('agentls: Show What the Model Sees');
  const view = await workbench.context();
  await view.locator('button', { hasText: 'What would go?' }).click();
  await view.locator('.outcome', { hasText: 'tokens' }).waitFor();
  await view.locator('button.primary', { hasText: 'Compact' }).click();
  await view.locator('.segment.summary').waitFor({ timeout: 40_000 });
  await view.locator('.row summary', { hasText: 'bash' }).first().click();
  await view.locator('.behind pre').first().waitFor();
  await shot('6-context');
  await view.locator('.tabs button', { hasText: 'Ledger' }).click();
  await view.locator('.ledger tbody tr').first().waitFor();
  await shot('7-ledger');
  await view.locator('.tabs button', { hasText: 'Next request' }).click();
  await view.locator('.next-request pre.body').waitFor();
  await shot('8-next-request');
}

/** A provider that cannot be reached, then a server that is stopped. */
async function trouble(host, workbench, chat) {
  const models = { none: { context: 100_000, maxOutput: 1_000, input: ['text'] } };
  const providers = { nowhere: { api: 'chat', baseUrl: 'http://127.0.0.1:9/v1', models } };
  configure(host, { providers });
  await restart(host, workbench, chat);
  await chat.locator('.message').first().waitFor();
  await workbench.row('Parser rewrite').click();
  await chat.locator('.message.user', { hasText: 'Parser rewrite' }).waitFor();
  await chat.locator('.choice.model').click();
  await workbench.pickRow('nowhere/none');
  await chat.locator('.choice.model', { hasText: 'nowhere/none' }).waitFor();
  await workbench.send(chat, 'go on with the parser');
  await chat.locator('.status-line', { hasText: 'again in' }).waitFor();
}

/** What the model asks, with its todo list and a prompt that waits. */
async function question(host, workbench, chat) {
  const items = [
    { text: 'Read the parser', status: 'done' },
    { text: 'Choose a database', status: 'active' },
    { text: 'Write the tests', status: 'pending' },
  ];
  const questions = [{ question: 'Which database shall keep the parsed files?', options: ['SQLite', 'None at all'] }];
  const provider = await scriptedProvider([
    { text: 'I read the parser. One thing is open.', calls: [['todo', { items }]] },
    { calls: [['question', { questions }]] },
  ]);
  configure(host, provider.config);
  await chat.locator('.composer button', { hasText: 'Stop' }).click();
  await workbench.settled(chat);
  await restart(host, workbench, chat);
  await workbench.command('agentls: New Session');
  await chat.locator('.welcome').waitFor();
  await workbench.send(chat, 'Keep what the parser finds');
  await chat.locator('.card.question').waitFor();
  await chat.locator('.composer textarea').fill('Then measure it');
  await chat.locator('.composer button', { hasText: 'Queue' }).click();
  await chat.locator('.queue li').waitFor();
  provider.stop();
}

async function restart(host, workbench, chat) {
  const [before] = host.servers();
  await workbench.command('agentls: Restart Server');
  await anotherServer(host, before);
  await chat.locator('.banners .banner').first().waitFor({ state: 'detached' });
}
