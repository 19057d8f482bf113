// The third part of the page: the song that plays, why, and what comes next.

import { byId, make, say, setIcon, toast } from './dom.js';
import { COLOURS, EMOTIONS, colour, strongest } from './emotions.js';
import { glyph } from './flower.js';
import { counted, percent, t, word } from './language.js';
import { Player } from './player.js';
import { Queue } from './queue.js';
import { coverAddress } from './server.js';
import { artistOf, songRow } from './songs.js';

/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {import('./queue.js').Entry} Entry */
/** @typedef {import('./queue.js').Wish} Wish */

/** Emotions shown in the picture of why. */
const WHY_ROWS = 3;
const NOTE_MS = 6000;

export class Music {
  /** @param {(song: Song | null, playing: boolean) => void} onSong */
  constructor(onSong) {
    this.onSong = onSong;
    this.ready = -1;
    this.noteTimer = 0;
    this.player = new Player(() => this.next(true), (playing) => onSong(this.queue.current?.song ?? null, playing));
    this.queue = new Queue(() => this.show(), (entry, play) => this.begin(entry, play), (error) => toast(error.message));
    const buttons = /** @type {const} */ ({
      next: () => this.next(true),
      'mini-next': () => this.next(true),
      previous: () => this.previous(),
      like: () => void this.queue.toggleLike(),
      'not-now': () => void this.queue.putOff(),
      'draw-again': () => void this.queue.drawAgain(),
    });
    for (const [id, act] of Object.entries(buttons)) byId(id, HTMLButtonElement).addEventListener('click', act);
    // On a narrow page the small player stands in while the large one is out of sight.
    new IntersectionObserver(([seen]) => byId('mini', HTMLElement).classList.toggle('spare', seen.isIntersecting))
      .observe(byId('playing', HTMLElement));
    this.player.bindMediaKeys(() => this.next(true), () => this.previous());
  }

  /**
   * Fills what comes next.
   * @param {Wish} wish
   * @param {{play: boolean, tell: boolean}} how  Whether the first song begins by itself, and whether a
   *   queue that has become another is worth a word.
   */
  async rank(wish, { play, tell }) {
    if (this.ready === 0) return;
    const changed = await this.queue.rank(wish, play);
    if (changed && tell) this.note(t('queueChanged'));
  }

  /** Says something beside what comes next, for a while. @param {string} text */
  note(text) {
    const place = byId('queue-note', HTMLElement);
    say(place, text);
    clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => say(place, ''), NOTE_MS);
  }

  /** @param {boolean} play */
  next(play) {
    if (this.queue.advance(play)) return;
    if (this.queue.current) toast(t('nothingFits'));
  }

  previous() {
    if (!this.player.restart() && !this.queue.back()) this.player.jump(0);
  }

  /** @param {Song} song */
  playSong(song) {
    this.queue.play(song);
  }

  /** @param {Entry} entry @param {boolean} play */
  begin({ song }, play) {
    this.player.load(song, play);
    this.showCover(song);
    this.onSong(song, play);
  }

  /** @param {number} ready  Songs in the library. */
  showReady(ready) {
    this.ready = ready;
    this.queue.librarySize = ready;
    this.show();
  }

  show() {
    const entry = this.queue.current;
    byId('music-empty', HTMLElement).hidden = entry !== null;
    byId('playing', HTMLElement).hidden = entry === null;
    byId('next-up', HTMLElement).hidden = this.queue.upcoming.length === 0;
    byId('mini', HTMLElement).hidden = entry === null;
    byId('music-add', HTMLButtonElement).hidden = this.ready !== 0;
    byId('music-empty-lead', HTMLElement).textContent = this.ready < 0 ? '\u00a0' : this.ready ? counted('musicReady', this.ready) : t('musicNone');
    byId('music-empty-hint', HTMLElement).textContent = this.ready < 0 ? '' : t(this.ready ? 'musicReadyHint' : 'musicNoneHint');
    if (entry) this.showSong(entry);
    this.showQueue();
  }

  /** @param {Entry} entry */
  showSong({ song, match }) {
    for (const [id, text] of [['song-title', song.title], ['mini-title', song.title], ['song-artist', artistOf(song)],
      ['mini-artist', artistOf(song)], ['song-mood', t('songSounds', word(song.strongest))]]) {
      const place = byId(id, HTMLElement);
      if (place.textContent !== text) place.textContent = text;
    }
    const heart = byId('like', HTMLButtonElement);
    setIcon(heart, song.liked ? 'heart-full' : 'heart');
    heart.setAttribute('aria-pressed', String(song.liked));
    heart.setAttribute('aria-label', t(song.liked ? 'unlike' : 'like'));
    byId('mini-glyph', HTMLElement).replaceChildren(glyph(song.vector));
    document.title = `${song.title} · ${artistOf(song)} – VibeluX`;
    const why = byId('why', HTMLElement);
    why.hidden = false;
    byId('why-picture', HTMLElement).replaceChildren(...(match ? whyRows(match) : []));
    say(byId('why-sentence', HTMLElement), match ? whySentence(match) : t('whyChosen'));
  }

  /** The cover, or where there is none the song's flower. @param {Song} song */
  showCover(song) {
    const place = byId('cover', HTMLElement);
    place.style.setProperty('--song', colour(song.vector));
    place.replaceChildren(glyph(song.vector));
    const picture = make('img', { alt: '', src: coverAddress(song) });
    picture.addEventListener('load', () => this.queue.current?.song.id === song.id && place.replaceChildren(picture));
  }

  showQueue() {
    const list = byId('queue', HTMLOListElement);
    const journey = this.queue.wish?.way.kind === 'journey';
    list.classList.toggle('is-journey', journey);
    const key = (/** @type {Element} */ row) => row.getAttribute('data-id');
    const wanted = this.queue.upcoming.map(({ song }) => song.id).join() + journey;
    if (list.dataset.key === wanted && [...list.children].every(key)) return;
    list.dataset.key = wanted;
    list.replaceChildren(...this.queue.upcoming.map(({ song, target }) => {
      const row = songRow(song, () => this.playSong(song));
      row.style.setProperty('--target', colour(target));
      return row;
    }));
  }

  translate() {
    delete byId('queue', HTMLOListElement).dataset.key;
    this.show();
    this.player.showPlaying();
  }
}

/**
 * The emotions that matched most: to the left what was sought, to the right what the song has.
 * @param {import('./types.js').Match} match
 */
function whyRows({ why, target, song }) {
  const shown = EMOTIONS.map((_, i) => i).filter((i) => why[i] > 0).sort((a, b) => why[b] - why[a]).slice(0, WHY_ROWS);
  const scale = Math.max(...shown.flatMap((i) => [target[i], song.vector[i]]), 0.01);
  const head = make('div', { class: 'why-row why-names', 'aria-hidden': 'true' }, make('span', {}, t('whyYou')), make('span'), make('span', {}, t('whySong')));
  const rows = shown.map((i) => {
    const bar = (/** @type {number} */ share) => {
      const fill = make('span', { class: 'why-fill' });
      fill.style.width = `${((100 * share) / scale).toFixed(1)}%`;
      fill.style.background = COLOURS[i];
      return make('span', { class: 'why-bar' }, fill);
    };
    const name = word(EMOTIONS[i]);
    const text = t('whyLabel', name, percent(target[i]), percent(song.vector[i]));
    return make('div', { class: 'why-row', role: 'img', 'aria-label': text }, bar(target[i]), make('span', { class: 'why-name' }, name), bar(song.vector[i]));
  });
  return [head, ...rows];
}

/** @param {import('./types.js').Match} match */
function whySentence({ why, target, song }) {
  const i = strongest(why);
  if (why[i] <= 0) return '';
  const both = target[i] === Math.max(...target) && song.vector[i] === Math.max(...song.vector);
  return t(both ? 'whyBoth' : 'whyMixed', word(EMOTIONS[i]));
}
