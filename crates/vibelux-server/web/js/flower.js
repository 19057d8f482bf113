// The flower: seven petals, one per emotion, whose areas are the shares. It stands for a mood, and
// small, beside its title, for a song; so that both can be compared at a glance.

import { ANGLES, COLOURS, EMOTIONS, WHEEL } from './emotions.js';
import { svg } from './dom.js';
import { word } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

/** A petal that points up and is as long as 100. */
const PETAL = 'M0 0C-40-28-43-100 0-100 43-100 40-28 0 0Z';
const REACH = 100;

/** A petal's area grows with the square of its length, so the length is the root of the share. */
const petalLength = (/** @type {number} */ share) => Math.sqrt(Math.max(0, share));

const degrees = (/** @type {number} */ emotion) => (ANGLES[emotion] * 180) / Math.PI;

/**
 * A small flower that stands still.
 * @param {Vector} vector
 */
export function glyph(vector) {
  const longest = Math.max(...vector.map(petalLength));
  const petals = WHEEL.map((emotion) => {
    const scale = (petalLength(vector[emotion]) / longest).toFixed(3);
    return svg('path', { d: PETAL, fill: COLOURS[emotion], transform: `rotate(${degrees(emotion).toFixed(1)}) scale(${scale})` });
  });
  return svg('svg', { class: 'glyph', viewBox: '-104 -104 208 208', 'aria-hidden': 'true' }, ...petals);
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
    const rings = [0.25, 0.5, 1].map((share) => svg('circle', { class: 'ring', r: REACH * petalLength(share) }));
    this.element = svg(
      'svg',
      { class: 'flower', viewBox: '-172 -128 344 256', role: 'img' },
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
