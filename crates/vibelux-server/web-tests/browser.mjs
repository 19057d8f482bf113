// The page in a real browser: `node browser.mjs [--program target/debug/vibelux | --url http://...]`.
//
// Starts the program with composed songs and a headless Chromium whose camera is a video, uses the page
// as a person does, and ends with 0 if every check holds. Needs Node 20, Chromium and ffmpeg.
// `--screenshots DIR` keeps a picture after each check, `--only NAME` runs checks whose name has NAME,
// `--drawn` shows the camera a drawn face although there are photographs.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { checks } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { Latency } from './latency.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    url: { type: 'string' },
    songs: { type: 'string', default: '/' },
    drawn: { type: 'boolean', default: false },
    screenshots: { type: 'string' },
    only: { type: 'string', default: '' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'vibelux-web-'));
if (options.screenshots) mkdirSync(options.screenshots, { recursive: true });
const draw = options.drawn || !hasFaces;
console.log(`the camera shows ${draw ? 'a drawn face' : 'faces of FER2013'}`);
const { video, picture } = await makeCamera(folder, draw);
const server = options.url ? { address: options.url, songs: options.songs, stop: async () => {} } : await startVibelux(options.program, folder);
const browser = await Chromium.start({
  flags: ['--disable-gpu', '--autoplay-policy=document-user-activation-required', '--lang=en-GB', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`],
});

/** Errors of the console, and requests that went elsewhere. @type {string[]} */
const complaints = [];
/** What the page asked `recommend` for. @type {any[]} */
const wishes = [];
const latency = new Latency();
const host = new URL(server.address).host;
browser.on((method, params) => {
  latency.hear(method, params);
  if (method === 'Runtime.exceptionThrown') complaints.push(`exception: ${params.exceptionDetails.exception?.description}`);
  if (method === 'Log.entryAdded' && params.entry.level === 'error' && !expected(params.entry)) {
    complaints.push(`console: ${params.entry.text} ${params.entry.url ?? ''}`);
  }
  if (method === 'Network.requestWillBeSent') {
    const { url, postData } = params.request;
    if (!url.startsWith('blob:') && !url.startsWith('data:') && !url.startsWith('about:') && new URL(url).host !== host) complaints.push(`request to another host: ${url}`);
    if (url.endsWith('/recommend') && postData) wishes.push(JSON.parse(postData));
  }
});

/** Answers that the checks ask for, and songs without a cover. @param {{text: string, url?: string}} entry */
function expected({ text, url = '' }) {
  return text.includes('404') && url.endsWith('/cover') || text.includes('40') && url.endsWith('/scan');
}

const tools = { browser, address: server.address, songs: server.songs, wishes, latency, picture: readFileSync(picture).toString('base64') };
let failed = 0;
await browser.resize(1280, 800);
await browser.open(`${server.address}/`);
for (const [name, check] of checks) {
  if (!name.includes(options.only) && name !== 'the page loads') continue;
  const start = Date.now();
  try {
    const said = await check(tools);
    console.log(`ok      ${name}${said ? `: ${said}` : ''} (${((Date.now() - start) / 1000).toFixed(1)} s)`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : error}`);
  }
  if (options.screenshots) writeFileSync(join(options.screenshots, `${name.replaceAll(/\W+/g, '-')}.png`), await browser.screenshot());
}
if (complaints.length > 0) failed += 1;
console.log(complaints.length > 0 ? `FAILED  quiet console, no other host:\n  ${complaints.join('\n  ')}` : 'ok      quiet console, no other host');
console.log(`${failed} failed\n${latency.report()}`);
await browser.stop();
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
