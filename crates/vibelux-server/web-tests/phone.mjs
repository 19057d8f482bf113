// The page on a phone: `node phone.mjs [--program target/debug/vibelux]`.
//
// Starts the program with --lan at 127.0.0.2 and a browser as large as a small phone, opens what the owner's page
// shows as an invitation, and uses the page as a guest does. Ends with 0 if every check holds. `--screenshots DIR`
// keeps a picture after each check. The browser does not know the server's authority and is told not to mind, as
// a person does once; what the certificate is worth is tested by tests/protocol/lan.rs.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { must, playing, text } from './checks.mjs';
import { Chromium, pause } from './chromium.mjs';
import { holdAll } from './hold.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    screenshots: { type: 'string' },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'vibelux-phone-'));
const { video } = await makeCamera(folder, !hasFaces);
const server = await startVibelux(options.program, folder, ['--lan', '127.0.0.2', '--lan-port', '0', '--lan-keys', join(folder, 'keys')]);
const browser = await Chromium.start({
  flags: ['--disable-gpu', '--lang=en-GB', '--ignore-certificate-errors', '--use-fake-ui-for-media-stream',
    '--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${video}`],
});
await browser.resize(360, 740, 2);
/** @type {{url: string, role: string}[]} */
let invitations = [];

/** Whether all of an element is on the screen. @param {string} selector */
const inSight = (selector) => `(() => {
  const element = document.querySelector('${selector}');
  const { top, bottom, height } = element.getBoundingClientRect();
  return element.checkVisibility() && height > 0 && top >= 0 && bottom <= innerHeight;
})()`;

/** @type {[string, () => Promise<string | void>][]} */
const checks = [
  ['the owner’s page shows how a phone gets in', async () => {
    await browser.open(`${server.address}/`);
    await browser.until(`document.body.dataset.role === 'owner'`, 'the role');
    await browser.click('#phone-open');
    await browser.until(`document.querySelector('#phone-addresses img')?.naturalWidth > 100`, 'the QR code');
    invitations = (await browser.run(`fetch('/api/v1/lan').then((answer) => answer.json())`)).invitations;
    must(await browser.run(`${text('#phone-addresses')} === '${invitations[0].url}'`), 'the address is another');
    must(/^([0-9A-F]{2}:){31}[0-9A-F]{2}$/.test(await browser.run(text('#phone-fingerprint'))), 'no fingerprint');
    return invitations[0].url.replace(/token=.*/, 'token=…');
  }],

  ['a guest comes in over HTTPS, and the token does not stay in the address', async () => {
    await browser.open(invitations[0].url);
    await browser.until(`document.body.dataset.role === 'guest'`, 'the role');
    must(await browser.run(`location.search === '' && location.protocol === 'https:' && isSecureContext`), 'the address is wrong');
    must((await browser.run(text('.notice'))).includes('and no further'), 'the page says that the picture stays on the phone');
    for (const hidden of ['#phone-open', '#correct', '#save-playlist', '#taste-open', '#scan-open']) {
      must(!(await browser.run(`document.querySelector('${hidden}').checkVisibility()`)), `a guest sees ${hidden}`);
    }
  }],

  ['the camera of a phone picks the music', async () => {
    await browser.click('#camera-start');
    await browser.until(`document.querySelector('#reading').dataset.empty === 'false'`, 'a face');
    await browser.until(playing, 'sound');
    return browser.run(text('#song-title'));
  }],

  ['wherever one scrolls, the song and its buttons are in sight', async () => {
    const height = await browser.run('document.documentElement.scrollHeight');
    for (let y = 0; y <= height; y += 200) {
      await browser.run(`scrollTo(0, ${y})`);
      await pause(120);
      const mini = await browser.run(inSight('#mini-play'));
      must(mini || await browser.run(inSight('#play')), `no button to pause at ${y} of ${height}`);
      must(await browser.run(`document.documentElement.scrollWidth <= 360`), 'the page is wider than the phone');
    }
    await browser.run('scrollTo(0, 0)');
    await browser.click('#mini-play');
    await browser.until(`document.querySelector('#audio').paused`, 'silence');
    await browser.click('#mini-play');
    await browser.until(playing, 'sound');
    await browser.click('#mini-next');
  }],

  ['songs are put off by a guest for the guest alone', async () => {
    const title = await browser.run(text('#song-title'));
    await browser.click('#not-now');
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(title)}`, 'another song');
    const known = await browser.run(`fetch('/api/v1/taste').then((answer) => answer.status)`);
    must(known === 403, `the taste of the owner is answered with ${known}`);
  }],

  ['it can be installed, and only its shell is kept', async () => {
    const { url, errors } = await browser.send('Page.getAppManifest');
    must(url.endsWith('/assets/manifest.webmanifest') && errors.length === 0, JSON.stringify(errors));
    const { installabilityErrors } = await browser.send('Page.getInstallabilityErrors');
    must(installabilityErrors.length === 0, JSON.stringify(installabilityErrors));
    await browser.until(`navigator.serviceWorker.ready.then(({ active }) => active !== null)`, 'the service worker');
    // Once more, through it.
    await browser.open(invitations[0].url.replace(/\?.*/, ''));
    await browser.until(`document.body.dataset.role === 'guest'`, 'the role');
    const kept = await browser.run(`caches.open('vibelux-shell').then((cache) => cache.keys()).then((keys) => keys.map(({ url }) => new URL(url)).map(({ pathname, search }) => pathname + search))`);
    must(kept.length > 20 && kept.includes('/'), `${kept.length} files are kept`);
    const others = kept.filter((/** @type {string} */ path) => path !== '/' && !path.startsWith('/assets/'));
    must(others.length === 0, `kept too: ${others.join()}`);
    return `${kept.length} files`;
  }],

  ['without the server an installed page opens and says so', async () => {
    await server.stop();
    await browser.open(invitations[0].url.replace(/\?.*/, ''));
    await browser.until(`${text('#music-empty-lead')}.includes('does not answer')`, 'a word about it');
  }],
];

const allHold = await holdAll(checks, browser, options.screenshots);
await browser.stop();
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = allHold ? 0 : 1;
