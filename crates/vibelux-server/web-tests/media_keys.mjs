// The media keys of a Linux desktop: `node media_keys.mjs [--program target/debug/vibelux]`.
//
// The page plays in Chromium, which publishes it by MPRIS on a message bus of the test's own, and `vibelux mpris`, which speaks as the keys of a
// keyboard do, pauses it, lets it go on and takes another song. Ends with 0 if every check holds.

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { playing } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { holdAll } from './hold.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    screenshots: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'vibelux-keys-'));
writeFileSync(join(folder, 'bus.conf'), `<busconfig>
  <type>session</type>
  <listen>unix:path=${join(folder, 'bus')}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default"><allow send_destination="*"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>`);
const bus = spawn('dbus-daemon', [`--config-file=${join(folder, 'bus.conf')}`, '--nofork', '--print-address'], { stdio: ['ignore', 'pipe', 'ignore'] });
// The browser, and whoever asks it, find the bus there.
process.env.DBUS_SESSION_BUS_ADDRESS = await new Promise((resolve, reject) => {
  bus.stdout.once('data', (data) => resolve(`${data}`.trim()));
  bus.once('error', reject);
  bus.once('exit', () => reject(new Error('dbus-daemon ended')));
});
process.once('exit', () => bus.kill());
const server = await startVibelux(options.program, folder, []);
const browser = await Chromium.start({ flags: ['--disable-gpu', '--lang=en-GB', '--autoplay-policy=no-user-gesture-required'] });
await browser.open(`${server.address}/`);

/** @param {...string} words  What `vibelux mpris` says to that. */
const mpris = (...words) => execFileSync(options.program, ['mpris', ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

const title = `document.querySelector('#song-title').textContent.trim()`;

/** @param {string} text  Waits until the browser's line of the list has it. */
async function shows(text) {
  let list = '';
  for (let i = 0; i < 100; i += 1) {
    // It fails as long as there is no player.
    try { list = mpris('players'); } catch (error) { list = `${error}`; }
    if (list.includes(text)) return;
    await new Promise((resolve) => { setTimeout(resolve, 100); });
  }
  throw new Error(`the desktop is not shown ${JSON.stringify(text)}: ${list}`);
}

/** @type {[string, () => Promise<string | void>][]} */
const checks = [
  ['the desktop is shown what the page plays', async () => {
    await browser.click('input[name="source"][value="hand"]');
    await browser.click('#play');
    await browser.until(playing, 'sound');
    const song = await browser.run(title);
    await shows(song);
    return song;
  }],

  ['the key for pause pauses the page, and the one for play lets it go on', async () => {
    mpris('pause');
    await browser.until(`!(${playing})`, 'silence');
    mpris('play');
    await browser.until(playing, 'sound again');
    mpris('play-pause');
    await browser.until(`!(${playing})`, 'silence again');
    mpris('play-pause');
    await browser.until(playing, 'sound at last');
  }],

  ['the keys for the next song and the one before do the same as the page', async () => {
    const first = await browser.run(title);
    mpris('next');
    await browser.until(`${title} !== ${JSON.stringify(first)}`, 'another song');
    await shows(await browser.run(title));
    // A song that has played for some seconds is begun anew by the first press.
    for (let presses = 0; presses < 3 && (await browser.run(title)) !== first; presses += 1) {
      mpris('previous');
      for (let i = 0; i < 20 && (await browser.run(title)) !== first; i += 1) await new Promise((resolve) => { setTimeout(resolve, 100); });
    }
    await shows(first);
  }],

  ['the key for stop ends it', async () => {
    mpris('stop');
    await browser.until(`!(${playing})`, 'silence');
  }],
];

const allHold = await holdAll(checks, browser, options.screenshots);
await browser.stop();
await server.stop();
bus.kill();
rmSync(folder, { recursive: true, force: true });
process.exitCode = allHold ? 0 : 1;
