// The page in a real browser: `node browser.mjs [--program target/debug/vibelux | --url http://...]`.
//
// Starts the program with composed songs and a headless Chromium whose camera is a video, uses the page
// as a person does, and ends with 0 if every check holds. Needs Node 20, Chromium and ffmpeg.
// `--screenshots DIR` keeps a picture after each check, `--only NAME` runs checks whose name has NAME,
// `--drawn` shows the camera a drawn face although there are photographs.

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { checks, lastCheck } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { hold } from './hold.mjs';
import { Latency } from './latency.mjs';
import { listeningChecks } from './listening.mjs';
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

/** Runs before the page: notes that it asks for the camera, and what it does at which media key. */
const WATCH_PAGE = `(() => {
  window.cameraAsked = 0;
  window.mediaKeys = {};
  const { mediaSession } = navigator;
  const listen = mediaSession?.setActionHandler.bind(mediaSession);
  if (listen) mediaSession.setActionHandler = (key, act) => { window.mediaKeys[key] = act; listen(key, act); };
  const { mediaDevices } = navigator;
  const ask = mediaDevices?.getUserMedia.bind(mediaDevices);
  if (ask) mediaDevices.getUserMedia = (wanted) => { window.cameraAsked += 1; return ask(wanted); };
})()`;

const folder = mkdtempSync(join(tmpdir(), 'vibelux-web-'));
const draw = options.drawn || !hasFaces;
console.log(`the camera shows ${draw ? 'a drawn face' : 'faces of FER2013'}`);
const { video, picture, tiff, pair } = await makeCamera(folder, draw);
const server = options.url ? { address: options.url, songs: options.songs, resident: () => null, busySeconds: () => NaN, stop: async () => {} } : await startVibelux(options.program, folder);
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

/** Answers that the checks ask for. @param {{text: string, url?: string}} entry */
function expected({ text, url = '' }) {
  return (text.includes('40') && url.endsWith('/scan')) || (text.includes('415') && url.endsWith('/analyse'));
}

const base64 = (/** @type {string} */ file) => readFileSync(file).toString('base64');
const downloads = join(folder, 'downloads');
const tools = { browser, downloads, address: server.address, songs: server.songs, stop: server.stop, wishes, latency, picture: base64(picture), tiff: base64(tiff), pair: base64(pair) };
let failed = 0;
await browser.send('Page.addScriptToEvaluateOnNewDocument', { source: WATCH_PAGE });
await browser.send('Browser.setDownloadBehavior', { behavior: 'allow', downloadPath: downloads });
await browser.resize(1280, 800);
await browser.open(`${server.address}/`);

/** Does one check if it is asked for. @param {string} name @param {(given: typeof tools) => Promise<string | void>} check */
async function holdAsked(name, check) {
  if (!name.includes(options.only) && name !== 'the page loads') return;
  if (!(await hold(name, () => check(tools), browser, options.screenshots))) failed += 1;
}

for (const [name, check] of [...checks, ...listeningChecks]) await holdAsked(name, check);
if (complaints.length > 0) failed += 1;
console.log(complaints.length > 0 ? `FAILED  quiet console, no other host:\n  ${complaints.join('\n  ')}` : 'ok      quiet console, no other host');
const memory = server.resident();
// It stops the server, of which the browser's console complains.
if (!options.url) await holdAsked(...lastCheck);
console.log(`${failed} failed\n\n${latency.report()}`);
if (memory !== null) console.log(`${memory.toFixed(0)} MiB of memory in the server`);
await browser.stop();
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
