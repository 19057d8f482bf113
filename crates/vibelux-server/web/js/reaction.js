// How a face changes while a song plays: only where its owner wants that, as seven numbers.

import { EMOTIONS } from './emotions.js';
import { t } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

/** The face as it was: over the first seconds of a song. As it became: over the last ones before it ends or is left. */
const FIRST_SECONDS = 5;
const LAST_SECONDS = 10;
/** Less than this says nothing. */
const LEAST_SECONDS = 20;
const LEAST_READINGS = 10;
/** A smaller change is none. */
const LEAST_CHANGE = 0.04;

export class Reaction {
  constructor() {
    /** @type {{seconds: number, vector: Vector}[]} */
    this.readings = [];
  }

  /** Another song. */
  begin() {
    this.readings = [];
  }

  /** @param {number} seconds  Where the song is. @param {Vector} vector */
  see(seconds, vector) {
    const last = this.readings[this.readings.length - 1];
    // After a jump the way from the beginning is another one.
    if (last && seconds < last.seconds) this.begin();
    this.readings.push({ seconds, vector });
  }

  /** How the shares changed, each -1 to 1; null if too little was seen. @returns {Vector | null} */
  change() {
    const end = this.readings[this.readings.length - 1]?.seconds ?? 0;
    const start = this.readings[0]?.seconds ?? 0;
    const first = this.readings.filter(({ seconds }) => seconds - start <= FIRST_SECONDS);
    const last = this.readings.filter(({ seconds }) => end - seconds <= LAST_SECONDS);
    if (end - start < LEAST_SECONDS || first.length < LEAST_READINGS || last.length < LEAST_READINGS) return null;
    const mean = (/** @type {typeof first} */ part, /** @type {number} */ i) => part.reduce((sum, { vector }) => sum + vector[i], 0) / part.length;
    return EMOTIONS.map((_, i) => mean(last, i) - mean(first, i));
  }
}

const MORE = /** @type {const} */ ({
  angry: 'moreAngry', disgusted: 'moreDisgusted', fearful: 'moreFearful', happy: 'moreHappy', neutral: 'moreNeutral', sad: 'moreSad', surprised: 'moreSurprised',
});

/** "happier", or "no different". @param {Vector} change */
export function reactionWord(change) {
  const most = Math.max(...change);
  const name = /** @type {keyof typeof MORE} */ (EMOTIONS[change.indexOf(most)]);
  return most < LEAST_CHANGE ? t('moreNothing') : t(MORE[name]);
}
