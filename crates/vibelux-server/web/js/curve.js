// The emotions of a song over its time, as stacked areas behind the seek bar: drawn twice, pale for
// the whole song and full for what has been played.

import { COLOURS, WHEEL } from './emotions.js';
import { svg } from './dom.js';

/** @typedef {import('./types.js').Window} Window */

const WIDTH = 1000;
const HEIGHT = 100;
/** From the bottom up: the quiet emotions below, the lively ones above. */
const ORDER = [...WHEEL.slice(2), WHEEL[0], WHEEL[1]];

/**
 * @param {SVGSVGElement} place
 * @param {Window[]} windows
 * @param {number} duration  Of the song, in seconds; 0 if it is not known.
 */
export function drawCurve(place, windows, duration) {
  const { shares, vectors } = along(windows, duration);
  const stacked = areas(shares, vectors);
  const played = svg('rect', { id: 'curve-played', width: 0, height: HEIGHT });
  place.replaceChildren(
    svg('clipPath', { id: 'curve-clip' }, played),
    svg('g', { class: 'curve-all' }, ...stacked.map((area) => area.cloneNode())),
    svg('g', { class: 'curve-played', 'clip-path': 'url(#curve-clip)' }, ...stacked),
  );
}

/**
 * The shares of each emotion as areas one above the other, in a picture of 1000 x 100.
 * @param {number[]} shares  Where the vectors are, 0 left to 1 right.
 * @param {import('./types.js').Vector[]} vectors
 */
export function areas(shares, vectors) {
  const xs = shares.map((share) => WIDTH * share);
  /** @type {number[]} */
  let below = vectors.map(() => 0);
  return ORDER.map((emotion) => {
    const above = below.map((sum, i) => sum + vectors[i][emotion]);
    const area = svg('path', { d: band(xs, below, above), fill: COLOURS[emotion] });
    below = above;
    return area;
  });
}

/**
 * Where in the song the vectors belong, from 0 to 1. The windows that were heard lie evenly in the song
 * and each stands for what is around its middle; before the first middle and after the last nothing changes.
 * @param {Window[]} windows  At least one.
 * @param {number} duration
 */
export function along(windows, duration) {
  const seconds = windows.map(({ start_seconds: start }) => start);
  const vectors = windows.map(({ vector }) => vector);
  const step = seconds.length > 1 ? seconds[1] - seconds[0] : duration || 1;
  const middles = seconds.map((start) => start - seconds[0] + step / 2);
  const last = middles[middles.length - 1];
  const end = Math.max(duration || last + step / 2, last);
  return {
    shares: [0, ...middles.map((middle) => middle / end), 1],
    vectors: [vectors[0], ...vectors, vectors[vectors.length - 1]],
  };
}

/**
 * @param {number[]} xs
 * @param {number[]} below  Heights from the bottom, 0 to 1.
 * @param {number[]} above
 */
function band(xs, below, above) {
  const points = (/** @type {number[]} */ heights) => heights.map((height, i) => [xs[i], HEIGHT * (1 - height)]);
  return `M${line(points(above))}L${line(points(below).reverse())}Z`;
}

/**
 * A smooth line: quadratic curves through the middles between the points. It stays within their hull,
 * so areas that are stacked do not cross.
 * @param {number[][]} points
 */
function line(points) {
  const at = (/** @type {number[]} */ [x, y]) => `${x.toFixed(1)} ${y.toFixed(2)}`;
  const inner = points.slice(1, -1).map((point, i) => {
    const following = points[i + 2];
    return `Q${at(point)} ${at([(point[0] + following[0]) / 2, (point[1] + following[1]) / 2])}`;
  });
  return `${at(points[0])}${inner.join('')}L${at(points[points.length - 1])}`;
}
