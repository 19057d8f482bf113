// What comes next as a list that one can reorder: by its handles with mouse, finger or arrow keys; and shorten.

import { byId, icon, make } from './dom.js';
import { colour } from './emotions.js';
import { t } from './language.js';
import { artistOf, songRow } from './songs.js';

/** @typedef {import('./queue.js').Entry} Entry */
/** @typedef {import('./types.js').Song} Song */

export class QueueList {
  /**
   * @param {object} acts
   * @param {(song: Song) => void} acts.play
   * @param {(song: Song, place: number) => void} acts.move
   * @param {(id: string) => void} acts.remove
   * @param {() => void} acts.redraw  Shows the queue as it is.
   */
  constructor(acts) {
    this.acts = acts;
    this.list = byId('queue', HTMLOListElement);
    this.shown = '';
    /** Whether a row follows a hand; the list is shown anew when it lets go. */
    this.dragging = false;
  }

  /**
   * @param {Entry[]} entries
   * @param {boolean} journey  A line at the side shows what each song was chosen for.
   */
  show(entries, journey) {
    if (this.dragging) return;
    const wanted = entries.map(({ song, match, kept }) => [song.id, kept, song.vector, match?.target].join()).join() + journey;
    if (this.shown === wanted) return;
    this.shown = wanted;
    this.list.classList.toggle('is-journey', journey);
    this.list.replaceChildren(...entries.map((entry, place) => this.row(entry, place)));
  }

  /** All rows are to be made anew. */
  translate() {
    this.shown = '';
  }

  /** @param {Entry} entry @param {number} place */
  row({ song, match }, place) {
    const row = songRow(song, () => this.acts.play(song));
    if (match) row.style.setProperty('--target', colour(match.target));
    const words = `${song.title}, ${artistOf(song)}`;
    const grip = make('button', { type: 'button', class: 'quiet small grip', 'aria-label': t('queueMove', words), title: t('queueMove', words) }, icon('grip'));
    grip.addEventListener('pointerdown', (event) => this.drag(event, song, row, grip));
    grip.addEventListener('keydown', (event) => {
      const way = { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (way === undefined) return;
      event.preventDefault();
      this.acts.move(song, place + way);
      this.gripOf(song.id)?.focus();
    });
    const remove = make('button', { type: 'button', class: 'quiet small remove', 'aria-label': t('queueRemove', words), title: t('queueRemove', words) }, icon('close'));
    const drop = () => {
      this.acts.remove(song.id);
      const rows = this.list.children;
      const next = rows[Math.min(place, rows.length - 1)]?.querySelector('.remove');
      if (next instanceof HTMLElement) next.focus();
    };
    remove.addEventListener('click', drop);
    row.addEventListener('keydown', (event) => event.key === 'Delete' && drop());
    row.append(grip, remove);
    return row;
  }

  /** @param {string} id */
  gripOf(id) {
    const found = this.list.querySelector(`li[data-id="${CSS.escape(id)}"] .grip`);
    return found instanceof HTMLElement ? found : null;
  }

  /**
   * The row follows the hand until it lets go.
   * @param {PointerEvent} event
   * @param {Song} song
   * @param {HTMLElement} row
   * @param {HTMLElement} grip
   */
  drag(event, song, row, grip) {
    if (event.button !== 0) return;
    event.preventDefault();
    grip.focus();
    grip.setPointerCapture(event.pointerId);
    this.dragging = true;
    row.classList.add('dragged');
    const before = [...this.list.children].indexOf(row);
    const follow = (/** @type {PointerEvent} */ { clientY }) => {
      const rows = [...this.list.children];
      const own = rows.indexOf(row);
      const at = rows.findIndex((other) => {
        const { top, bottom } = other.getBoundingClientRect();
        return top <= clientY && clientY < bottom;
      });
      // The others make way: an element that is moved itself loses the pointer.
      if (at > own) row.before(...rows.slice(own + 1, at + 1));
      else if (at >= 0 && at < own) row.after(...rows.slice(at, own));
      scrollAtEdges(this.list, clientY);
    };
    const end = (/** @type {boolean} */ done) => () => {
      grip.removeEventListener('pointermove', follow);
      this.dragging = false;
      row.classList.remove('dragged');
      const place = [...this.list.children].indexOf(row);
      // The rows may no longer be as they were made.
      this.shown = '';
      if (done && place !== before) this.acts.move(song, place);
      this.acts.redraw();
    };
    const stop = new AbortController();
    grip.addEventListener('pointermove', follow);
    for (const [kind, act] of /** @type {const} */ ([['pointerup', end(true)], ['pointercancel', end(false)]])) {
      grip.addEventListener(kind, () => {
        stop.abort();
        act();
      }, { signal: stop.signal });
    }
  }
}

/** @param {HTMLElement} list @param {number} y */
function scrollAtEdges(list, y) {
  const { top, bottom } = list.getBoundingClientRect();
  const edge = 36;
  if (y < top + edge) list.scrollTop -= 8;
  else if (y > bottom - edge) list.scrollTop += 8;
}
