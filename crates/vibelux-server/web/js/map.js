// The mood map: every song at its valence (right is pleasant) and arousal (up is lively), with what
// plays and the present mood marked. Pan by dragging, zoom by wheel, pinch or keys; a click plays.

import { byId, calmMotion } from './dom.js';
import { EMOTIONS, PLACES, mapPlace } from './emotions.js';
import { t, word } from './language.js';
import { Points } from './points.js';

/** @typedef {import('./types.js').SongMap} SongMap */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {import('./points.js').View} View */

/** Songs are sorted into squares of this side, so that the one under the pointer is found quickly. */
const CELL = 0.02;
const PICK_PIXELS = 14;
/** Room in pixels for the names around the songs. */
const MARGIN = 150;
const MIN_SCALE = 90;
const MAX_SCALE = 60000;
/** In pixels: how far the names of the emotions stay from the edge, and the room that one takes. */
const NAME_MARGIN_X = 56;
const NAME_MARGIN_Y = 40;
const NAME_WIDTH = 90;
const NAME_HEIGHT = 19;
/** How much of the way to its goal the view goes in a frame of 16 ms. */
const GLIDE = 0.24;

export class MoodMap {
  /** @param {(id: string) => void} onPlay */
  constructor(onPlay) {
    this.onPlay = onPlay;
    this.frameElement = byId('map', HTMLElement);
    this.canvas = byId('map-points', HTMLCanvasElement);
    /** Made with the first songs: a graphics context costs something, and many never open this view. @type {Points | null} */
    this.points = null;
    this.marks = byId('map-marks', HTMLCanvasElement);
    this.tip = byId('map-tip', HTMLElement);
    /** @type {SongMap | null} */
    this.data = null;
    this.lit = new Float32Array();
    /** @type {Map<number, number[]>} */
    this.cells = new Map();
    /** @type {View} */
    this.view = { scale: 300, x: 0, y: 0 };
    /** @type {View} */
    this.goal = { ...this.view };
    /** Whether all songs are in view because nobody has moved the map yet. */
    this.fitted = true;
    this.hover = -1;
    this.current = -1;
    /** @type {Vector | null} */
    this.mood = null;
    /** @type {Map<number, {x: number, y: number}>} */
    this.pointers = new Map();
    this.moved = 0;
    this.frame = 0;
    this.bind();
  }

  bind() {
    const { marks } = this;
    new ResizeObserver(() => this.resize()).observe(this.frameElement);
    marks.addEventListener('pointerdown', (event) => this.down(event));
    marks.addEventListener('pointermove', (event) => this.move(event));
    marks.addEventListener('pointerup', (event) => this.up(event));
    marks.addEventListener('pointercancel', (event) => this.pointers.delete(event.pointerId));
    marks.addEventListener('pointerleave', () => this.point(-1));
    marks.addEventListener('wheel', (event) => {
      event.preventDefault();
      const lines = event.deltaMode === 1 ? 16 : 1;
      this.zoom(Math.exp(-0.0016 * lines * event.deltaY), event.offsetX, event.offsetY);
    }, { passive: false });
    marks.addEventListener('keydown', (event) => this.key(event));
    byId('map-in', HTMLButtonElement).addEventListener('click', () => this.zoom(1.8));
    byId('map-out', HTMLButtonElement).addEventListener('click', () => this.zoom(1 / 1.8));
    byId('map-fit', HTMLButtonElement).addEventListener('click', () => this.fit());
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => this.redraw());
  }

  get ratio() {
    return Math.min(2, devicePixelRatio || 1);
  }

  /** @param {SongMap} data */
  load(data) {
    this.data = data;
    const places = new Float32Array(2 * data.count);
    this.cells.clear();
    for (let i = 0; i < data.count; i += 1) {
      places[2 * i] = data.valence[i];
      places[2 * i + 1] = data.arousal[i];
      const key = cell(data.valence[i], data.arousal[i]);
      const there = this.cells.get(key);
      if (there) there.push(i);
      else this.cells.set(key, [i]);
    }
    this.lit = new Float32Array(data.count).fill(1);
    this.points ??= new Points(this.canvas);
    this.points.set(places, Float32Array.from(data.strongest, (name) => EMOTIONS.findIndex((each) => each === name)), this.lit);
    this.fit();
    Object.assign(this.view, this.goal);
    this.redraw();
  }

  /** @param {(index: number) => boolean} keep  Which songs the filters leave. */
  filter(keep) {
    for (let i = 0; i < this.lit.length; i += 1) this.lit[i] = keep(i) ? 1 : 0;
    this.points?.setLit(this.lit);
    this.redraw();
  }

  /** @param {string | null} id  The song that plays. */
  showCurrent(id) {
    this.current = id === null ? -1 : (this.data?.ids.indexOf(id) ?? -1);
    this.redraw();
  }

  /** @param {Vector | null} mood */
  showMood(mood) {
    this.mood = mood;
    if (this.frameElement.clientWidth > 0) this.redraw();
  }

  resize() {
    const { clientWidth, clientHeight } = this.frameElement;
    if (clientWidth === 0) return;
    for (const canvas of [this.canvas, this.marks]) {
      canvas.width = Math.round(clientWidth * this.ratio);
      canvas.height = Math.round(clientHeight * this.ratio);
    }
    if (this.fitted) {
      this.fit();
      Object.assign(this.view, this.goal);
    }
    // Setting the size has cleared both canvases: paint before the browser shows that.
    this.paint();
  }

  /** All songs in view, without the few farthest. */
  fit() {
    const { data } = this;
    const { clientWidth, clientHeight } = this.frameElement;
    if (!data || data.count === 0 || clientWidth === 0) return;
    const range = (/** @type {number[]} */ values) => {
      const sorted = Float32Array.from(values).sort();
      return [sorted[Math.floor(0.002 * (sorted.length - 1))], sorted[Math.ceil(0.998 * (sorted.length - 1))]];
    };
    const [left, right] = range(data.valence);
    const [low, high] = range(data.arousal);
    const scale = Math.min((clientWidth - MARGIN) / Math.max(0.2, right - left), (clientHeight - MARGIN) / Math.max(0.2, high - low));
    this.fitted = true;
    this.goal = { scale: clamp(scale, MIN_SCALE, MAX_SCALE), x: (left + right) / 2, y: (low + high) / 2 };
    this.redraw();
  }

  /**
   * @param {number} factor
   * @param {number} [x]  The point of the screen that stays, in pixels; the middle if left out.
   * @param {number} [y]
   */
  zoom(factor, x = this.frameElement.clientWidth / 2, y = this.frameElement.clientHeight / 2) {
    const { goal } = this;
    const scale = clamp(goal.scale * factor, MIN_SCALE, MAX_SCALE);
    const right = x - this.frameElement.clientWidth / 2;
    const up = this.frameElement.clientHeight / 2 - y;
    this.fitted = false;
    this.goal = { scale, x: goal.x + right / goal.scale - right / scale, y: goal.y + up / goal.scale - up / scale };
    this.redraw();
  }

  /** @param {PointerEvent} event */
  down(event) {
    this.marks.setPointerCapture(event.pointerId);
    if (this.pointers.size === 0) this.moved = 0;
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    this.marks.classList.add('dragging');
  }

  /** @param {PointerEvent} event */
  move(event) {
    const before = this.pointers.get(event.pointerId);
    if (!before) {
      this.point(this.pick(event.offsetX, event.offsetY));
      return;
    }
    const [dx, dy] = [event.offsetX - before.x, event.offsetY - before.y];
    this.moved += Math.hypot(dx, dy);
    this.fitted = false;
    const other = [...this.pointers].find(([id]) => id !== event.pointerId)?.[1];
    this.pointers.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
    const share = other ? 0.5 : 1;
    this.goal = { ...this.goal, x: this.goal.x - (share * dx) / this.goal.scale, y: this.goal.y + (share * dy) / this.goal.scale };
    if (other) {
      const apart = (/** @type {{x: number, y: number}} */ at) => Math.hypot(at.x - other.x, at.y - other.y);
      this.zoom(apart({ x: event.offsetX, y: event.offsetY }) / Math.max(1, apart(before)), (other.x + event.offsetX) / 2, (other.y + event.offsetY) / 2);
    }
    // A hand wants to hold the map itself, not to pull it along.
    Object.assign(this.view, this.goal);
    this.redraw();
  }

  /** @param {PointerEvent} event */
  up(event) {
    this.pointers.delete(event.pointerId);
    if (this.pointers.size === 0) this.marks.classList.remove('dragging');
    if (this.moved > 6) return;
    const index = this.pick(event.offsetX, event.offsetY);
    this.point(index);
    if (index >= 0 && this.data) this.onPlay(this.data.ids[index]);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = 60 / this.goal.scale;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => { this.goal.x -= step; },
      ArrowRight: () => { this.goal.x += step; },
      ArrowUp: () => { this.goal.y += step; },
      ArrowDown: () => { this.goal.y -= step; },
      '+': () => this.zoom(1.4),
      '-': () => this.zoom(1 / 1.4),
      0: () => this.fit(),
      Enter: () => {
        if (this.hover >= 0 && this.data) this.onPlay(this.data.ids[this.hover]);
      },
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    this.fitted = false;
    act();
    this.redraw();
    const { clientWidth, clientHeight } = this.frameElement;
    Object.assign(this.view, this.goal);
    this.point(this.pick(clientWidth / 2, clientHeight / 2, 80));
  }

  /**
   * The lit song nearest to a point of the screen.
   * @param {number} x
   * @param {number} y
   * @param {number} [reach]  In pixels.
   */
  pick(x, y, reach = PICK_PIXELS) {
    const { data, view } = this;
    if (!data) return -1;
    const mapX = view.x + (x - this.frameElement.clientWidth / 2) / view.scale;
    const mapY = view.y - (y - this.frameElement.clientHeight / 2) / view.scale;
    const radius = Math.min(reach / view.scale, 0.4);
    let best = -1;
    let bestDistance = radius;
    for (let cx = Math.floor((mapX - radius) / CELL); cx <= Math.floor((mapX + radius) / CELL); cx += 1) {
      for (let cy = Math.floor((mapY - radius) / CELL); cy <= Math.floor((mapY + radius) / CELL); cy += 1) {
        for (const i of this.cells.get(cellKey(cx, cy)) ?? []) {
          const distance = Math.hypot(data.valence[i] - mapX, data.arousal[i] - mapY);
          if (this.lit[i] && distance < bestDistance) [best, bestDistance] = [i, distance];
        }
      }
    }
    return best;
  }

  /** @param {number} index  The song to name, or -1. */
  point(index) {
    if (index !== this.hover) this.redraw();
    this.hover = index;
    this.marks.style.cursor = index >= 0 ? 'pointer' : '';
    this.tip.hidden = index < 0 || !this.data;
    if (index >= 0 && this.data) {
      const text = `${this.data.titles[index]}\n${this.data.artists[index] || t('unknownArtist')}`;
      if (this.tip.textContent !== text) this.tip.textContent = text;
    }
  }

  redraw() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      this.paint();
    });
  }

  paint() {
    const { view, goal } = this;
    if (this.frameElement.clientWidth === 0) return;
    const share = calmMotion() ? 1 : GLIDE;
    const far = Math.abs(Math.log(goal.scale / view.scale)) + Math.hypot(goal.x - view.x, goal.y - view.y) * view.scale / 300;
    view.scale *= Math.exp(share * Math.log(goal.scale / view.scale));
    view.x += share * (goal.x - view.x);
    view.y += share * (goal.y - view.y);
    if (far < 0.002) Object.assign(view, goal);
    else this.redraw();
    const ratio = this.ratio;
    const style = getComputedStyle(this.frameElement);
    const count = this.data?.count ?? 0;
    const size = clamp(2.2 * Math.sqrt(view.scale / 300) * (count > 8000 ? 1.4 : count > 800 ? 2.4 : 4), 2.5, 16);
    const [ink, paper, faint] = ['--ink', '--surface', '--faint'].map((name) => style.getPropertyValue(name).trim());
    this.points?.draw({ scale: view.scale * ratio, x: view.x, y: view.y }, size * ratio, faint, paper);
    this.paintMarks(ink, paper, ratio);
  }

  /** @param {string} ink @param {string} paper @param {number} ratio */
  paintMarks(ink, paper, ratio) {
    const context = this.marks.getContext('2d');
    if (!context) return;
    const { clientWidth: width, clientHeight: height } = this.frameElement;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    const at = (/** @type {number} */ x, /** @type {number} */ y) => /** @type {[number, number]} */ ([
      (x - this.view.x) * this.view.scale + width / 2, height / 2 - (y - this.view.y) * this.view.scale]);
    const ring = (/** @type {[number, number]} */ [x, y], /** @type {number} */ radius, /** @type {string} */ colour, /** @type {number} */ line) => {
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.lineWidth = line;
      context.strokeStyle = colour;
      context.stroke();
    };
    context.font = '600 13px system-ui, sans-serif';
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    const text = (/** @type {string} */ words, /** @type {number} */ x, /** @type {number} */ y, alpha = 1) => {
      context.globalAlpha = alpha;
      context.lineJoin = 'round';
      context.lineWidth = 4;
      context.strokeStyle = paper;
      context.strokeText(words, x, y);
      context.fillStyle = ink;
      context.fillText(words, x, y);
      context.globalAlpha = 1;
    };
    const [middleX, middleY] = at(0, 0);
    context.globalAlpha = 0.12;
    context.fillStyle = ink;
    context.fillRect(0, Math.round(middleY), width, 1);
    context.fillRect(Math.round(middleX), 0, 1, height);
    context.globalAlpha = 1;
    for (const { i, x, y, outside } of emotionNames(at, width, height)) text(word(EMOTIONS[i]), x, y, outside ? 0.55 : 0.8);
    if (this.data) {
      for (const [index, radius] of [[this.hover, 7], [this.current, 9]]) {
        if (index < 0) continue;
        const place = at(this.data.valence[index], this.data.arousal[index]);
        ring(place, radius, paper, 5);
        ring(place, radius, ink, 2);
      }
      if (this.hover >= 0) this.placeTip(at(this.data.valence[this.hover], this.data.arousal[this.hover]));
    }
    if (this.mood) {
      const place = at(...mapPlace(this.mood));
      ring(place, 5, paper, 12);
      ring(place, 4, ink, 8);
      text(t('mapYou'), place[0], place[1] - 20);
    }
    context.font = '12px system-ui, sans-serif';
    // On their axes, as long as those are in view.
    const [axisX, axisY] = [clamp(middleX, 90, width - 90), clamp(middleY, 70, height - 90)];
    text(t('mapLively'), axisX, 16, 0.6);
    text(t('mapQuiet'), axisX, height - 16, 0.6);
    context.textAlign = 'left';
    text(t('mapUnpleasant'), 14, axisY, 0.6);
    context.textAlign = 'right';
    text(t('mapPleasant'), width - 14, axisY, 0.6);
  }

  /** @param {[number, number]} place */
  placeTip([x, y]) {
    const { clientWidth } = this.frameElement;
    const half = this.tip.offsetWidth / 2 + 8;
    this.tip.style.left = `${clamp(x, half, clientWidth - half)}px`;
    this.tip.style.top = `${y}px`;
    this.tip.classList.toggle('below', y < 80);
  }
}

/**
 * Where the names of the emotions are written: at their places, or where those are out of view at the
 * edge in their direction, and never one over another.
 * @param {(x: number, y: number) => [number, number]} at
 * @param {number} width
 * @param {number} height
 */
function emotionNames(at, width, height) {
  // The buttons lie in the lower right corner, which a narrow map has no room beside.
  const bottom = height - (width < 500 ? 2 * NAME_MARGIN_Y : NAME_MARGIN_Y);
  const places = PLACES.map(([valence, arousal], i) => {
    const [x, y] = at(valence, arousal);
    const [insideX, insideY] = [clamp(x, NAME_MARGIN_X, width - NAME_MARGIN_X), clamp(y, NAME_MARGIN_Y, bottom)];
    return { i, x: insideX, y: insideY, outside: insideX !== x || insideY !== y };
  }).sort((a, b) => a.y - b.y);
  places.forEach((place, n) => {
    for (const above of places.slice(0, n)) {
      if (Math.abs(above.x - place.x) < NAME_WIDTH && place.y - above.y < NAME_HEIGHT) place.y = above.y + NAME_HEIGHT;
    }
  });
  return places;
}

/** @param {number} cx @param {number} cy */
const cellKey = (cx, cy) => cx * 4096 + cy;

/** @param {number} x @param {number} y */
const cell = (x, y) => cellKey(Math.floor(x / CELL), Math.floor(y / CELL));

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
