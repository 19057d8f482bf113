// The day as a picture: the moods that music was sought for, as they followed each other, and the songs that
// played. Kept in this browser alone, only where that was asked for, and erased when the day is over, or when the page
// is next opened after it.

import { areas } from './curve.js';
import { byId, make, say, svg, toast } from './dom.js';
import { colour } from './emotions.js';
import { glyph } from './flower.js';
import { counted, t } from './language.js';
import { remember, settings } from './settings.js';
import { artistOf } from './songs.js';

/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {{at: number, title: string, artist: string, song: Vector, mood: Vector | null}} Moment  `at`: milliseconds since 1970. */

const KEY = 'vibelux-day';
const MOST = 400;
const [WIDTH, HEIGHT] = [1200, 630];
const [LEFT, RIGHT] = [60, WIDTH - 60];
const STREAM = { top: 138, height: 190 };
const PAPER = '#f6f5f2';
const INK = '#1d2023';
const SOFT = '#5b6168';
/** So many flowers stand beside each other, and with so few their titles have room under them. */
const ABREAST = 17;
const TITLED = 7;
const LEAST_SPAN_MS = 20 * 60_000;

export class Day {
  constructor() {
    this.dialog = byId('day', HTMLDialogElement);
    this.keep = byId('day-keep', HTMLInputElement);
    byId('day-open', HTMLButtonElement).addEventListener('click', () => {
      this.show();
      this.dialog.showModal();
    });
    this.keep.addEventListener('change', () => {
      remember({ day: this.keep.checked });
      // Who no longer wants it kept does not want what was kept either.
      if (!settings.day) forget();
      this.show();
    });
    byId('day-forget', HTMLButtonElement).addEventListener('click', () => {
      forget();
      this.show();
    });
    byId('day-save', HTMLButtonElement).addEventListener('click', () => {
      savePicture(byId('day-picture', HTMLElement)).catch(() => toast(t('daySaveFailed')));
    });
    if (!settings.day) forget();
    this.purge();
  }

  /** Erases what is of another day, now and at every midnight. */
  purge() {
    keep(read());
    const midnight = new Date().setHours(24, 0, 1, 0);
    setTimeout(() => this.purge(), midnight - Date.now());
  }

  /**
   * A song begins.
   * @param {Song} song
   * @param {Vector | null} mood  What was sought; null if somebody chose the song.
   */
  note(song, mood) {
    if (!settings.day) return;
    const round = (/** @type {Vector} */ vector) => vector.map((share) => Math.round(share * 1000) / 1000);
    keep([...read(), { at: Date.now(), title: song.title, artist: artistOf(song), song: round(song.vector), mood: mood && round(mood) }]);
    if (this.dialog.open) this.show();
  }

  show() {
    this.keep.checked = settings.day;
    const moments = read();
    const none = moments.length === 0;
    byId('day-buttons', HTMLElement).hidden = none;
    say(byId('day-none', HTMLElement), none && settings.day ? t('dayNone') : '');
    byId('day-picture', HTMLElement).replaceChildren(...(none ? [] : [picture(moments)]));
  }

  translate() {
    this.show();
  }
}

function forget() {
  try {
    localStorage.removeItem(KEY);
  } catch {
    // Nothing was kept.
  }
}

/** @param {Moment[]} moments */
function keep(moments) {
  if (moments.length === 0) return forget();
  try {
    localStorage.setItem(KEY, JSON.stringify(moments.slice(-MOST)));
  } catch {
    // A browser without storage has no picture of the day.
  }
}

/** What was kept since midnight. @returns {Moment[]} */
function read() {
  try {
    const moments = JSON.parse(localStorage.getItem(KEY) ?? '[]');
    const midnight = new Date().setHours(0, 0, 0, 0);
    return moments.filter((/** @type {Moment} */ { at, song, title }) => at >= midnight && song?.length === 7 && typeof title === 'string');
  } catch {
    return [];
  }
}

/** @param {Moment[]} moments  At least one, in their order. */
export function picture(moments) {
  const to = moments[moments.length - 1].at;
  const from = Math.min(moments[0].at, to - LEAST_SPAN_MS);
  const place = (/** @type {number} */ at) => LEFT + ((RIGHT - LEFT) * (at - from)) / (to - from);
  const date = new Date(from).toLocaleDateString(locale(), { weekday: 'long', day: 'numeric', month: 'long' });
  const moods = moments.filter(({ mood }) => mood);
  const drawn = moods.length > 0 ? moods.map(({ at, mood }) => ({ at, vector: mood ?? [] })) : moments.map(({ at, song }) => ({ at, vector: song }));
  const shares = [0, ...drawn.map(({ at }) => (at - from) / (to - from)), 1];
  const vectors = [drawn[0].vector, ...drawn.map(({ vector }) => vector), drawn[drawn.length - 1].vector];
  const text = (/** @type {number} */ x, /** @type {number} */ y, /** @type {string} */ words, /** @type {Record<string, string | number>} */ more = {}) => {
    const element = svg('text', { x, y, fill: INK, stroke: 'none', 'font-family': 'system-ui, sans-serif', ...more });
    element.textContent = words;
    return element;
  };
  const stream = svg('svg', { x: LEFT, y: STREAM.top, width: RIGHT - LEFT, height: STREAM.height, viewBox: '0 0 1000 100', preserveAspectRatio: 'none', stroke: 'none' }, ...areas(shares, vectors));
  const label = `${t('dayTitle')}, ${date}: ${counted('songCount', moments.length)}`;
  return svg(
    'svg', { class: 'day-picture', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: 'img', 'aria-label': label, stroke: 'none' },
    svg('rect', { width: WIDTH, height: HEIGHT, fill: PAPER }),
    text(LEFT, 74, t('dayTitle'), { 'font-size': 38, 'font-weight': 650 }),
    text(LEFT, 110, date, { 'font-size': 22, fill: SOFT }),
    text(RIGHT, 110, counted('songCount', moments.length), { 'font-size': 22, fill: SOFT, 'text-anchor': 'end' }),
    stream,
    ...hours(from, to).map((at) => text(place(at), STREAM.top + STREAM.height + 24, clock(at), { 'font-size': 16, fill: SOFT, 'text-anchor': 'middle' })),
    ...flowers(moments, place, text),
    text(RIGHT, HEIGHT - 20, `VibeluX · ${t('footLooks')}`, { 'font-size': 14, fill: SOFT, 'text-anchor': 'end' }),
  );
}

/** The reader's own way to write the time, where it is of the language. */
const locale = () => (navigator.language.startsWith(settings.language) ? navigator.language : settings.language);

/** @param {number} at */
const clock = (at) => new Date(at).toLocaleTimeString(locale(), { hour: '2-digit', minute: '2-digit' });

/** Round times between two, at most eight. @param {number} from @param {number} to */
function hours(from, to) {
  const minute = 60_000;
  const step = [5, 10, 15, 30, 60, 120, 180, 240].find((minutes) => (to - from) / (minutes * minute) <= 8) ?? 240;
  const midnight = new Date(from).setHours(0, 0, 0, 0);
  const first = Math.ceil((from - midnight) / (step * minute));
  return Array.from({ length: 9 }, (_, i) => midnight + (first + i) * step * minute).filter((at) => at <= to);
}

/**
 * The songs as flowers below the stream, each tied to its time; of too many, some evenly among all.
 * @param {Moment[]} moments
 * @param {(at: number) => number} place
 * @param {(x: number, y: number, words: string, more?: Record<string, string | number>) => SVGElement} text
 */
function flowers(moments, place, text) {
  const count = Math.min(ABREAST, moments.length);
  const shown = Array.from({ length: count }, (_, i) => moments[count > 1 ? Math.round((i * (moments.length - 1)) / (count - 1)) : 0]);
  const step = (RIGHT - LEFT) / count;
  const size = Math.min(96, step * 0.92);
  return shown.flatMap(({ at, title, artist, song }, i) => {
    const x = LEFT + (i + 0.5) * step;
    const y = 444;
    const flower = glyph(song);
    for (const [name, value] of Object.entries({ x: x - size / 2, y: y - size / 2, width: size, height: size, stroke: 'none' })) flower.setAttribute(name, String(value));
    const top = STREAM.top + STREAM.height + 36;
    const tie = svg('path', { d: `M${place(at).toFixed(1)} ${top}C${place(at).toFixed(1)} ${top + 30} ${x.toFixed(1)} ${top + 10} ${x.toFixed(1)} ${y - size / 2 - 6}`, stroke: colour(song), 'stroke-width': 1.5, fill: 'none', opacity: 0.6 });
    const most = Math.floor(step / 9);
    const below = y + size / 2 + 12;
    const names = count > TITLED ? [
      text(x, below, short(title, 18), { 'font-size': 13.5, transform: `rotate(40 ${x} ${below})` }),
    ] : [
      text(x, y + size / 2 + 28, short(title, most), { 'font-size': 17, 'font-weight': 560, 'text-anchor': 'middle' }),
      text(x, y + size / 2 + 50, short(artist, most), { 'font-size': 15, fill: SOFT, 'text-anchor': 'middle' }),
    ];
    return [tie, flower, ...names];
  });
}

/** @param {string} words @param {number} most */
const short = (words, most) => (words.length > most ? `${words.slice(0, most - 1).trimEnd()}…` : words);

/** Saves the picture as PNG. @param {HTMLElement} from */
async function savePicture(from) {
  const drawing = from.querySelector('svg');
  if (!drawing) return;
  const copy = /** @type {SVGSVGElement} */ (drawing.cloneNode(true));
  copy.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
  copy.setAttribute('width', String(2 * WIDTH));
  copy.setAttribute('height', String(2 * HEIGHT));
  const address = URL.createObjectURL(new Blob([new XMLSerializer().serializeToString(copy)], { type: 'image/svg+xml' }));
  try {
    const image = new Image();
    image.src = address;
    await image.decode();
    const canvas = make('canvas', { width: String(2 * WIDTH), height: String(2 * HEIGHT) });
    canvas.getContext('2d')?.drawImage(image, 0, 0);
    const png = await new Promise((done) => { canvas.toBlob(done, 'image/png'); });
    if (png instanceof Blob) download(png, 'png');
  } finally {
    URL.revokeObjectURL(address);
  }
}

/**
 * Gives a file to the reader.
 * @param {Blob} content
 * @param {string} extension
 */
export function download(content, extension) {
  const address = URL.createObjectURL(content);
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
  make('a', { href: address, download: `VibeluX ${day}.${extension}` }).click();
  // The browser reads it after the click.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
