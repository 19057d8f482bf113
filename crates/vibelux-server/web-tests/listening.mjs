// What must hold of listening: the queue, loudness, the sleep timer, media keys, what can be saved. As checks.mjs.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { must, playing, queue, slide, text } from './checks.mjs';
import { pause } from './chromium.mjs';

/** @typedef {import('./checks.mjs').Tools} Tools */

/** Waits for a file that the page gives to its reader. @param {string} folder @param {string} extension */
async function downloaded(folder, extension) {
  for (let i = 0; i < 200; i += 1) {
    const name = existsSync(folder) && readdirSync(folder).find((each) => each.endsWith(extension));
    if (name) return { name, content: readFileSync(join(folder, name)) };
    await pause(50);
  }
  throw new Error(`no file ${extension} was saved`);
}

/** Presses the mouse at one element's middle and lets go at another's. @param {import('./chromium.mjs').Chromium} browser @param {string} from @param {string} to */
async function drag(browser, from, to) {
  const [start, end] = await browser.run(`[${JSON.stringify(from)}, ${JSON.stringify(to)}].map((selector) => {
    const area = document.querySelector(selector).getBoundingClientRect();
    return { x: area.x + area.width / 2, y: area.y + area.height / 2 };
  })`);
  const mouse = (/** @type {string} */ type, /** @type {{x: number, y: number}} */ at) => browser.send('Input.dispatchMouseEvent', { type, ...at, button: 'left', buttons: type === 'mouseReleased' ? 0 : 1, clickCount: 1 });
  await mouse('mousePressed', start);
  for (let i = 1; i <= 8; i += 1) await mouse('mouseMoved', { x: start.x, y: start.y + ((end.y - start.y) * i) / 8 });
  await mouse('mouseReleased', end);
}

const listed = `[...document.querySelectorAll('#queue li')].map((row) => row.dataset.id)`;

/** @type {[string, (tools: Tools) => Promise<string | void>][]} */
export const listeningChecks = [
  ['the queue is put in another order, shortened and added to', async ({ browser }) => {
    await browser.run(`location.hash = 'now'`);
    await browser.click('input[name="source"][value="hand"]');
    await browser.until(`${listed}.length > 5`, 'a queue');
    // A song that ends meanwhile, or that is left for another mood, would take the first one out of the queue.
    if (await browser.run(playing)) await browser.click('#play');
    await browser.until(`document.querySelector('#audio').paused`, 'silence');
    // Room for three rows.
    await browser.resize(1280, 1100);
    const before = await browser.run(listed);
    await drag(browser, '#queue li:nth-child(3) .grip', '#queue li:nth-child(1)');
    await browser.until(`${listed}[0] === '${before[2]}'`, 'the third song in the first place');
    // What somebody has put there stays, whatever the mood is.
    const order = await browser.run(queue);
    await browser.run(slide('.bar:nth-child(1) input', 100));
    await browser.until(`${queue} !== '${order}'`, 'another queue');
    must(await browser.run(`${listed}[0]`) === before[2], 'the song that was moved is gone');
    await browser.run(`document.querySelector('#queue li:nth-child(1) .grip').focus()`);
    await browser.press('ArrowDown');
    await browser.until(`${listed}[1] === '${before[2]}'`, 'the song one place lower');
    must(await browser.run(`document.activeElement.closest('li')?.dataset.id`) === before[2], 'the handle has lost the focus');
    await browser.click('#queue li:nth-child(2) .remove');
    await browser.until(`!${listed}.includes('${before[2]}')`, 'the song gone');
    await browser.run(slide('.bar:nth-child(1) input', 0));
    await pause(500);
    must(!(await browser.run(`${listed}.includes('${before[2]}')`)), 'it came back');
    await browser.click('[data-view-link="library"]');
    await browser.until(`document.querySelector('#library-songs .play-next')`, 'the library');
    const wanted = await browser.run(`document.querySelector('#library-songs li:last-child').dataset.id`);
    await browser.click('#library-songs li:last-child .play-next');
    await browser.run(`location.hash = 'now'`);
    await browser.until(`${listed}[0] === '${wanted}'`, 'the song as the next one');
    await browser.resize(1280, 800);
  }],

  ['loud songs are turned down', async ({ browser }) => {
    if (!(await browser.run(playing))) await browser.click('#play');
    await browser.until(playing, 'sound');
    const { loudness, level } = await browser.run(`import('/assets/js/main.js').then(async ({ music }) => {
      const { gainOf } = await import('/assets/js/decks.js');
      const loudness = music.queue.current.song.loudness_lufs;
      return { loudness, level: gainOf(loudness) };
    })`);
    must(loudness > -60 && loudness < 0, `the song has ${loudness} LUFS`);
    // As a loud record.
    const loudly = (/** @type {number} */ lufs) => browser.run(`import('/assets/js/main.js').then(({ music }) => { music.queue.current.song.loudness_lufs = ${lufs}; music.player.balanceAgain(); })`);
    const loud = `document.querySelector('#audio').volume / document.querySelector('#volume').value`;
    must(Math.abs((await browser.run(loud)) - level) < 0.01, `it plays at ${await browser.run(loud)}, not ${level}`);
    await loudly(-8);
    must(Math.abs((await browser.run(loud)) - 10 ** (-10 / 20)) < 0.01, `a song of -8 LUFS plays at ${await browser.run(loud)}`);
    const put = (/** @type {boolean} */ on) => browser.run(`(() => { const level = document.querySelector('#level'); if (level.checked !== ${on}) level.click(); })()`);
    await put(false);
    must(Math.abs((await browser.run(loud)) - 1) < 0.01, 'it is turned down although nobody wants that');
    await put(true);
    await loudly(loudness);
    return `${loudness.toFixed(1)} LUFS at ${level.toFixed(2)}`;
  }],

  ['what plays is saved as a playlist', async ({ browser, downloads }) => {
    await browser.click('#save-playlist');
    const { name, content } = await downloaded(downloads, '.m3u8');
    const lines = content.toString().trim().split('\n');
    must(lines[0] === '#EXTM3U', 'it is no playlist');
    const files = lines.filter((line) => !line.startsWith('#'));
    must(files.length > 5 && files.every((file) => existsSync(file)), 'its songs are not there');
    return `${name}, ${files.length} songs`;
  }],

  ['the sleep timer: after this song, and after a while', async ({ browser }) => {
    const set = (/** @type {string} */ value) => browser.run(`(() => { const sleep = document.querySelector('#sleep'); sleep.value = '${value}'; sleep.dispatchEvent(new Event('change')); })()`);
    await browser.until(`${playing} && document.querySelector('#audio').duration > 3`, 'sound');
    const next = await browser.run(`document.querySelector('#queue .song-title').textContent`);
    await set('song');
    await browser.run(slide('#seek', await browser.run(`document.querySelector('#audio').duration - 1.5`)));
    await browser.until(`document.querySelector('#audio').paused && ${text('#song-title')} === ${JSON.stringify(next)}`, 'the end of the song');
    await pause(500);
    must(await browser.run(`document.querySelector('#audio').paused`), 'the next song plays');
    must(await browser.run(`document.querySelector('#sleep').value`) === '', 'the timer is still set');
    await browser.click('#play');
    await browser.until(playing, 'sound');
    await set('15');
    must(await browser.run(text('#sleep-left')) === '15 min', 'it does not say how long');
    await browser.run(`import('/assets/js/main.js').then(({ music }) => { music.sleep.end = performance.now() + 4000; })`);
    const before = await browser.run(`document.querySelector('#audio').volume`);
    await browser.until(`document.querySelector('#audio').volume < ${before / 3}`, 'the fading');
    await browser.until(`document.querySelector('#audio').paused`, 'silence');
    must(Math.abs((await browser.run(`document.querySelector('#audio').volume`)) - before) < 0.01, 'the next song would be as quiet');
  }],

  ['the keys of headphones and lock screens', async ({ browser }) => {
    const press = (/** @type {string} */ key, details = {}) => browser.run(`window.mediaKeys['${key}'](${JSON.stringify(details)})`, true);
    await press('play');
    await browser.until(playing, 'sound');
    const title = await browser.run(text('#song-title'));
    must(await browser.run(`navigator.mediaSession.metadata.title`) === title, 'the lock screen shows another song');
    await press('pause');
    await browser.until(`document.querySelector('#audio').paused`, 'silence');
    await press('seekto', { seekTime: 2 });
    must(Math.abs((await browser.run(`document.querySelector('#audio').currentTime`)) - 2) < 0.5, 'it is elsewhere');
    await press('nexttrack');
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(title)}`, 'the next song');
    return (await browser.run(`Object.keys(window.mediaKeys)`)).join(', ');
  }],

  ['the day as a picture, and erased', async ({ browser, downloads }) => {
    const kept = `localStorage.getItem('vibelux-day')`;
    must(await browser.run(kept) === null, 'something was kept that nobody asked for');
    await browser.click('#day-open');
    await browser.click('#day-keep');
    must(await browser.run(`!document.querySelector('#day-none').hidden && document.querySelector('#day-buttons').hidden`), 'there is a picture of nothing');
    await browser.press('Escape');
    // What sounds is kept, not what is passed over.
    for (let i = 1; i <= 3; i += 1) {
      await browser.click('#next');
      await browser.until(`JSON.parse(${kept} ?? '[]').length === ${i}`, 'a song of the day');
    }
    await browser.click('#day-open');
    must(await browser.run(`document.querySelectorAll('#day-picture .glyph').length`) === 3, 'not every song is in it');
    await browser.click('#day-save');
    const { content } = await downloaded(downloads, '.png');
    must(content.readUInt32BE(16) === 2400 && content.length > 20_000, 'the picture is another');
    await browser.click('#day-keep');
    must(await browser.run(kept) === null && await browser.run(`document.querySelectorAll('#day-picture .glyph').length`) === 0, 'it was not erased');
    await browser.press('Escape');
  }],
];
