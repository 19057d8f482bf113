// From the first smile to the first song: `node first_song.mjs [--program target/debug/vibelux] [--drawn]`.
//
// For faces of five expressions, each before the camera of a browser of its own: starts the camera and waits for sound. Ends
// with 0 if the first song's strongest emotion is always the face's, and says how long it took from the first frame with a face
// (which is steady from there on) to the first sound. Needs what browser.mjs needs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeStills } from './camera.mjs';
import { EMOTIONS } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { percentile } from './latency.mjs';
import { makeLibraryOfEach, serve } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    drawn: { type: 'boolean', default: false },
  },
});

/** Runs before the page: when the first frame with a face was answered, and when the first song was heard. */
const WATCH = `(() => {
  window.times = {};
  const Socket = window.WebSocket;
  window.WebSocket = class extends Socket {
    constructor(...address) {
      super(...address);
      this.addEventListener('message', ({ data }) => {
        const message = JSON.parse(data);
        if (message.type === 'frame' && message.faces.length > 0) window.times.face ??= performance.now();
      });
    }
  };
  document.addEventListener('timeupdate', ({ target }) => {
    if (target.currentTime > 0 && target.src.includes('/audio')) window.times.sound ??= performance.now();
  }, true);
})()`;

const folder = mkdtempSync(join(tmpdir(), 'vibelux-first-'));
const draw = options.drawn || !hasFaces;
if (draw) console.log('SKIPPED: five expressions of photographs; two of a drawn face instead');
const server = await serve(options.program, makeLibraryOfEach(options.program, folder, EMOTIONS));
/** @type {number[]} */
const seconds = [];
let wrong = 0;

/** Shows one face and says what plays. @param {string} emotion @param {Chromium} browser */
async function watch(emotion, browser) {
  await browser.send('Page.addScriptToEvaluateOnNewDocument', { source: WATCH });
  await browser.resize(1280, 800);
  await browser.open(`${server.address}/`);
  await browser.until(`document.querySelector('#music-empty-lead').textContent.length > 1`, 'the number of songs');
  await browser.click('#camera-start');
  await browser.until(`document.querySelector('#mood-caption').textContent.startsWith('looking')`, 'a word that it is looking', 10_000);
  const { face, sound } = await browser.until('window.times.sound && window.times', 'sound', 20_000);
  const song = await browser.run(`document.querySelector('#song-title').textContent`);
  const right = song.startsWith(emotion);
  if (!right) wrong += 1;
  seconds.push((sound - face) / 1000);
  console.log(`${right ? 'ok     ' : 'FAILED '} ${emotion}: "${song}" after ${((sound - face) / 1000).toFixed(2)} s`);
}

try {
  for (const { emotion, video } of await makeStills(folder, draw)) {
    const browser = await Chromium.start({
      flags: ['--disable-gpu', '--autoplay-policy=document-user-activation-required', '--lang=en-GB', '--use-fake-ui-for-media-stream',
        '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`],
    });
    try {
      await watch(emotion, browser);
    } finally {
      await browser.stop();
    }
  }
} finally {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${seconds.length - wrong} of ${seconds.length} first songs are what the face shows; from face to sound ${percentile(seconds, 0.5).toFixed(2)} s (median), ${Math.max(...seconds).toFixed(2)} s at most`);
process.exitCode = wrong > 0 ? 1 : 0;
