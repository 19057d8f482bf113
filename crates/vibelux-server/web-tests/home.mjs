// Home automation: `node home.mjs [--program target/debug/vibelux]`.
//
// A real broker (mosquitto), the program and its page in Chromium: what the page's mood is comes to the broker, and what the broker asks for
// is played. Ends with 0 if every check holds.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { must, playing } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { holdAll } from './hold.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    screenshots: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'vibelux-home-'));
/** @type {number} */
const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const address = probe.address();
    probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
  });
});
writeFileSync(join(folder, 'mosquitto.conf'), `listener ${port} 127.0.0.1\nallow_anonymous true\n`);
const broker = spawn('mosquitto', ['-c', join(folder, 'mosquitto.conf')], { stdio: 'ignore', env: { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` } });
/** @type {string[]} */
const heard = [];
await new Promise((resolve) => { setTimeout(resolve, 1000); });
const listener = spawn('mosquitto_sub', ['-h', '127.0.0.1', '-p', `${port}`, '-v', '-t', 'vibelux/#'], { stdio: ['ignore', 'pipe', 'inherit'] });
listener.stdout.on('data', (data) => heard.push(...`${data}`.trim().split('\n')));
const server = await startVibelux(options.program, folder, ['--mqtt', `mqtt://127.0.0.1:${port}`]);
const browser = await Chromium.start({ flags: ['--disable-gpu', '--lang=en-GB', '--autoplay-policy=no-user-gesture-required'] });
await browser.open(`${server.address}/`);

/** @param {string} order */
const send = (order) => spawn('mosquitto_pub', ['-h', '127.0.0.1', '-p', `${port}`, '-q', '1', '-t', 'vibelux/command', '-m', order]);

/** @param {string} topic @param {(value: any) => boolean} fits  Waits for a message there that is so. */
async function hears(topic, fits) {
  for (let i = 0; i < 200; i += 1) {
    const lines = heard.filter((line) => line.startsWith(`vibelux/${topic} {`)).map((line) => JSON.parse(line.slice(topic.length + 9)));
    const found = lines.findLast(fits);
    if (found) return found;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`the broker never heard that of ${topic}: ${heard.slice(-5).join(' ')}`);
}

/** @type {[string, () => Promise<string | void>][]} */
const checks = [
  ['a mood that is set by hand comes to the broker', async () => {
    await browser.click('input[name="source"][value="hand"]');
    const mood = await hears('mood', ({ strongest }) => strongest !== null);
    must(await browser.run(`document.querySelector('#home-told').checkVisibility()`), 'the page does not say so');
    must(Math.abs(Object.values(mood.emotions).reduce((sum, share) => sum + share, 0) - 1) < 0.01, 'the shares are no whole');
  }],

  ['"play sad" plays a sad song', async () => {
    send('play sad');
    await browser.until(playing, 'sound');
    await hears('mood', ({ strongest }) => strongest === 'sad');
    const song = await hears('song', (now) => now.playing);
    must((await hears('answer', () => true)).ok === true, 'the order is answered with an error');
    must(!heard.some((line) => line.includes(folder)), 'a path is told');
    return song.title;
  }],

  ['it pauses, goes on and takes the next one', async () => {
    const title = `document.querySelector('#song-title').textContent`;
    send('pause');
    await browser.until(`!(${playing})`, 'silence');
    await hears('song', (now) => !now.playing);
    const before = await browser.run(title);
    send('play');
    await browser.until(playing, 'sound again');
    send('next');
    await browser.until(`${title} !== ${JSON.stringify(before)}`, 'another song');
    await browser.until(playing, 'sound of that one');
  }],

  ['nonsense is answered', async () => {
    send('dance');
    await hears('answer', ({ error }) => typeof error === 'string');
    must(await browser.run(playing), 'the music has ended');
  }],
];

const allHold = await holdAll(checks, browser, options.screenshots);
await browser.stop();
await server.stop();
listener.kill();
broker.kill();
rmSync(folder, { recursive: true, force: true });
process.exitCode = allHold ? 0 : 1;
