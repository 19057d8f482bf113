// Home automation, where the server has it: what the page's mood and song are is told there, and it may ask for songs.

import { ServerError, tellNow } from './server.js';
import { byEmotion, withArrays } from './vectors.js';

/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {{order: 'play', mood: Vector | null} | {order: 'pause'} | {order: 'next'}} Order */
/** @typedef {{mood: Vector | null, song: string | null}} Now  The mood that the music follows, and the id of the song that plays. */

/** What a page says that has nothing to say, which another page may have. */
const NOTHING = JSON.stringify({ mood: null, song_id: null });

/** The mood of a camera changes with each frame; it is told at most this often. */
const TELL_MS = 1000;

export class Home {
  /**
   * @param {(order: Order) => void} onOrder
   * @param {() => Now} look  How it is now.
   */
  constructor(onOrder, look) {
    this.onOrder = onOrder;
    this.look = look;
    /** @type {EventSource | null} */
    this.source = null;
    this.timer = 0;
    this.said = NOTHING;
  }

  /** Listens and tells from now on; to be called again does nothing. */
  start() {
    if (this.source) return;
    this.source = new EventSource('/api/v1/orders');
    this.source.addEventListener('message', ({ data }) => this.onOrder(withArrays(JSON.parse(data))));
    this.timer = window.setInterval(() => this.tell(), TELL_MS);
  }

  /** The server has no home automation any more. */
  stop() {
    clearInterval(this.timer);
    this.source?.close();
    this.source = null;
    this.said = NOTHING;
  }

  tell() {
    const { mood, song } = this.look();
    const now = JSON.stringify({ mood: mood && byEmotion(mood), song_id: song });
    if (now === this.said) return;
    this.said = now;
    tellNow(now).catch((error) => {
      // What is not heard now is told the next time.
      if (error instanceof ServerError && error.status === 404) this.stop();
      else this.said = '';
    });
  }
}
