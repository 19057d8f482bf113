// The flower: seven petals, one per emotion, whose areas are the shares. It stands for a mood, and
// small, beside its title, for a song; so that both can be compared at a glance.

import { ANGLES, COLOURS, EMOTIONS, WHEEL } from './emotions.js';
import { svg } from './dom.js';
import { word } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

/** A petal that points up and is as long as 100. */
const PETAL = 'M0 0C-40-28-43-100 0-100 43-100 40-28 0 0Z';
const REACH = 100;

/** The share whose petal reaches the outer ring; few moods are more of one emotion. */
const FULL = 0.85;

/** A petal's area grows with the square of its length, so the length is the root of the share. */
const petalLength = (/** @type {number} */ share) => Math.min(1, Math.sqrt(Math.max(0, share) / FULL));

/** The share whose petal is so long; the other way round. @param {number} length */
export const shareOf = (length) => FULL * Math.max(0, length / REACH) ** 2;

const degrees = (/** @type {number} */ emotion) => (ANGLES[emotion] * 180) / Math.PI;

/**
 * A small flower that stands still.
 * @param {Vector} vector
 */
export function glyph(vector) {
  const lengths = vector.map(petalLength);
  const petals = WHEEL.map((emotion) => {
    const transform = `rotate(${degrees(emotion).toFixed(1)}) scale(${lengths[emotion].toFixed(3)})`;
    return svg('path', { d: PETAL, fill: COLOURS[emotion], transform });
  });
  return svg('svg', { class: 'glyph', viewBox: around(lengths), 'aria-hidden': 'true' }, ...petals);
}

/**
 * The square around a flower, so that a small one sits in the middle of its place although its petals
 * may all point one way.
 * @param {number[]} lengths  Of the petals.
 */
function around(lengths) {
  // A petal's broad part is a disc of this radius, this far out.
  const discs = lengths.map((length, i) => [Math.sin(ANGLES[i]) * length * 66, -Math.cos(ANGLES[i]) * length * 66, length * 34]);
  const [left, top] = [0, 1].map((axis) => Math.min(...discs.map((disc) => disc[axis] - disc[2])));
  const [right, bottom] = [0, 1].map((axis) => Math.max(...discs.map((disc) => disc[axis] + disc[2])));
  const side = Math.max(right - left, bottom - top, 120);
  return [(left + right - side) / 2, (top + bottom - side) / 2, side, side].map((value) => value.toFixed(1)).join(' ');
}

/** A large flower with names around it, whose petals grow and shrink. */
export class Flower {
  constructor() {
    const petals = (/** @type {string} */ kind) =>
      EMOTIONS.map((_, emotion) => {
        const petal = svg('path', { d: PETAL, class: kind });
        petal.style.setProperty('--turn', `${degrees(emotion)}deg`);
        if (kind === 'petal') petal.style.fill = COLOURS[emotion];
        return petal;
      });
    this.petals = petals('petal');
    this.outlines = petals('outline');
    this.labels = EMOTIONS.map((_, emotion) => label(emotion));
    const rings = [0.25, 1].map((share) => svg('circle', { class: 'ring', r: REACH * petalLength(share) }));
    this.element = svg(
      'svg',
      { class: 'flower', viewBox: '-150 -128 300 252', role: 'img' },
      ...rings,
      ...WHEEL.map((emotion) => this.petals[emotion]),
      ...this.outlines,
      ...this.labels,
    );
    this.set(null);
    this.outline(null);
  }

  /** @param {Vector | null} vector  null: no mood yet, all petals small and grey. */
  set(vector) {
    this.element.classList.toggle('waiting', vector === null);
    this.petals.forEach((petal, i) => petal.style.setProperty('--length', (vector ? petalLength(vector[i]) : 0.3).toFixed(3)));
    this.labels.forEach((text, i) => text.classList.toggle('strong', vector !== null && vector[i] > 0.25));
  }

  /** @param {Vector | null} vector  Another vector, drawn as lines over this one. */
  outline(vector) {
    this.outlines.forEach((petal, i) => petal.style.setProperty('--length', (vector ? petalLength(vector[i]) : 0).toFixed(3)));
  }

  /** Puts the names into the chosen language. */
  translate() {
    this.labels.forEach((text, i) => { text.textContent = word(EMOTIONS[i]); });
  }
}

/** @param {number} emotion */
export function label(emotion) {
  const angle = ANGLES[emotion];
  const x = Math.sin(angle) * (REACH + 9);
  const y = -Math.cos(angle) * (REACH + 13);
  const anchor = Math.abs(x) < 20 ? 'middle' : x > 0 ? 'start' : 'end';
  return svg('text', { x: x.toFixed(1), y: (y + 4).toFixed(1), 'text-anchor': anchor, class: 'flower-label' });
}
