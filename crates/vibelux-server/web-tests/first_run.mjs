// The first run, with no song in the library: `node first_run.mjs [--program target/debug/vibelux]`.
//
// Starts the program for a user who has sixty songs in the usual folder, looks into the camera, and has the folder
// listened to: the music must begin while that still goes on. Then once more with nothing but the
// pieces that the program composes. Ends with 0 if every check holds.

import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { must, playing, text } from './checks.mjs';
import { Chromium } from './chromium.mjs';
import { holdAll } from './hold.mjs';
import { serve } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    screenshots: { type: 'string' },
  },
});

const SONGS = 60;
const folder = mkdtempSync(join(tmpdir(), 'vibelux-first-run-'));
const home = join(folder, 'home');
const music = join(home, 'Music');
const composed = join(folder, 'composed');
mkdirSync(join(music, 'album'), { recursive: true });
execFileSync(options.program, ['demo', '--dir', composed], { stdio: 'ignore' });
const pieces = readdirSync(composed).filter((name) => name.endsWith('.wav'));
for (let i = 0; i < SONGS; i += 1) copyFileSync(join(composed, pieces[i % pieces.length]), join(music, i % 2 ? 'album' : '', `${i} ${pieces[i % pieces.length]}`));
// Only ffmpeg could read these files. A stand-in for it, ahead of it on the PATH, refuses them but for the last that it is asked for, which
// waits until the check has seen what it wants: so the folder is still listened to on a machine of any speed. All else goes to the real one.
const HELD = 8;
const asked = join(folder, 'asked');
const release = join(folder, 'release');
const tools = join(folder, 'tools');
for (let i = 0; i < HELD; i += 1) writeFileSync(join(music, `held ${i}.wma`), Buffer.from([0x30, 0x26, 0xb2, 0x75, 0x8e, 0x66, 0xcf, 0x11, 0xa6, i]));
mkdirSync(tools);
writeFileSync(join(tools, 'ffmpeg'), `#!/bin/sh
case "$*" in
-version) exit 0 ;;
*/held\\ *)
  echo >> '${asked}'
  [ "$(wc -l < '${asked}')" -lt ${HELD} ] && exit 1
  for _ in $(seq 600); do [ -e '${release}' ] && exit 1; sleep 0.1; done ;;
*) PATH="\${PATH#*:}" exec ffmpeg "$@" ;;
esac
`, { mode: 0o755 });
const environment = { ...process.env, PATH: `${tools}:${process.env.PATH}`, HOME: home, XDG_CACHE_HOME: join(folder, 'cache'), XDG_CONFIG_HOME: join(folder, 'config') };
const { video } = await makeCamera(folder, !hasFaces);
const browser = await Chromium.start({
  flags: ['--disable-gpu', '--lang=en-GB', '--autoplay-policy=document-user-activation-required', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`],
});
await browser.resize(1280, 800);
let server = await serve(options.program, join(folder, 'first.db'), [], environment);
const choice = (/** @type {string} */ kind) => `#music-choices [data-kind="${kind}"]`;

/** @type {[string, () => Promise<string | void>][]} */
const checks = [
  ['an empty library offers the music folder, any other, and composed pieces', async () => {
    await browser.open(`${server.address}/`);
    await browser.until(`document.querySelectorAll('#music-choices .choice').length === 3`, 'three choices');
    must((await browser.run(text(choice('usual')))).includes(music), 'it is another folder');
  }],

  ['folders can be looked through, below one’s home alone', async () => {
    await browser.click(choice('other'));
    const names = `[...document.querySelectorAll('#picker-list .song-words')].map((name) => name.textContent).join()`;
    await browser.until(`${names} === 'Music'`, 'what is in the home folder');
    await browser.click('#picker-list button');
    await browser.until(`${names} === 'album' && ${text('#picker-path')} === ${JSON.stringify(music)}`, 'what is in the music folder');
    await browser.click('#picker-up');
    await browser.until(`${names} === 'Music'`, 'the folder above');
    const outside = await browser.run(`fetch('/api/v1/folders?path=' + encodeURIComponent(${JSON.stringify(folder)})).then((answer) => answer.status)`);
    must(outside === 404, `the folder above the home folder is answered with ${outside}`);
    await browser.press('Escape');
  }],

  ['the music plays as soon as there is enough, while the folder is still listened to', async () => {
    await browser.click('#camera-start');
    await browser.until(`document.querySelector('#reading').dataset.empty === 'false'`, 'a face');
    await browser.click(choice('usual'));
    let heard = 0;
    try {
      await browser.until(playing, 'sound');
      const { done, running } = await browser.run(`fetch('/api/v1/scan').then((answer) => answer.json())`);
      must(running, `the listening had ended after ${done} files`);
      heard = done;
    } finally {
      writeFileSync(release, '');
    }
    await browser.until(`${text('#scan-count')}.startsWith('Done: ${SONGS}')`, 'the end of the scan');
    return `after ${heard} of ${SONGS + HELD} files: ${await browser.run(text('#song-title'))}`;
  }],

  ['without any music, composed pieces play', async () => {
    await server.stop();
    rmSync(music, { recursive: true });
    server = await serve(options.program, join(folder, 'second.db'), [], environment);
    await browser.open(`${server.address}/`);
    await browser.until(`document.querySelectorAll('#music-choices .choice').length === 2`, 'two choices');
    await browser.click('input[name="source"][value="hand"]');
    await browser.click(choice('demo'));
    await browser.until(`${text('#scan-count')}.startsWith('Done: 12')`, 'twelve songs');
    await browser.press('Escape');
    await browser.until(`document.querySelector('#play').checkVisibility() && !document.querySelector('#scan').open`, 'a song that waits');
    await browser.click('#play');
    await browser.until(playing, 'sound');
    must(await browser.run(`document.querySelector('#music-choices').checkVisibility() === false`), 'the choices are still offered');
  }],
];

const allHold = await holdAll(checks, browser, options.screenshots);
await browser.stop();
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = allHold ? 0 : 1;
