// The workbench as a person uses it: palette, views, the chat and the context page.

import { chromium } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ARGUMENTS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const SIZE = { width: 1280, height: 860 };

export async function openBrowser() {
  const context = await chromium.launchPersistentContext('', {
    executablePath: EXECUTABLE,
    headless: true,
    args: ARGUMENTS,
    viewport: SIZE,
  });
  context.setDefaultTimeout(20_000);
  return context;
}

/** Closes all windows and forgets what they stored; what was downloaded stays. */
export async function forget(context, origin) {
  // The page that the browser began with stays: it is never without one.
  const [, ...windows] = context.pages();
  for (const page of windows) await page.close();
  await clear(context, origin, `cookies,indexeddb,local_storage,${WORKERS}`);
}

/** A webview that finds the service worker of a window before it may wait for its own for ever. */
const WORKERS = 'service_workers';

async function clear(context, origin, storageTypes) {
  const session = await context.newCDPSession(context.pages()[0]);
  await session.send('Storage.clearDataForOrigin', { origin, storageTypes });
  await session.detach();
}

export class Workbench {
  constructor(page) {
    this.page = page;
  }

  static async open(context, url, size = SIZE) {
    const page = await context.newPage();
    await page.setViewportSize(size);
    // How long the editor itself takes to come is not what is tried here.
    await page.goto(url, { waitUntil: 'commit', timeout: 60_000 });
    await page.waitForSelector('.monaco-workbench .part.statusbar', { timeout: 60_000 });
    const workbench = new Workbench(page);
    await page.waitForSelector('.statusbar-item[id*="agentls"]', { timeout: 60_000 });
    return workbench;
  }

  /** Another window instead of this one, with what this one stored. */
  async reopened(url) {
    const context = this.page.context();
    await this.page.close();
    await clear(context, new URL(url).origin, WORKERS);
    return Workbench.open(context, url);
  }

  /** Loads this window anew, as a person does; the chat's page in it. */
  async reloaded() {
    const [before] = await this.frames('chat');
    const gone = new Promise((resolve) => {
      const detached = (frame) => {
        if (frame !== before) return;
        this.page.off('framedetached', detached);
        resolve();
      };
      this.page.on('framedetached', detached);
    });
    await this.command('Developer: Reload Window');
    await gone;
    await this.page.waitForSelector('.statusbar-item[id*="agentls"]', { timeout: 60_000 });
    return this.chat();
  }

  /**
   * Runs a command of the palette. One that is not enabled yet is not in it until it is opened again. By mouse: a key goes
   * elsewhere when the palette has just lost the focus.
   */
  async command(title) {
    const rows = this.page.locator('.quick-input-list .monaco-list-row');
    const row = rows.filter({ hasText: title.replace(/^.*: /, '') }).first();
    for (let attempt = 1; ; attempt += 1) {
      await this.palette(`>${title}`);
      try {
        return await row.click({ timeout: 5_000 });
      } catch (problem) {
        if (attempt === 5) throw problem;
        await this.page.keyboard.press('Escape');
      }
    }
  }

  /** Opens the palette with this in it. What ran before may still take the focus, which closes it: then once more. */
  async palette(text) {
    const input = this.page.locator('.quick-input-widget input.input');
    for (let attempt = 1; ; attempt += 1) {
      await this.page.keyboard.press('F1');
      try {
        return await input.fill(text, { timeout: 2_000 });
      } catch (problem) {
        if (attempt === 10) throw problem;
      }
    }
  }

  /** Answers the input box that is open. */
  async pick(text) {
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(text);
    await this.page.waitForTimeout(250);
    await this.page.keyboard.press('Enter');
  }

  /** Takes the row of the quick pick that has this text, once it is offered. */
  async pickRow(text) {
    const input = this.page.locator('.quick-input-widget input.input');
    await input.waitFor();
    await input.fill(text);
    await this.page.locator('.quick-input-list .monaco-list-row.focused', { hasText: text }).waitFor();
    await this.page.waitForTimeout(250);
    await this.page.keyboard.press('Enter');
  }

  /** The chat's page, once it is there and has the focus that it was given. */
  async chat() {
    const there = (await this.frames('chat')).length > 0;
    if (!there) await this.command('agentls: Go to the Prompt');
    const chat = await this.frame('chat');
    if (!there) await chat.waitForFunction(() => document.activeElement?.tagName === 'TEXTAREA');
    return chat;
  }

  context() {
    return this.frame('context');
  }

  async frame(name) {
    for (let attempt = 0; attempt < 200; attempt += 1) {
      const [found] = await this.frames(name);
      if (found) return found;
      await this.page.waitForTimeout(100);
    }
    throw new Error(`The page “${name}” did not come.`);
  }

  async frames(name) {
    const found = [];
    for (const frame of this.page.frames()) {
      try {
        if ((await frame.evaluate(() => document.body?.dataset.page)) === name) found.push(frame);
      } catch {
        // A frame that is just going away has no page.
      }
    }
    return found;
  }

  async send(chat, text) {
    const prompt = chat.locator('.composer textarea');
    await prompt.fill(text);
    await prompt.press('Enter');
  }

  /** A row of a tree view. */
  row(text) {
    return this.page.locator('.pane .monaco-list-row', { hasText: text });
  }

  /** A command of the menu behind a view's title; by key, because a menu that has just opened takes no click. */
  async ofView(view, title) {
    const head = this.page.locator('.pane-header', { hasText: view });
    await head.hover();
    await head.locator('.action-label[aria-label*="More Actions"], .toolbar-toggle-more').first().click();
    const item = this.page.locator('.monaco-menu .action-item', { hasText: title });
    await item.hover();
    await this.page.keyboard.press('Enter');
    await item.waitFor({ state: 'detached' });
  }

  status() {
    return this.page.locator('.statusbar-item[id*="agentls"]');
  }

  async settled(chat) {
    await chat.locator('.composer button', { hasText: 'Send' }).waitFor();
  }
}
