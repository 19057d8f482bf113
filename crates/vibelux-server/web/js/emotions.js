// The seven emotions: order, colours, where they stand on the wheel and on the map, and how a mixture
// of them is put into words.

import { t, word } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

/** In the order of every vector. */
export const EMOTIONS = /** @type {const} */ (['angry', 'disgusted', 'fearful', 'happy', 'neutral', 'sad', 'surprised']);

/**
 * The colours of Okabe and Ito ("Color Universal Design", 2008), the same as in every plot of VibeluX:
 * they stay apart for all common kinds of colour blindness. On this page, colour means emotion.
 */
export const COLOURS = ['#d55e00', '#009e73', '#cc79a7', '#e69f00', '#6e6e6e', '#0072b2', '#56b4e9'];

/** Around the wheel, clockwise from the top: lively above, pleasant on the right, as on the map. */
export const WHEEL = [6, 3, 4, 5, 1, 0, 2];

/** Valence and arousal of each emotion, as the server's map has them. */
export const PLACES = [[-0.8, 0.8], [-0.7, 0.3], [-0.7, 0.7], [0.9, 0.6], [0.2, -0.6], [-0.6, -0.6], [0.3, 0.9]];

/** Angle of each emotion on the wheel, in radians clockwise from the top. */
export const ANGLES = EMOTIONS.map((_, emotion) => (WHEEL.indexOf(emotion) * 2 * Math.PI) / 7);

/** How sharply the wheel's edge points at one emotion (concentration of a von Mises distribution). */
const CONCENTRATION = 5;

/** Length of the mean direction of a vector at the wheel's edge; makes `wheelPlace` undo `wheelVector`. */
const EDGE = lengthAt(wheelVector(0, -1));

/** @param {number[]} weights */
export function normalised(weights) {
  const sum = weights.reduce((a, b) => a + b, 0);
  return sum > 0 ? weights.map((weight) => weight / sum) : weights.map(() => 1 / weights.length);
}

/**
 * The vector of a point in the wheel: an even mixture in the middle, one emotion at the edge.
 * @param {number} x  Right, -1 to 1.
 * @param {number} y  Down, -1 to 1.
 * @returns {Vector}
 */
export function wheelVector(x, y) {
  const radius = Math.min(1, Math.hypot(x, y));
  const angle = Math.atan2(x, -y);
  const pointed = normalised(ANGLES.map((own) => Math.exp(CONCENTRATION * Math.cos(angle - own))));
  return pointed.map((share) => radius * share + (1 - radius) / 7);
}

/**
 * The point of the wheel that comes nearest to a vector.
 * @param {Vector} vector
 * @returns {[number, number]}
 */
export function wheelPlace(vector) {
  const [x, y] = direction(vector);
  const scale = 1 / Math.max(EDGE, Math.hypot(x, y));
  return [x * scale, y * scale];
}

/** @param {Vector} vector @returns {[number, number]} */
function direction(vector) {
  const x = vector.reduce((sum, share, emotion) => sum + share * Math.sin(ANGLES[emotion]), 0);
  const y = vector.reduce((sum, share, emotion) => sum - share * Math.cos(ANGLES[emotion]), 0);
  return [x, y];
}

/** @param {Vector} vector */
function lengthAt(vector) {
  return Math.hypot(...direction(vector));
}

/**
 * Where a vector stands on the map: valence and arousal.
 * @param {Vector} vector
 * @returns {[number, number]}
 */
export function mapPlace(vector) {
  const sum = (/** @type {number} */ axis) => vector.reduce((total, share, i) => total + share * PLACES[i][axis], 0);
  return [sum(0), sum(1)];
}

/** @param {Vector} vector  @returns {number} The index of the largest share. */
export function strongest(vector) {
  return vector.indexOf(Math.max(...vector));
}

/**
 * A vector in words: what it is mostly ("happy"), and what it is besides ("a little surprised").
 * @param {Vector} vector
 * @returns {{main: string, extra: string, joint: string}} `joint` stands between the two in a text.
 */
export function phrase(vector) {
  const [first, second] = EMOTIONS.map((name, i) => ({ name: word(name), share: vector[i] })).sort((a, b) => b.share - a.share);
  if (first.share - second.share < 0.005 && first.share < 0.3) return { main: t('mixed'), extra: t('even'), joint: ', ' };
  if (first.share < 0.3) return { main: t('mixed'), extra: t('rather', first.name), joint: ', ' };
  if (second.share > 0.8 * first.share) return { main: first.name, extra: t('and', second.name), joint: ' ' };
  if (second.share > 0.18) return { main: first.name, extra: t('aLittle', second.name), joint: ', ' };
  return { main: first.name, extra: '', joint: '' };
}

/**
 * The same as one text.
 * @param {Vector} vector
 */
export function sentence(vector) {
  const { main, extra, joint } = phrase(vector);
  return `${main}${joint}${extra}`;
}

/**
 * The mean of the emotions' colours, weighted by the squares of the shares so that it does not turn grey.
 * @param {Vector} vector
 */
export function colour(vector) {
  const weights = normalised(vector.map((share) => share * share));
  const channel = (/** @type {number} */ at) =>
    Math.round(weights.reduce((sum, weight, i) => sum + weight * parseInt(COLOURS[i].slice(at, at + 2), 16), 0));
  return `rgb(${channel(1)} ${channel(3)} ${channel(5)})`;
}

/**
 * The mean of several vectors.
 * @param {Vector[]} vectors
 * @returns {Vector}
 */
export function mean(vectors) {
  return EMOTIONS.map((_, i) => vectors.reduce((sum, vector) => sum + vector[i], 0) / vectors.length);
}
