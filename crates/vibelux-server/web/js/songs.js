// A song as a row: its flower, its title, its artist, its length. The same in the queue, the library
// and the search for a song to start from.

import { make } from './dom.js';
import { glyph } from './flower.js';
import { minutes, t, word } from './language.js';

/** @typedef {import('./types.js').Song} Song */

/** What stands in place of the artist where it is no music. */
const CLASSES = /** @type {const} */ ({ speech: 'classSpeech', effects: 'classEffects', jingle: 'classJingle' });

/** @param {Song} song */
export const artistOf = (song) => song.artist || t('unknownArtist');

/**
 * @param {Song} song
 * @param {() => void} onClick
 */
export function songRow(song, onClick) {
  const button = make(
    'button',
    { type: 'button', class: 'song-row', 'aria-label': `${t('playTitle', song.title, artistOf(song))}, ${t('songSounds', word(song.strongest))}` },
    glyph(song.vector),
    make('span', { class: 'song-words' }, make('span', { class: 'song-title' }, song.title), make('span', { class: 'song-artist' }, song.class === 'music' ? artistOf(song) : t(CLASSES[song.class]))),
    make('span', { class: 'song-length' }, song.duration_seconds ? minutes(song.duration_seconds) : ''),
  );
  button.addEventListener('click', onClick);
  return make('li', { 'data-id': song.id }, button);
}
