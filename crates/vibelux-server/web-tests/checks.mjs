// What must hold, in the order in which a person would try it. Each check gets the tools of browser.mjs
// and throws if something is not so.

import { EXPRESSION_SECONDS } from './camera.mjs';
import { pause } from './chromium.mjs';
import { WATCH, percentile } from './latency.mjs';
import { COVERED, JINGLE, LOSSLESS } from './vibelux.mjs';

export const EMOTIONS = ['angry', 'disgusted', 'fearful', 'happy', 'neutral', 'sad', 'surprised'];

/** `downloads` is where what the page saves goes. @typedef {{browser: import('./chromium.mjs').Chromium, address: string, songs: string, downloads: string, wishes: any[], latency: import('./latency.mjs').Latency, picture: string, tiff: string, pair: string, stop: () => Promise<unknown>}} Tools */

/** @param {unknown} holds @param {string} what */
export function must(holds, what) {
  if (!holds) throw new Error(what);
}

/** The shares of a vector, in the order of the emotions. @param {Record<string, number>} vector */
const values = (vector) => EMOTIONS.map((name) => vector[name]);

/** @param {string} selector */
export const text = (selector) => `document.querySelector(${JSON.stringify(selector)}).textContent.trim()`;
const shares = `[...document.querySelectorAll('.bar-value')].map((value) => parseInt(value.textContent))`;
export const queue = `[...document.querySelectorAll('#queue li')].map((row) => row.dataset.id).join()`;
export const playing = `(!document.querySelector('#audio').paused && document.querySelector('#audio').currentTime > 0)`;

/** Only one song is heard, as loud as it is to be. */
const fadeOver = `import('/assets/js/main.js').then(({ music: { player: { decks } } }) => decks.share === 1 && decks.other.paused && decks.audio.volume > 0.05)`;

/** Moves a range as a hand does. @param {string} selector @param {number | string} value */
export const slide = (selector, value) => `(() => {
  const range = document.querySelector(${JSON.stringify(selector)});
  range.value = ${JSON.stringify(String(value))};
  range.dispatchEvent(new Event('input', { bubbles: true }));
  range.dispatchEvent(new Event('change', { bubbles: true }));
})()`;

/** Waits for a wish that the page sends after `act`. @param {Tools} tools @param {() => Promise<unknown>} act @param {(wish: any) => boolean} like @param {string} what */
async function wishAfter({ wishes }, act, like, what) {
  const before = wishes.length;
  await act();
  for (let i = 0; i < 200; i += 1) {
    const wish = wishes.slice(before).find(like);
    if (wish) return wish;
    await pause(50);
  }
  throw new Error(`the page did not ask for ${what}`);
}

/** Drops a JPEG on the page. @param {string} base64 */
const drop = (base64, type = 'image/jpeg') => `(() => {
  const bytes = Uint8Array.from(atob('${base64}'), (char) => char.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], 'face', { type: '${type}' }));
  document.querySelector('#stage').dispatchEvent(new DragEvent('drop', { bubbles: true, cancelable: true, dataTransfer }));
})()`;

/** Finds a song in the library view and plays it. @param {import('./chromium.mjs').Chromium} browser @param {string} title */
async function playFromLibrary(browser, title) {
  await browser.run(`location.hash = 'library'`);
  await browser.type('#library-search', title);
  await browser.until(`document.querySelector('#library-songs .song-title')?.textContent === ${JSON.stringify(title)}`, `${title} in the library`);
  await browser.click('#library-songs button');
  await browser.until(`${text('#mini-title')} === ${JSON.stringify(title)} && ${playing}`, `the sound of ${title}`);
  await browser.type('#library-search', '');
  await browser.run(`document.querySelector('#library-search').dispatchEvent(new Event('input'))`);
}

/** Many songs, spread as songs are: most in the middle. @param {number} count */
function manySongs(count) {
  const bytes = Buffer.alloc(12 + 5 * count);
  bytes.writeUInt32LE(count, 8);
  const at = (/** @type {number} */ i, /** @type {number} */ turn) => {
    const wave = Math.sin(turn * (i + 1)) + Math.sin(1.7 * turn * (i + 2)) + Math.sin(2.3 * turn * (i + 3));
    return Math.round((wave / 3.2 + 1) * 32767.5);
  };
  for (let i = 0; i < count; i += 1) {
    bytes.writeUInt16LE(at(i, 12.9898), 12 + 2 * i);
    bytes.writeUInt16LE(at(i, 78.233), 12 + 2 * count + 2 * i);
    bytes[12 + 4 * count + i] = i % 7;
  }
  return bytes;
}

/** @type {[string, (tools: Tools) => Promise<string | void>][]} */
export const checks = [
  ['the page loads', async ({ browser }) => {
    await browser.until(`${text('#music-empty-lead')}.length > 1`, 'the number of songs');
    must(await browser.run(`document.title`) === 'VibeluX', 'the title is wrong');
    must((await browser.run(text('.foot'))).includes('Not for workplace, school or hiring'), 'no notice that it is not for work');
    const paint = await browser.run(`Math.round(performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? -1)`);
    const bytes = await browser.run(`performance.getEntriesByType('resource').filter(({ name }) => name.includes('/assets/')).reduce((sum, { transferSize }) => sum + transferSize, performance.getEntriesByType('navigation')[0].transferSize)`);
    return `first paint after ${paint} ms, ${(bytes / 1024).toFixed(0)} KiB`;
  }],

  ['the camera waits for a click and says that nothing leaves', async ({ browser }) => {
    must(await browser.run(`document.querySelector('#stage').dataset.live`) === 'off', 'the camera is on');
    must(await browser.run(`document.querySelector('.notice').checkVisibility()`), 'the notice is not to be seen');
    must((await browser.run(text('.notice'))).includes('Nothing leaves this computer'), 'the notice says something else');
    must(await browser.run('window.cameraAsked') === 0, 'the camera was asked for before the click');
  }],

  ['the camera starts and a face is found', async ({ browser, latency }) => {
    await browser.click('#camera-start');
    await browser.until(`document.querySelector('#reading').dataset.empty === 'false'`, 'a face');
    must(await browser.run(`document.querySelector('#camera-stop').checkVisibility()`), 'the camera cannot be stopped');
    const [red, green, blue] = await browser.run(`[...document.querySelector('#mirror').getContext('2d').getImageData(5, 5, 1, 1).data]`);
    must(red + green + blue > 100, 'the mirror is black');
    must(latency.last.faces.length === 1, `${latency.last.faces.length} faces`);
    must(await browser.run('window.cameraAsked') === 1, 'the camera was asked for more than once');
    await browser.run(WATCH);
    return browser.run(text('#reading-sentence'));
  }],

  ['the bars of the face move', async ({ browser }) => {
    const before = await browser.run(shares);
    must(before.reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b) > 95, `the bars say ${before}`);
    await browser.until(`${shares}.join() !== '${before.join()}'`, 'another bar');
  }],

  ['music that fits the mood plays', async ({ browser }) => {
    await browser.until(playing, 'sound');
    must(await browser.run(`document.querySelectorAll('#queue li').length > 0`), 'nothing comes next');
    must(await browser.run(`document.querySelectorAll('#why-picture .why-fill').length >= 4`), 'no picture of why');
    await browser.until(`document.querySelectorAll('#curve path').length >= 14`, 'the curve');
    return browser.run(text('#song-title'));
  }],

  ['the mood changes with the expression and the queue follows, not the song', async (tools) => {
    const { browser } = tools;
    // A song that is long enough not to end meanwhile would hide nothing: the demo's are short, so loop.
    await browser.run(`document.querySelector('#audio').loop = true`);
    const start = await browser.run(`({ mood: document.body.dataset.mood, song: ${text('#song-title')}, queue: ${queue} })`);
    const known = new Set([start.mood]);
    const ranks = tools.latency.ranks;
    const patience = 3 * EXPRESSION_SECONDS * 1000;
    const mood = await browser.until(`document.body.dataset.mood !== '${start.mood}' && document.body.dataset.mood`, 'another mood', patience);
    known.add(mood);
    const wish = await wishAfter(tools, async () => {
      for (let i = 0; i < patience / 100 && tools.wishes.at(-1)?.source === 'face' && (await browser.run(queue)) === start.queue; i += 1) await pause(100);
    }, () => true, 'other songs').catch(() => tools.wishes.at(-1));
    must(wish.source === 'face', 'the page did not ask for the face');
    must(await browser.run(queue) !== start.queue, 'the queue is the same');
    must(await browser.run(text('#song-title')) === start.song, 'the song was cut');
    must(await browser.run(playing), 'the song was stopped');
    await browser.run(`document.querySelector('#audio').loop = false`);
    // Two expressions in the while that this lasts: the queue must not flutter.
    const changes = tools.latency.ranks - ranks;
    must(changes >= 1 && changes <= 4, `the mood has changed ${changes} times`);
    return `${[...known].join(' -> ')}, ${changes} ${changes === 1 ? 'change' : 'changes'} of the queue`;
  }],

  ['a song that has just begun is left when the mood settles elsewhere', async ({ browser }) => {
    const left = `document.querySelector('#queue-note').textContent === 'over to your new mood'`;
    // Young songs, until the expression before the camera changes.
    for (let waited = 0; waited < 2.5 * EXPRESSION_SECONDS && !(await browser.run(left)); waited += 10) {
      await browser.click('#next');
      await browser.until(playing, 'sound');
      await browser.until(left, 'a song that is left', 10_000).catch(() => {});
    }
    must(await browser.run(left), 'no song was left');
    const title = await browser.run(text('#song-title'));
    must(await browser.run(`!document.querySelector('#audio-next').paused`), 'the song before was cut off');
    await browser.until(fadeOver, 'the end of the fade', 10_000);
    must(await browser.run(text('#song-title')) === title, 'another song came');
    return title;
  }],

  ['songs fade into each other', async ({ browser }) => {
    await browser.run(slide('#crossfade', 4));
    await browser.until(`${playing} && document.querySelector('#audio').duration > 12`, 'a song');
    const [title, next] = await browser.run(`[${text('#song-title')}, document.querySelector('#queue li .song-title').textContent]`);
    await browser.run(slide('#seek', await browser.run(`document.querySelector('#audio').duration - 6`)));
    await browser.until(`${text('#song-title')} === ${JSON.stringify(next)} && !document.querySelector('#audio-next').paused`, 'both songs at once', 8000);
    await browser.until(fadeOver, 'the end of the fade', 10_000);
    await browser.run(slide('#crossfade', 0));
    return `${title} -> ${next}`;
  }],

  ['a neutral face is measured and forgotten', async ({ browser, latency }) => {
    await browser.click('#tuning summary');
    await browser.click('#baseline');
    for (let i = 0; i < 200 && latency.last.baseline !== 'set'; i += 1) await pause(50);
    must(latency.last.baseline === 'set', `the baseline is ${latency.last.baseline}`);
    await browser.until(`!document.querySelector('#baseline').disabled`, 'the button');
    await browser.click('#baseline');
    for (let i = 0; i < 100 && latency.last.baseline !== 'none'; i += 1) await pause(50);
    must(latency.last.baseline === 'none', 'the baseline stays');
    must(/\d/.test(await browser.run(text('#timings'))), 'the page does not say how fast it is');
    await browser.click('#tuning summary');
    await latency.collect(browser);
  }],

  ['a song plays to its end and the next one starts', async ({ browser }) => {
    if (!(await browser.run(`document.querySelector('#song-title').textContent`))) {
      await browser.click('input[value="hand"]');
      await browser.until(`document.querySelector('#song-title').textContent`, 'a song');
    }
    if (!(await browser.run(playing))) await browser.click('#play');
    await browser.until(`${playing} && document.querySelector('#audio').duration > 1`, 'sound');
    const before = await browser.run(`[${text('#song-title')}, document.querySelector('#queue li .song-title').textContent]`);
    await browser.run(slide('#seek', await browser.run(`document.querySelector('#audio').duration - 1.5`)));
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(before[0])} && ${playing}`, 'the next song');
    must(await browser.run(text('#song-title')) === before[1], 'not the one that was announced');
    return `${before[0]} -> ${before[1]}`;
  }],

  ['the player: next, previous, pause, like, not now', async ({ browser }) => {
    const title = () => browser.run(text('#song-title'));
    const first = await title();
    await browser.click('#next');
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(first)}`, 'the next song');
    await browser.run(slide('#seek', 0));
    await browser.click('#previous');
    await browser.until(`${text('#song-title')} === ${JSON.stringify(first)}`, 'the song before');
    await browser.click('#play');
    await browser.until(`document.querySelector('#audio').paused`, 'silence');
    const liked = await browser.run(`document.querySelector('#like').getAttribute('aria-pressed')`);
    await browser.click('#like');
    await browser.until(`document.querySelector('#like').getAttribute('aria-pressed') !== '${liked}'`, 'the like');
    await browser.click('#like');
    await browser.click('#not-now');
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(first)}`, 'another song than the one put off');
    await pause(300);
    must(!(await browser.run(`[...document.querySelectorAll('#queue .song-title')].some((row) => row.textContent === ${JSON.stringify(first)})`)), 'it is in the queue again');
  }],

  ['a song that sounds different is corrected on its flower, listed, and taken back', async ({ browser }) => {
    const title = await browser.run(text('#song-title'));
    await browser.click('#correct');
    await browser.until(`document.querySelector('#correction').open`, 'the dialog');
    // Out along the petal of "sad", from the middle.
    const [x, y, reach] = await browser.run(`(() => {
      const area = document.querySelector('#correction-flower svg').getBoundingClientRect();
      return [area.x + area.width / 2, area.y + (area.height * 128) / 252, (area.width * 100) / 300];
    })()`);
    const angle = await browser.run(`import('/assets/js/emotions.js').then(({ ANGLES }) => ANGLES[5])`);
    const mouse = (/** @type {string} */ type, /** @type {number} */ share) => browser.send('Input.dispatchMouseEvent', {
      type, x: x + Math.sin(angle) * reach * share, y: y - Math.cos(angle) * reach * share, button: 'left', buttons: 1, clickCount: 1 });
    await mouse('mousePressed', 0.4);
    for (const share of [0.6, 0.8, 1.05]) await mouse('mouseMoved', share);
    await mouse('mouseReleased', 1.05);
    must(await browser.run(`parseInt(document.querySelectorAll('#correction-bars .bar-value')[5].textContent) > 80`), 'the petal was not drawn');
    await browser.click('#correction-save');
    await browser.until(`!document.querySelector('#correction').open && ${text('#song-mood')} === 'sounds sad'`, 'the new sound');
    must((await browser.run(text('#why-taste'))).includes('you say so'), 'it is not explained');
    await browser.click('#tuning summary');
    await browser.click('#taste-open');
    const rows = `[...document.querySelectorAll('#taste-list li')]`;
    const corrected = `${rows}.find((row) => row.dataset.verdict === 'sounds' && row.textContent.includes(${JSON.stringify(title)}))`;
    await browser.until(`document.querySelector('#taste').open && ${corrected}`, 'the correction in the list');
    must(await browser.run(`${rows}.some((row) => row.dataset.verdict === 'skipped')`), 'no song was left early');
    const listed = await browser.run(`${rows}.length`);
    await browser.run(`${corrected}.querySelector('button').click()`);
    await browser.until(`${corrected} === undefined`, 'the correction gone');
    await browser.press('Escape');
    await browser.click('#tuning summary');
    return `${title}; ${listed} things were learnt`;
  }],

  ['keys', async ({ browser }) => {
    await browser.run(`document.activeElement.blur()`);
    const paused = await browser.run(`document.querySelector('#audio').paused`);
    await browser.press(' ', ' ');
    await browser.until(`document.querySelector('#audio').paused === ${!paused}`, 'play by the space bar');
    const title = await browser.run(text('#song-title'));
    await browser.press('n');
    await browser.until(`${text('#song-title')} !== ${JSON.stringify(title)}`, 'the next song by N');
  }],

  ['by hand: sliders and the wheel', async (tools) => {
    const { browser } = tools;
    await browser.click('input[name="source"][value="hand"]');
    must(!(await browser.run(`document.querySelector('#mirror').checkVisibility({ visibilityProperty: true })`)), 'the camera still shows');
    const sad = await wishAfter(tools, () => browser.run(`${[0, 1, 2, 3, 4, 6].map((i) => slide(`.bar:nth-child(${i + 1}) input`, 0)).join(';')}; ${slide('.bar:nth-child(6) input', 100)}`),
      (wish) => wish.source === 'mood' && wish.vector.sad > 0.95, 'sad songs');
    must(Math.abs(values(sad.vector).reduce((a, b) => a + b) - 1) < 1e-6, 'the vector does not add up to 1');
    await browser.run(`document.querySelector('.wheel .dot').focus()`);
    await wishAfter(tools, async () => {
      await browser.press('Home');
      for (let i = 0; i < 12; i += 1) await browser.press('ArrowRight');
      for (let i = 0; i < 9; i += 1) await browser.press('ArrowUp');
    }, (wish) => wish.vector.happy > 0.5, 'happy songs from the wheel');
    return browser.run(text('#mood-sentence'));
  }],

  ['ways: lift, calm, journey; shuffle', async (tools) => {
    const { browser } = tools;
    for (const kind of ['lift', 'calm', 'journey']) {
      await wishAfter(tools, () => browser.click(`input[value="${kind}"]`), (wish) => wish.way.kind === kind, kind);
    }
    const goal = `(() => { const goal = document.querySelector('#goal'); goal.value = 'sad'; goal.dispatchEvent(new Event('change', { bubbles: true })); })()`;
    const journey = await wishAfter(tools, () => browser.run(goal), (wish) => wish.way.to?.sad === 1, 'a journey to sad');
    must(journey.way.songs === 8, `over ${journey.way.songs} songs`);
    await browser.until(`document.querySelector('#queue').classList.contains('is-journey')`, 'the line of the journey');
    await wishAfter(tools, () => browser.run(slide('#strength', 0.3)), (wish) => wish.strength === 0.3, 'a weaker mood');
    await wishAfter(tools, () => browser.click('#draw-again'), () => true, 'other songs');
    await browser.click('input[value="match"]');
    await browser.run(slide('#strength', 0.8));
  }],

  ['a dropped picture with a face', async (tools) => {
    const { browser, picture } = tools;
    await wishAfter(tools, () => browser.run(drop(picture)), (wish) => wish.source === 'face', 'songs for the picture');
    await browser.until(`document.querySelector('#stage').dataset.live === 'on' && document.querySelector('#reading').dataset.empty === 'false'`, 'the reading');
    return browser.run(text('#reading-sentence'));
  }],

  ['a picture that the browser cannot show, and then one that nobody can', async (tools) => {
    const { browser, tiff } = tools;
    await wishAfter(tools, () => browser.run(drop(tiff, 'image/tiff')), (wish) => wish.source === 'face', 'songs for the picture');
    await browser.until(`document.querySelector('#stage').dataset.live === 'on' && document.querySelector('#reading').dataset.empty === 'false'`, 'the reading');
    const shown = await browser.run(`(() => {
      const { width, height } = document.querySelector('#mirror');
      const middle = document.querySelector('#mirror').getContext('2d').getImageData(width / 2, height / 2, 1, 1).data;
      return [width, height, middle[3]];
    })()`);
    must(shown.join() === '640,480,255', `the stage shows ${shown}`);
    await browser.run(drop(btoa('This is a letter.'), 'image/png'));
    await browser.until(`${text('#picture-problem')}.includes('HEIC')`, 'what can be read');
    must(await browser.run(`document.querySelector('#stage').dataset.live === 'off' && document.querySelector('#who').hidden`), 'the picture before stays');
  }],

  ['a picture of two, one of whom counts, or both', async (tools) => {
    const { browser, pair } = tools;
    await wishAfter(tools, () => browser.run(drop(pair)), (wish) => wish.source === 'face', 'songs for the picture');
    await browser.until(`document.querySelectorAll('#who input').length === 4`, 'a choice of nearest, everyone and two faces');
    /** @type {number[][]} */
    const vectors = [];
    for (const who of ['1', '2', 'mean']) {
      vectors.push(values((await wishAfter(tools, () => browser.click(`#who input[value="${who}"]`), (wish) => wish.source === 'face', `songs for ${who}`)).vector));
    }
    must(vectors[2].every((share, i) => Math.abs(share - (vectors[0][i] + vectors[1][i]) / 2) < 1e-4), 'the room is not the mean of its faces');
    await browser.click('#who input[value="largest"]');
  }],

  ['a song as the start', async (tools) => {
    const { browser } = tools;
    await browser.click('input[name="source"][value="song"]');
    await browser.until(`document.querySelector('#seed-results button')`, 'songs to choose from');
    const wish = await wishAfter(tools, () => browser.click('#seed-results button'), ({ source }) => source === 'song', 'songs like this one');
    must(wish.song_id === await browser.run(`document.querySelector('#seed-results li.current').dataset.id`), 'another song');
  }],

  ['the library: map, search, filter, a click plays', async ({ browser }) => {
    await browser.click('[data-view-link="library"]');
    await browser.until(`document.querySelectorAll('#library-songs li').length > 0`, 'songs');
    const all = await browser.run(`document.querySelectorAll('#library-songs li').length`);
    const title = await browser.run(`document.querySelector('#library-songs li:nth-child(2) .song-title').textContent`);
    await browser.type('#library-search', title);
    await browser.until(`document.querySelectorAll('#library-songs li').length < ${all} && document.querySelector('#library-songs .song-title').textContent === ${JSON.stringify(title)}`, 'the song that was searched');
    await browser.click('#library-songs button');
    await browser.until(`${text('#mini-title')} === ${JSON.stringify(title)} && ${playing}`, 'the song that was clicked');
    await browser.type('#library-search', '');
    await browser.run(`document.querySelector('#library-search').dispatchEvent(new Event('input'))`);
    await browser.until(`document.querySelectorAll('#library-songs li').length === ${all}`, 'all songs again');
    await browser.click('#library-emotions input[value="angry"]');
    await browser.until(`document.querySelectorAll('#library-songs li').length < ${all}`, 'the filter');
    await browser.click('#library-emotions input[value=""]');
    await browser.until(`document.querySelectorAll('#library-songs li').length === ${all}`, 'all songs again');
    must(await browser.run(`new Set(document.querySelector('#map-points').getContext('2d')?.getImageData(0, 0, 500, 500).data ?? [1, 2, 3, 4, 5]).size > 4`), 'the map is empty');
    await browser.run(`document.querySelector('#map-marks').focus()`);
    await browser.press('ArrowLeft');
    await browser.until(`!document.querySelector('#map-tip').hidden`, 'the name of the song in the middle', 1500).catch(() => {});
    await browser.press('Enter');
    return `${all} songs shown`;
  }],

  ['a filter: what is wrong is said, what could come next is offered, list, map and queue follow', async (tools) => {
    const { browser } = tools;
    const rows = `document.querySelectorAll('#library-songs li').length`;
    const all = await browser.run(rows);
    await browser.type('#library-search', 'happ');
    await browser.until(`[...document.querySelectorAll('.library .offers li')].map((offer) => offer.textContent).join() === 'happy>'`, 'what could come next');
    await browser.press('ArrowDown');
    await browser.press('Enter', '\r');
    must(await browser.run(`document.querySelector('#library-search').value`) === 'happy>', 'the offer was not taken');
    await browser.type('#library-search', 'happy>lots');
    await browser.until(`(document.querySelector('.library .wrong').hidden === false && ${text('.library .wrong')}.includes('0 to 1'))`, 'what is wrong');
    await browser.type('#library-search', 'happy>0.4 and not mood:neutral');
    await browser.until(`document.querySelector('.library .wrong').hidden && ${rows} > 0 && ${rows} < ${all}`, 'fewer songs');
    const named = await browser.run(`[...document.querySelectorAll('#library-songs li')].every((row) => row.querySelector('button').getAttribute('aria-label').includes('happy'))`);
    must(named, 'another song than a happy one');
    await browser.type('#library-search', '');
    await browser.run(`document.querySelector('#library-search').dispatchEvent(new Event('input'))`);
    await browser.until(`${rows} === ${all}`, 'all songs again');
    await browser.click('[data-view-link="now"]');
    await browser.click('input[name="source"][value="hand"]');
    await browser.run(`document.querySelector('.tuning').open = true`);
    const wish = await wishAfter(tools, () => browser.type('#only', 'not mood:angry'), ({ filter }) => filter === 'not mood:angry', 'no angry songs');
    must(wish.source === 'mood', 'another wish');
    await browser.until(`document.querySelectorAll('#queue li').length > 0`, 'a queue');
    await wishAfter(tools, async () => {
      await browser.type('#only', '');
      await browser.run(`document.querySelector('#only').dispatchEvent(new Event('input'))`);
    }, ({ filter }) => filter === undefined, 'all songs');
    await browser.run(`document.querySelector('.tuning').open = false`);
    await browser.click('[data-view-link="library"]');
  }],

  ['a scan from the page, and one of a folder that is not there', async ({ browser, songs }) => {
    await browser.click('#scan-open');
    await browser.type('#scan-folder', 'not/a/folder');
    await browser.press('Enter', '\r');
    await browser.until(`!document.querySelector('#scan-problem').hidden`, 'what is wrong');
    await browser.type('#scan-folder', songs);
    await browser.press('Enter', '\r');
    await browser.until(`${text('#scan-count')}.startsWith('Done')`, 'the end of the scan', 60_000);
    const said = await browser.run(text('#scan-count'));
    must(said.includes('3'), said);
    await browser.press('Escape');
    await browser.until(`!document.querySelector('#scan').open`, 'the dialog closed');
    return said;
  }],

  ['what is no music is shown, played and declared music where that is asked for', async (tools) => {
    const { browser } = tools;
    await browser.run(`location.hash = 'library'`);
    const jingle = `[...document.querySelectorAll('#library-songs li')].find((row) => row.textContent.includes(${JSON.stringify(JINGLE)}))`;
    await browser.until(`!document.querySelector('#library-others').hidden`, 'the switch');
    must(await browser.run(`${jingle} === undefined`), 'it is among the songs');
    const wish = await wishAfter(tools, () => browser.click('#everything'), ({ include }) => include.length === 3, 'everything');
    await browser.until(`${jingle}?.querySelector('.verdict')`, 'the jingle in the list');
    must(await browser.run(`${jingle}.querySelector('.song-artist').textContent === 'jingle'`), 'it does not say what it is');
    await browser.run(`${jingle}.querySelector('.verdict').click()`);
    await browser.until(`${jingle}?.querySelector('.verdict')?.textContent.startsWith('No music')`, 'the verdict');
    await wishAfter(tools, () => browser.click('#everything'), ({ include }) => include.length === 0, 'music alone');
    await browser.until(`document.querySelector('#library-others').hidden && ${jingle}?.querySelector('.verdict')`, 'the jingle among the songs');
    await browser.run(`${jingle}.querySelector('.verdict').click()`);
    await browser.until(`!document.querySelector('#library-others').hidden && ${jingle} === undefined`, 'the jingle gone again');
    return `beside music ${wish.include.join(', ')}`;
  }],

  ['a song that browsers do not play is converted, also from its middle', async ({ browser }) => {
    await playFromLibrary(browser, LOSSLESS);
    must((await browser.run(`document.querySelector('#audio').src`)).includes('transcode=1'), 'it is not converted');
    await browser.run(`location.hash = 'now'`);
    await browser.run(slide('#seek', 15));
    await browser.until(`document.querySelector('#audio').src.includes('start_seconds=15') && ${playing} && document.querySelector('#seek').value > 15.2`, 'sound from 0:15 on');
    must(/^0:1[5-7]$/.test(await browser.run(text('#time-now'))), 'the time is wrong');
    return browser.run(`${text('#time-now')} + ' of ' + ${text('#time-all')}`);
  }],

  ['the cover in a song is shown', async ({ browser }) => {
    await playFromLibrary(browser, COVERED);
    await browser.run(`location.hash = 'now'`);
    await browser.until(`document.querySelector('#cover img')?.naturalWidth === 300`, 'the cover');
  }],

  ['a map of a million songs moves smoothly', async ({ browser }) => {
    const songs = 1_000_000;
    const body = manySongs(songs).toString('base64');
    const answer = (/** @type {string} */ method, /** @type {any} */ { requestId }) => {
      if (method !== 'Fetch.requestPaused') return;
      void browser.send('Fetch.fulfillRequest', { requestId, responseCode: 200, responseHeaders: [{ name: 'content-type', value: 'application/octet-stream' }], body });
    };
    browser.on(answer);
    await browser.send('Fetch.enable', { patterns: [{ urlPattern: '*/api/v1/map\\?*' }] });
    const count = () => browser.run(`import('/assets/js/main.js').then(({ library }) => library.reload().then(() => library.map.data.count))`);
    await browser.run(`location.hash = 'library'`);
    must(await count() === songs, 'the map has other songs');
    // Half pan, half zoom, a step in every frame; how long the page works on each.
    const work = await browser.run(`import('/assets/js/main.js').then(({ library: { map } }) => new Promise((resolve) => {
      const work = [];
      const step = () => {
        const start = performance.now();
        if (work.length % 2) map.zoom(work.length < 60 ? 1.05 : 1 / 1.05);
        else map.goal.x += work.length < 60 ? 0.005 : -0.005;
        map.paint();
        work.push(performance.now() - start);
        if (work.length < 120) requestAnimationFrame(step);
        else resolve(work);
      };
      requestAnimationFrame(step);
    }))`);
    await browser.send('Fetch.disable');
    must(await count() < songs, 'the songs are not back');
    return `${percentile(work, 0.5).toFixed(1)} ms of work a frame, ${percentile(work, 0.95).toFixed(1)} ms at the 95 % mark`;
  }],

  ['every language of the page', async ({ browser }) => {
    const notices = { de: 'Nicht für Arbeitsplatz, Schule oder Bewerbungen', fr: 'Pas pour le travail', es: 'No para el trabajo', en: 'Not for workplace' };
    for (const [language, notice] of Object.entries(notices)) {
      await browser.run(`(() => { const choice = document.querySelector('#language'); choice.value = '${language}'; choice.dispatchEvent(new Event('change')); })()`);
      must(await browser.run(`document.documentElement.lang`) === language, `the document is not ${language}`);
      must((await browser.run(text('.foot'))).includes(notice), `the notice is not ${language}`);
      const left = await browser.run(`[...document.querySelectorAll('[data-t]')].filter((place) => place.textContent === place.dataset.t && !['neutral'].includes(place.textContent)).map((place) => place.dataset.t).join()`);
      must(left === '', `without words: ${left}`);
      // As it looks while a scan runs.
      await browser.run(`document.querySelector('#scan-pill').hidden = false`);
      for (const width of [1280, 360]) {
        await browser.resize(width, 780);
        const wide = await browser.run(`document.documentElement.scrollWidth`);
        must(wide <= width, `${language} is ${wide} wide on ${width}`);
      }
      await browser.run(`document.querySelector('#scan-pill').hidden = true`);
      await browser.resize(1280, 800);
    }
  }],

  ['dark, light, a narrow page, less motion', async ({ browser }) => {
    await browser.click('[data-view-link="now"]');
    const paper = `getComputedStyle(document.body).backgroundColor`;
    for (const value of ['light', 'dark']) {
      await browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }, { name: 'prefers-reduced-motion', value: 'reduce' }] });
      await browser.until(`(parseInt(${paper}.match(/\\d+/)[0]) > 128) === ${value === 'light'}`, `${value} paper`, 5000);
    }
    must(await browser.run(`getComputedStyle(document.querySelector('.petal')).transitionDuration.startsWith('0.001')`), 'petals still move');
    // As it looks while a scan runs.
    await browser.run(`document.querySelector('#scan-pill').hidden = false`);
    for (const [view, width] of /** @type {const} */ ([['now', 360], ['library', 360], ['now', 800]])) {
      await browser.resize(width, 780);
      await browser.run(`location.hash = '${view}'`);
      await pause(300);
      const wide = await browser.run(`document.documentElement.scrollWidth`);
      must(wide <= width, `${view} is ${wide} wide on ${width}`);
    }
    await browser.run(`document.querySelector('#scan-pill').hidden = true`);
    await browser.send('Emulation.setEmulatedMedia', { features: [] });
    await browser.resize(1280, 800);
  }],

  ['everything has a name for a screen reader', async ({ browser }) => {
    const nameless = [];
    for (const view of ['now', 'library']) {
      await browser.run(`location.hash = '${view}'`);
      await pause(200);
      const { nodes } = await browser.send('Accessibility.getFullAXTree');
      const roles = new Set(['button', 'slider', 'radio', 'textbox', 'searchbox', 'link', 'spinbutton', 'combobox', 'checkbox', 'switch', 'application', 'dialog', 'region']);
      for (const { ignored, role, name, backendDOMNodeId } of nodes) {
        if (!ignored && roles.has(role?.value) && !name?.value) nameless.push(`${role.value} ${backendDOMNodeId}`);
      }
    }
    must(nameless.length === 0, nameless.join(', '));
  }],
];

/** Ends the server, so it comes after all others. @type {[string, (tools: Tools) => Promise<string | void>]} */
export const lastCheck = ['without the server the page says so', async ({ browser, stop }) => {
  await browser.run(`location.hash = 'now'`);
  await browser.click('input[name="source"][value="camera"]');
  await browser.click('#camera-start');
  await browser.until(`document.querySelector('#reading').dataset.empty === 'false'`, 'a face');
  await stop();
  await browser.until(`${text('#advice')}.includes('does not answer')`, 'a word about it');
}];
