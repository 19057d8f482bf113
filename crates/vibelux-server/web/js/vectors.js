// Vectors at the border of the page: the server names their emotions, the page counts with arrays in the
// order of EMOTIONS.

import { EMOTIONS } from './emotions.js';

/** @typedef {import('./types.js').Vector} Vector */

/** @param {Vector} vector  @returns {Record<string, number>} As the server takes it. */
export const byEmotion = (vector) => Object.fromEntries(EMOTIONS.map((name, i) => [name, vector[i]]));

/**
 * An answer of the server with an array for every object by emotion in it.
 * @param {any} value
 * @returns {any}
 */
export function withArrays(value) {
  if (Array.isArray(value)) return value.map(withArrays);
  if (value === null || typeof value !== 'object') return value;
  if (EMOTIONS[0] in value) return EMOTIONS.map((name) => value[name]);
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withArrays(inner)]));
}
