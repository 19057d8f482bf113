// The sleep timer: the music fades away after a while, or ends with the song that plays.

import { byId } from './dom.js';
import { t } from './language.js';

/** Over so long the music fades away at the end. */
const FADE_SECONDS = 20;
const MINUTES = [15, 30, 45, 60, 90];
const SONG = 'song';

export class SleepTimer {
  /**
   * @param {(share: number) => void} onFade  How loud it is to be, 1 to 0.
   * @param {() => void} onSleep
   */
  constructor(onFade, onSleep) {
    this.onFade = onFade;
    this.onSleep = onSleep;
    this.choice = byId('sleep', HTMLSelectElement);
    /** When to be silent, in milliseconds of `performance.now()`; Infinity for never. */
    this.end = Infinity;
    this.timer = 0;
    this.choice.addEventListener('change', () => this.set(this.choice.value));
    this.translate();
  }

  /** @param {string} choice  Empty for none, minutes, or the end of the song. */
  set(choice) {
    clearInterval(this.timer);
    this.end = Number(choice) > 0 ? performance.now() + 60_000 * Number(choice) : Infinity;
    this.onFade(1);
    // Browsers slow this down in a hidden page to once a second, or a minute: the clock is asked, not counted.
    if (this.end < Infinity) this.timer = window.setInterval(() => this.tick(), 1000);
    this.show();
  }

  tick() {
    const left = (this.end - performance.now()) / 1000;
    if (left <= 0) this.sleep();
    else this.onFade(Math.min(1, left / FADE_SECONDS));
    this.show();
  }

  /** The song is over. @returns {boolean} Whether nothing is to follow. */
  songOver() {
    if (this.choice.value !== SONG) return false;
    this.sleep();
    return true;
  }

  /** Whether the song that plays is the last. */
  get lastSong() {
    return this.choice.value === SONG;
  }

  sleep() {
    this.choice.value = '';
    this.onSleep();
    this.set('');
  }

  show() {
    const left = (this.end - performance.now()) / 60_000;
    const text = this.lastSong ? t('sleepSongShort') : left < Infinity ? t('sleepLeft', Math.ceil(left)) : '';
    const place = byId('sleep-left', HTMLElement);
    if (place.textContent !== text) place.textContent = text;
  }

  translate() {
    const chosen = this.choice.value;
    const options = [['', t('sleepOff')], [SONG, t('sleepSong')], ...MINUTES.map((minutes) => [String(minutes), t('sleepMinutes', minutes)])];
    this.choice.replaceChildren(...options.map(([value, text]) => new Option(text, value)));
    this.choice.value = chosen;
    this.show();
  }
}
