// Points without a graphics card: every song is stamped into the pixels of a picture. Much quicker
// than drawing shapes, and than a browser's WebGL where that is computed by the processor.

import { COLOURS } from './emotions.js';

/** @typedef {import('./points.js').View} View */
/** @typedef {{offsets: Int32Array, whole: number}} Stamp  Pixels of a disc; the first `whole` are inside. */

/** @param {number[]} channels  Red, green, blue, 0 to 1. @returns {number} As a pixel in memory, opaque. */
function pixel(channels) {
  const [red, green, blue] = channels.map((value) => Math.round(255 * value));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/**
 * @param {number[]} a
 * @param {number[]} b
 * @param {number} share
 */
const between = (a, b, share) => a.map((value, i) => value + share * (b[i] - value));

export class Pixels {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = canvas.getContext('2d');
    /** @type {ImageData | null} */
    this.image = null;
  }

  /**
   * @param {import('./points.js').Points} points
   * @param {View} view  In device pixels.
   * @param {number} size  Diameter of a point in device pixels.
   * @param {number[]} faint  Colour of the points that the filters leave out.
   * @param {number[]} paper  Colour behind the points.
   * @param {number} step  Only every so many-th point is drawn.
   */
  draw(points, view, size, faint, paper, step) {
    const { canvas, context } = this;
    if (!context || canvas.width === 0 || canvas.height === 0) return;
    if (this.image?.width !== canvas.width || this.image.height !== canvas.height) {
      this.image = context.createImageData(canvas.width, canvas.height);
    }
    const pixels = new Uint32Array(this.image.data.buffer);
    const empty = pixel(paper);
    pixels.fill(empty);
    const inks = [...COLOURS.map(channels), between(paper, faint, 0.3)];
    const whole = Uint32Array.from(inks, pixel);
    const edge = Uint32Array.from(inks, (ink) => pixel(between(paper, ink, 0.5)));
    const stamp = disc(size, canvas.width);
    // What is filtered out lies below.
    for (const wanted of [0, 1]) this.stampAll(points, view, pixels, { stamp, whole, edge, empty, wanted, margin: Math.ceil(size), step });
    context.putImageData(this.image, 0, 0);
  }

  /**
   * @param {import('./points.js').Points} points
   * @param {View} view
   * @param {Uint32Array} pixels
   * @param {{stamp: Stamp, whole: Uint32Array, edge: Uint32Array, empty: number, wanted: number, margin: number, step: number}} how
   */
  stampAll({ places, emotions, lit, count }, view, pixels, { stamp, whole, edge, empty, wanted, margin, step }) {
    const { width, height } = this.canvas;
    const { offsets } = stamp;
    for (let i = 0; i < count; i += step) {
      if (lit[i] !== wanted) continue;
      const x = Math.round((places[2 * i] - view.x) * view.scale + width / 2);
      const y = Math.round(height / 2 - (places[2 * i + 1] - view.y) * view.scale);
      if (x < margin || y < margin || x >= width - margin || y >= height - margin) continue;
      const at = y * width + x;
      const ink = wanted ? emotions[i] : COLOURS.length;
      for (let k = 0; k < stamp.whole; k += 1) pixels[at + offsets[k]] = whole[ink];
      for (let k = stamp.whole; k < offsets.length; k += 1) {
        const place = at + offsets[k];
        if (pixels[place] === empty) pixels[place] = edge[ink];
      }
    }
  }
}

/**
 * A disc as distances in memory from its middle.
 * @param {number} size  Diameter in pixels.
 * @param {number} width  Of the picture.
 * @returns {Stamp}
 */
function disc(size, width) {
  const radius = size / 2;
  /** @type {number[]} */
  const inside = [];
  /** @type {number[]} */
  const rim = [];
  const reach = Math.ceil(radius);
  for (let y = -reach; y <= reach; y += 1) {
    for (let x = -reach; x <= reach; x += 1) {
      const covered = radius + 0.5 - Math.hypot(x, y);
      if (covered >= 0.75) inside.push(y * width + x);
      else if (covered >= 0.25) rim.push(y * width + x);
    }
  }
  return { offsets: Int32Array.from([...inside, ...rim]), whole: inside.length };
}

/** @param {string} colour  `#rrggbb` or `rgb(r, g, b)`. @returns {number[]} Red, green, blue, 0 to 1. */
export function channels(colour) {
  if (colour.startsWith('#')) return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
  return (colour.match(/[\d.]+/g) ?? ['0.5', '0.5', '0.5']).slice(0, 3).map((value) => Number(value) / 255);
}
