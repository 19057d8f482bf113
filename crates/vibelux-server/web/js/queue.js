// What plays, what comes next and what was before. Asks the server for the songs that fit; never
// touches the song that plays.

import { like, notNow, reader, recommend } from './server.js';

/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Match} Match */
/** @typedef {import('./types.js').Request} Request */
/** @typedef {Omit<Request, 'seed' | 'count' | 'opening' | 'exclude'>} Wish */
/** `match` is null for a song that somebody chose; `kept`: it waits where somebody has put it. @typedef {{song: Song, match: Match | null, kept?: boolean}} Entry */
/** Why another song begins: the one before is over or was left, put off, or another was asked for. @typedef {'over' | 'off' | 'other'} Left */

const COUNT = 20;
/** When fewer than this many wait, more are asked for. */
const FEW = 4;
/** So many songs that were played last do not come again; of a small library, half. */
const RECENT = 30;

export class Queue {
  /**
   * @param {() => void} onChange  The current song, or what waits, is another.
   * @param {(entry: Entry, play: boolean, fade: number, left: Left) => void} onCurrent  `fade`: for so many seconds the song
   *   before fades away.
   * @param {(error: Error) => void} onError
   */
  constructor(onChange, onCurrent, onError) {
    this.onChange = onChange;
    this.onCurrent = onCurrent;
    this.onError = onError;
    /** @type {Entry | null} */
    this.current = null;
    /** @type {Entry[]} */
    this.upcoming = [];
    /** Songs that were taken out by hand, until other songs are asked for. @type {Set<string>} */
    this.removed = new Set();
    /** Songs that were put off, as long as the page is open. @type {Set<string>} */
    this.off = new Set();
    /** @type {Entry[]} */
    this.history = [];
    /** @type {Wish | null} */
    this.wish = null;
    /** Songs that could be chosen. */
    this.librarySize = 0;
    /** Songs of the present journey that have begun. */
    this.travelled = 0;
    this.seed = Math.floor(Math.random() * 2 ** 32);
    /** @type {AbortController | null} */
    this.pending = null;
  }

  /**
   * Fills what comes next with songs for a wish. The song that plays stays, and what somebody has put in its place.
   * @param {Wish} wish
   * @param {boolean} play  Whether the first song begins by itself where none is chosen yet.
   * @param {boolean} [opening]  The first song is to be mostly what is sought.
   * @returns {Promise<boolean | null>} Whether the queue is another now; null if nothing came of it.
   */
  async rank(wish, play, opening = !this.current) {
    this.wish = wish;
    this.pending?.abort();
    const pending = new AbortController();
    this.pending = pending;
    const count = Math.min(RECENT, Math.floor(this.librarySize / 2));
    const recent = this.history.slice(this.history.length - Math.min(count, this.history.length)).map(({ song }) => song.id);
    const exclude = [...recent, ...this.unwanted];
    try {
      const matches = await recommend(
        { ...wish, way: this.rest(wish.way), seed: this.seed, count: COUNT, opening, exclude }, pending.signal);
      const before = ids(this.upcoming);
      const kept = this.upcoming.filter((entry) => entry.kept);
      // What has happened meanwhile counts, too.
      const known = new Set([...kept.map(({ song }) => song.id), ...this.unwanted]);
      const found = matches.filter(({ song }) => !known.has(song.id)).map((match) => ({ song: match.song, match }));
      this.upcoming = [...kept, ...found];
      if (!this.current && this.upcoming.length > 0) this.advance(play);
      else this.onChange();
      return before !== '' && before !== ids(this.upcoming);
    } catch (error) {
      if (error instanceof Error && error.name !== 'AbortError') this.onError(error);
      return null;
    } finally {
      if (this.pending === pending) this.pending = null;
    }
  }

  /** Songs that must not come: taken out, put off, or playing. */
  get unwanted() {
    return [...this.removed, ...this.off, ...(this.current ? [this.current.song.id] : [])];
  }

  /** A journey that is under way goes on from where it is, over the songs that are left. @param {import('./types.js').Way} way */
  rest(way) {
    return way.kind === 'journey' ? { ...way, songs: Math.max(1, (way.songs ?? 1) - this.travelled) } : way;
  }

  /** Another way was chosen: a journey starts anew. */
  restart() {
    this.travelled = 0;
  }

  /** The same wish with other chance. */
  async drawAgain() {
    this.seed = (this.seed + 1) % 2 ** 32;
    this.removed.clear();
    if (this.wish) await this.rank(this.wish, false);
  }

  /**
   * To the next song.
   * @param {boolean} play
   * @param {number} [fade]
   * @param {Left} [left]
   */
  advance(play, fade = 0, left = 'over') {
    const entry = this.upcoming.shift();
    if (!entry) return false;
    this.travelled += 1;
    this.become(entry, play, fade, left);
    if (this.upcoming.length < FEW && this.wish) void this.rank(this.wish, false);
    return true;
  }

  /** Back to the song before. @returns {boolean} Whether there was one. */
  back() {
    const entry = this.history.pop();
    if (!entry) return false;
    if (this.current) this.upcoming.unshift(this.current);
    this.current = null;
    this.become(entry, true, 0, 'other');
    return true;
  }

  /**
   * A song that somebody chose, at once.
   * @param {Song} song
   */
  play(song) {
    this.become(this.take(song), true, 0, 'other');
  }

  /** A song that somebody chose, after the one that plays. @param {Song} song */
  playNext(song) {
    const entry = { ...this.take(song), kept: true };
    this.upcoming.unshift(entry);
    if (!this.current) this.advance(true);
    else this.onChange();
  }

  /** The entry of a song, out of what waits if it does. @param {Song} song @returns {Entry} */
  take(song) {
    this.removed.delete(song.id);
    this.off.delete(song.id);
    const entry = this.upcoming.find((waiting) => waiting.song.id === song.id) ?? { song, match: null };
    this.upcoming = this.upcoming.filter((waiting) => waiting !== entry);
    return entry;
  }

  /**
   * Puts a song that waits elsewhere. All before it then stay, too: an order is of all of them.
   * @param {string} id
   * @param {number} place
   */
  move(id, place) {
    const from = this.upcoming.findIndex(({ song }) => song.id === id);
    if (from < 0) return;
    const [entry] = this.upcoming.splice(from, 1);
    const to = Math.max(0, Math.min(place, this.upcoming.length));
    this.upcoming.splice(to, 0, entry);
    for (const each of this.upcoming.slice(0, to + 1)) each.kept = true;
    this.onChange();
  }

  /** Takes a song out of what waits. @param {string} id */
  remove(id) {
    this.removed.add(id);
    this.upcoming = this.upcoming.filter(({ song }) => song.id !== id);
    this.onChange();
    if (this.upcoming.length < FEW && this.wish) void this.rank(this.wish, false);
  }

  /** @param {Entry} entry @param {boolean} play @param {number} fade @param {Left} left */
  become(entry, play, fade, left) {
    if (this.current) this.history.push(this.current);
    this.current = entry;
    this.onCurrent(entry, play, fade, left);
    this.onChange();
  }

  /** Likes the current song, or takes that back. */
  async toggleLike() {
    const song = this.current?.song;
    if (!song) return;
    song.liked = !song.liked;
    this.onChange();
    try {
      await like(song, song.liked);
    } catch (error) {
      song.liked = !song.liked;
      this.onChange();
      if (error instanceof Error) this.onError(error);
    }
  }

  /** Leaves the current song out for this session and goes on. */
  async putOff() {
    const song = this.current?.song;
    if (!song) return;
    this.off.add(song.id);
    try {
      // The server remembers it for its owner.
      if (reader.role === 'owner') await notNow(song);
    } catch (error) {
      this.off.delete(song.id);
      if (error instanceof Error) this.onError(error);
      return;
    }
    // It may be over by now.
    if (this.current?.song === song) this.advance(true, 0, 'off');
  }

  /** A song is known otherwise now. @param {Song} song */
  renew(song) {
    const entries = [this.current, ...this.upcoming, ...this.history];
    for (const entry of entries) {
      if (entry?.song.id !== song.id) continue;
      entry.song = song;
      const { match } = entry;
      if (match) Object.assign(match, { song, why: contributions(match.target, song.vector) });
    }
    this.onChange();
  }
}

/** @param {Entry[]} entries */
const ids = (entries) => entries.map(({ song }) => song.id).join();

/** What each emotion adds to the cosine of two vectors. @param {import('./types.js').Vector} a @param {import('./types.js').Vector} b */
function contributions(a, b) {
  const length = Math.hypot(...a) * Math.hypot(...b);
  return a.map((value, i) => (length > 0 ? (value * b[i]) / length : 0));
}
