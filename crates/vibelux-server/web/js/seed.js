// A song as the start: search, choose, and its vector is the mood.

import { byId, make } from './dom.js';
import { songRow } from './songs.js';
import { songs } from './server.js';

/** @typedef {import('./types.js').Song} Song */

const TYPING_MS = 180;

export class SeedSearch {
  /** @param {(song: Song) => void} onChoose */
  constructor(onChoose) {
    this.onChoose = onChoose;
    this.input = byId('seed-search', HTMLInputElement);
    this.results = byId('seed-results', HTMLUListElement);
    this.timer = 0;
    /** @type {AbortController | null} */
    this.pending = null;
    this.input.addEventListener('input', () => {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.search(), TYPING_MS);
    });
    for (const radio of document.querySelectorAll('input[name="source"][value="song"]')) {
      radio.addEventListener('change', () => void this.search());
    }
  }

  async search() {
    this.pending?.abort();
    this.pending = new AbortController();
    try {
      const found = await songs({ search: this.input.value.trim(), limit: 30 }, this.pending.signal);
      this.results.replaceChildren(...found.songs.map((song) => songRow(song, () => this.choose(song))));
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') return;
      this.results.replaceChildren(make('li', { class: 'hint' }, error instanceof Error ? error.message : ''));
    }
  }

  /** @param {Song} song */
  choose(song) {
    for (const row of this.results.children) row.classList.toggle('current', row.getAttribute('data-id') === song.id);
    this.onChoose(song);
  }
}
