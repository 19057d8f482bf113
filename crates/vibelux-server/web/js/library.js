// The library view: search and filters beside the mood map; a click plays.

import { byId, icon, make, say, toast } from './dom.js';
import { COLOURS, EMOTIONS } from './emotions.js';
import { FilterBox, isFilter } from './filter_box.js';
import { counted, number, t, word } from './language.js';
import { MoodMap } from './map.js';
import { ServerError, artists, declareMusic, map, matching, reader, songAt, songs } from './server.js';
import { include, remember, settings } from './settings.js';
import { songRow } from './songs.js';

/** @typedef {import('./types.js').Song} Song */

const PAGE = 60;
const TYPING_MS = 160;

export class Library {
  /**
   * @param {(song: Song) => void} onPlay
   * @param {(song: Song) => void} onNext  To be played after the song that plays.
   * @param {() => void} onOthers  Other files count as music, or are taken, than before.
   */
  constructor(onPlay, onNext, onOthers) {
    this.onPlay = onPlay;
    this.onNext = onNext;
    this.onOthers = onOthers;
    this.map = new MoodMap(onPlay, (index) => this.songAt(index));
    this.list = byId('library-songs', HTMLUListElement);
    this.search = byId('library-search', HTMLInputElement);
    this.artist = byId('library-artist', HTMLInputElement);
    this.emotion = '';
    /** @type {string | null} */
    this.current = null;
    this.loaded = false;
    this.shown = 0;
    this.total = 0;
    this.timer = 0;
    /** @type {AbortController | null} */
    this.pending = null;
    this.chips = ['', ...EMOTIONS].map((name) => this.chip(name));
    byId('library-emotions', HTMLElement).append(...this.chips.map(({ label }) => label));
    this.others = byId('everything', HTMLInputElement);
    this.others.checked = settings.everything;
    this.others.addEventListener('change', () => {
      remember({ everything: this.others.checked });
      this.onOthers();
    });
    this.box = new FilterBox(this.search, () => this.filter());
    /** Asks which points of the map the filter means. @type {AbortController | null} */
    this.asking = null;
    this.artist.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => this.filter(), TYPING_MS);
    });
    this.list.addEventListener('scroll', () => {
      const near = this.list.scrollTop + this.list.clientHeight > this.list.scrollHeight - 600;
      if (near && !this.pending && this.shown < this.total) void this.more();
    });
  }

  /** @param {string} name  An emotion, or empty for all. */
  chip(name) {
    const radio = make('input', { type: 'radio', name: 'library-emotion', value: name });
    radio.checked = name === '';
    radio.addEventListener('change', () => {
      this.emotion = name;
      this.filter();
    });
    const text = make('span');
    const label = make('label', {}, radio, text);
    if (name) label.style.setProperty('--colour', COLOURS[EMOTIONS.findIndex((each) => each === name)]);
    return { label, text, name };
  }

  /** @param {number} count  Files that are no music. */
  showOthers(count) {
    byId('library-others', HTMLElement).hidden = count === 0 && !settings.everything;
    say(byId('others-count', HTMLElement), t('othersCount', number(count)));
  }

  /** The view has been opened. */
  async open() {
    this.map.resize();
    if (!this.loaded) await this.reload();
  }

  /** Songs have come or gone. */
  async reload() {
    this.loaded = true;
    try {
      const [data, names] = await Promise.all([map(include()), artists()]);
      this.map.load(data);
      byId('artists', HTMLDataListElement).replaceChildren(...names.map((value) => make('option', { value })));
      this.filter();
    } catch (error) {
      this.loaded = false;
      if (error instanceof Error) toast(error.message);
    }
  }

  /** Shows only what the filters leave, in the list and on the map. */
  filter() {
    void this.filterMap();
    this.shown = 0;
    this.total = 0;
    void this.more();
  }

  /** What the fields ask for, as the server names it. */
  query() {
    /** @type {Record<string, string>} */
    const query = {};
    const text = this.box.told;
    if (text) query[isFilter(text) ? 'filter' : 'search'] = text;
    if (this.artist.value.trim()) query.artist = this.artist.value.trim();
    if (this.emotion) query.emotion = this.emotion;
    return query;
  }

  /** Dims the points of the map that the filters leave out. */
  async filterMap() {
    const query = this.query();
    const { data } = this.map;
    this.asking?.abort();
    if (!data) return;
    if (Object.keys(query).length === 0) {
      this.map.filter(null);
      return;
    }
    this.asking = new AbortController();
    const bits = await this.ofMap(matching(data, query, this.asking.signal));
    if (bits && data === this.map.data) this.map.filter(bits);
  }

  /**
   * The song that a point of the map is.
   * @param {number} index
   * @returns {Promise<Song | null>}
   */
  async songAt(index) {
    return this.map.data && this.ofMap(songAt(this.map.data, index));
  }

  /**
   * What the server says of the map; null if it says nothing, and then why. The map is loaded again if songs have come or gone.
   * @template T
   * @param {Promise<T>} answer
   */
  async ofMap(answer) {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof ServerError && error.code === 'map_changed') void this.reload();
      else if (error instanceof Error && error.name !== 'AbortError') toast(error.message);
      return null;
    }
  }

  /** The next songs of the list. */
  async more() {
    this.pending?.abort();
    const pending = new AbortController();
    this.pending = pending;
    /** @type {Record<string, string | number>} */
    const query = { include: include().join(), offset: this.shown, limit: PAGE, ...this.query() };
    try {
      const page = await songs(query, pending.signal);
      const rows = page.songs.map((song) => {
        const row = songRow(song, () => this.onPlay(song));
        if (reader.role === 'owner' && (song.class !== 'music' || song.declared_music)) row.append(this.verdict(song));
        row.append(this.nextButton(song));
        row.classList.toggle('current', song.id === this.current);
        return row;
      });
      if (this.shown === 0) {
        this.list.replaceChildren(...rows);
        this.list.scrollTop = 0;
      } else {
        this.list.append(...rows);
      }
      this.shown += rows.length;
      this.total = rows.length === 0 ? this.shown : page.total;
      const none = byId('library-none', HTMLElement);
      none.hidden = page.total > 0;
      const narrowed = Object.keys(this.query()).length > 0;
      none.textContent = t(narrowed ? 'noSongsFound' : 'musicNone');
      say(byId('library-count', HTMLElement), counted('songCount', page.total));
    } catch (error) {
      if (error instanceof Error && error.name !== 'AbortError') toast(error.message);
    } finally {
      if (this.pending === pending) this.pending = null;
    }
  }

  /** @param {Song} song */
  nextButton(song) {
    const button = make('button', { type: 'button', class: 'quiet small play-next', 'aria-label': t('playNextTitle', song.title), title: t('playNext') }, icon('play-next'));
    button.addEventListener('click', () => {
      this.onNext(song);
      toast(t('playNextDone', song.title));
    });
    return button;
  }

  /**
   * Says that a file is music, or takes that back.
   * @param {Song} song
   */
  verdict(song) {
    const button = make('button', { type: 'button', class: 'quiet verdict' }, t(song.declared_music ? 'retractMusic' : 'declareMusic'));
    button.setAttribute('aria-label', `${button.textContent}: ${song.title}`);
    button.addEventListener('click', async () => {
      try {
        await declareMusic(song, !song.declared_music);
        this.onOthers();
      } catch (error) {
        if (error instanceof Error) toast(error.message);
      }
    });
    return button;
  }

  /** @param {Song | null} song  What plays. */
  showCurrent(song) {
    this.current = song?.id ?? null;
    this.map.showCurrent(song?.vector ?? null);
    for (const row of this.list.children) row.classList.toggle('current', row.getAttribute('data-id') === this.current);
  }

  translate() {
    for (const { text, name } of this.chips) text.textContent = name ? word(name) : t('all');
    this.map.redraw();
    if (this.loaded) this.filter();
  }
}
