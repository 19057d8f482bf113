// An hour of listening: `node hour.mjs [--minutes 60] --program target/release/vibelux`.
//
// The page with its camera on, songs that fade into each other over four seconds, all of them at one loudness and the
// day kept as a picture. Says every tenth what the server and the page take of memory and of the processor.
// Ends with 1 if either grows on after the second tenth, or the music stops.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { playing, slide, text } from './checks.mjs';
import { Chromium, pause } from './chromium.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/release/vibelux' },
    minutes: { type: 'string', default: '60' },
  },
});
/** More than this, in MiB, is growth and not the habit of an allocator or a garbage collector. */
const ALLOWED_GROWTH = 8;
const STEPS = 10;

const folder = mkdtempSync(join(tmpdir(), 'vibelux-hour-'));
const { video } = await makeCamera(folder, !hasFaces);
const server = await startVibelux(options.program, folder);
const browser = await Chromium.start({
  flags: ['--disable-gpu', '--js-flags=--expose-gc', '--lang=en-GB', '--use-fake-ui-for-media-stream', '--use-fake-device-for-media-stream',
    `--use-file-for-fake-video-capture=${video}`],
});
await browser.resize(1280, 800);
await browser.open(`${server.address}/`);
await browser.send('Performance.enable');
await browser.run(slide('#crossfade', 4));
await browser.run(`document.querySelector('#day-keep').click()`);
await browser.click('#camera-start');
await browser.until(playing, 'sound');
await browser.run(`window.titles = 0; new MutationObserver(() => { window.titles += 1; }).observe(document.querySelector('#song-title'), { childList: true, characterData: true, subtree: true })`);

/** What the page's scripts and its main thread take. */
async function page() {
  await browser.run('gc()');
  const { metrics } = await browser.send('Performance.getMetrics');
  const value = (/** @type {string} */ name) => metrics.find((/** @type {{name: string}} */ metric) => metric.name === name).value;
  return { heap: value('JSHeapUsedSize') / 2 ** 20, nodes: value('Nodes'), seconds: value('TaskDuration') };
}

const step = (60_000 * Number(options.minutes)) / STEPS;
/** @type {{server: number, heap: number}[]} */
const memory = [];
let before = { server: server.busySeconds(), page: (await page()).seconds };
let heard = '';
let failed = false;
try {
  for (let i = 1; i <= STEPS; i += 1) {
    const start = Date.now();
    while (Date.now() - start < step) await pause(500);
    const now = await page();
    const seconds = (Date.now() - start) / 1000;
    const share = (/** @type {number} */ busy) => `${((100 * busy) / seconds).toFixed(1)} %`;
    const busy = server.busySeconds();
    const resident = server.resident();
    memory.push({ server: resident ?? 0, heap: now.heap });
    const played = await browser.run('window.titles');
    console.log(`${String(i).padStart(2)}/${STEPS}: server ${resident?.toFixed(1) ?? 'unknown'} MiB, ${share(busy - before.server)} of a core; page ${now.heap.toFixed(1)} MiB of scripts, `
      + `${now.nodes} nodes, ${share(now.seconds - before.page)}; ${played} songs; ${await browser.run(text('#song-title'))}`);
    before = { server: busy, page: now.seconds };
    // Another song, or another place in it.
    const position = `${played} ${await browser.run(`document.querySelector('#audio').currentTime`)}`;
    if (position === heard) {
      console.log('the music has stopped');
      failed = true;
    }
    heard = position;
  }
  for (const kind of /** @type {const} */ (['server', 'heap'])) {
    const growth = memory[STEPS - 1][kind] - memory[1][kind];
    console.log(`${kind}: ${growth.toFixed(1)} MiB more at the end than after the second tenth`);
    if (!(growth <= ALLOWED_GROWTH)) failed = true;
  }
} finally {
  await browser.stop();
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed ? 1 : 0;
