// A headless Chromium driven over its DevTools pipe, with nothing but Node: messages are JSON texts
// that end with a zero byte, on file descriptors 3 and 4.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE_MS = 60_000;

/** One browser with one page. */
export class Chromium {
  /**
   * @param {{program?: string, flags?: string[], width?: number, height?: number}} [options]
   * @returns {Promise<Chromium>}
   */
  static async start({ program = process.env.CHROMIUM ?? 'chromium', flags = [], width = 1280, height = 800 } = {}) {
    const browser = new Chromium(program, flags, width, height);
    const { targetInfos } = await browser.send('Target.getTargets');
    const page = targetInfos.find((/** @type {any} */ target) => target.type === 'page')
      ?? (await browser.send('Target.createTarget', { url: 'about:blank' }));
    const { sessionId } = await browser.send('Target.attachToTarget', { targetId: page.targetId, flatten: true });
    browser.session = sessionId;
    for (const domain of ['Page', 'Runtime', 'Network', 'Log']) await browser.send(`${domain}.enable`);
    return browser;
  }

  /** @param {string} program @param {string[]} flags @param {number} width @param {number} height */
  constructor(program, flags, width, height) {
    this.profile = mkdtempSync(join(tmpdir(), 'vibelux-chromium-'));
    this.process = spawn(program, [
      '--headless=new', '--no-sandbox', '--remote-debugging-pipe', `--user-data-dir=${this.profile}`,
      '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync',
      '--hide-scrollbars', '--mute-audio', `--window-size=${width},${height}`, ...flags, 'about:blank',
    ], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
    [, , , this.out, this.in] = /** @type {any[]} */ (this.process.stdio);
    this.next = 0;
    /** @type {string | undefined} */
    this.session = undefined;
    /** @type {Map<number, {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    this.waiting = new Map();
    /** @type {((method: string, params: any) => void)[]} */
    this.listeners = [];
    let rest = Buffer.alloc(0);
    this.in.on('data', (/** @type {Buffer} */ data) => {
      rest = Buffer.concat([rest, data]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        this.receive(JSON.parse(rest.subarray(0, end).toString()));
        rest = rest.subarray(end + 1);
      }
    });
    this.process.on('error', (error) => {
      for (const { reject } of this.waiting.values()) reject(error);
    });
  }

  /** @param {any} message */
  receive(message) {
    const waiting = this.waiting.get(message.id);
    if (waiting) {
      this.waiting.delete(message.id);
      if (message.error) waiting.reject(new Error(`${message.error.message} ${message.error.data ?? ''}`));
      else waiting.resolve(message.result);
    } else if (message.method) {
      for (const listener of this.listeners) listener(message.method, message.params);
    }
  }

  /**
   * @param {string} method
   * @param {object} [params]
   * @returns {Promise<any>}
   */
  send(method, params = {}) {
    const id = ++this.next;
    const message = { id, method, params, ...(this.session && { sessionId: this.session }) };
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`Chromium did not answer ${method}`)), PATIENCE_MS);
      this.waiting.set(id, {
        resolve: (value) => { clearTimeout(timer); resolve(value); },
        reject: (error) => { clearTimeout(timer); reject(error); },
      });
      this.out.write(`${JSON.stringify(message)}\0`);
    });
  }

  /** @param {(method: string, params: any) => void} listener */
  on(listener) {
    this.listeners.push(listener);
  }

  /** Opens an address and waits until it has loaded. @param {string} address */
  async open(address) {
    const loaded = new Promise((resolve) => this.on((method) => method === 'Page.loadEventFired' && resolve(null)));
    await this.send('Page.navigate', { url: address });
    await loaded;
  }

  /**
   * The value of an expression in the page; promises are awaited.
   * @param {string} expression
   * @param {boolean} [byUser]  Whether the page takes it for a click of its user.
   */
  async run(expression, byUser = false) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression, awaitPromise: true, returnByValue: true, userGesture: byUser,
    });
    if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description ?? exceptionDetails.text}`);
    return result.value;
  }

  /**
   * Waits until an expression in the page is true.
   * @param {string} expression
   * @param {string} what  For the message if it never is.
   * @param {number} [patience_ms]
   */
  async until(expression, what, patience_ms = PATIENCE_MS) {
    const end = Date.now() + patience_ms;
    while (Date.now() < end) {
      const value = await this.run(expression);
      if (value) return value;
      await pause(50);
    }
    throw new Error(`waited ${patience_ms / 1000} s in vain: ${what}`);
  }

  /** A real click in the middle of an element. @param {string} selector */
  async click(selector) {
    const place = await this.run(`(async () => {
      const element = document.querySelector(${JSON.stringify(selector)});
      element.scrollIntoView({ block: 'center' });
      const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
      const area = () => element.getBoundingClientRect();
      const same = (a, b) => a.width > 0 && a.x === b.x && a.y === b.y;
      for (let tries = 0, before = null; tries < 100 && !(before && same(before, area())); tries += 1) {
        before = area();
        await frame();
        await frame();
      }
      const { x, y, width, height } = area();
      return { x: x + width / 2, y: y + height / 2 };
    })()`);
    for (const type of ['mousePressed', 'mouseReleased']) {
      await this.send('Input.dispatchMouseEvent', { type, ...place, button: 'left', clickCount: 1 });
    }
  }

  /** Presses a key. @param {string} key @param {string} [text] */
  async press(key, text = key.length === 1 ? key : undefined) {
    const code = { ' ': 32, Enter: 13, Escape: 27, Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36 }[key];
    await this.send('Input.dispatchKeyEvent', { type: 'keyDown', key, text, windowsVirtualKeyCode: code });
    await this.send('Input.dispatchKeyEvent', { type: 'keyUp', key, windowsVirtualKeyCode: code });
  }

  /** Types into an input as a hand does. @param {string} selector @param {string} text */
  async type(selector, text) {
    await this.run(`(() => { const input = document.querySelector(${JSON.stringify(selector)}); input.focus(); input.select(); })()`);
    await this.send('Input.insertText', { text });
  }

  /** @returns {Promise<Buffer>} A PNG of what the window shows. */
  async screenshot() {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  /** @param {number} width @param {number} height @param {number} [scale] */
  async resize(width, height, scale = 1) {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: scale, mobile: width < 600 });
  }

  async stop() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve));
    this.session = undefined;
    this.send('Browser.close').catch(() => {});
    const timer = setTimeout(() => this.process.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** @param {number} ms */
export const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });
