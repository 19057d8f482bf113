// The mood map: every song at its valence (right is pleasant) and arousal (up is lively), with what
// plays and the present mood marked. Pan by dragging, zoom by wheel, pinch or keys; a click plays.

import { byId, calmMotion } from './dom.js';
import { EMOTIONS, PLACES, mapPlace } from './emotions.js';
import { t, word } from './language.js';
import { Points } from './points.js';

/** @typedef {import('./types.js').SongMap} SongMap */
/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {import('./points.js').View} View */

/** Songs are sorted into squares of this side, so that the one under the pointer is found quickly; so many are side by side. */
const CELL = 0.02;
const CELLS = 2 / CELL;
/** A song is named once the pointer has rested on it for so long. */
const NAME_MS = 40;
/** So many names are kept. */
const MOST_NAMES = 500;
/** Without a graphics card no more songs than these are drawn while the map moves, and all of them when it has rested for so long. */
const MOST_MOVING = 60_000;
const REST_MS = 150;
/** Of so many songs it is seen where they all are. */
const MOST_FITTED = 50_000;
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
  /**
   * @param {(song: Song) => void} onPlay
   * @param {(index: number) => Promise<Song | null>} songAt  The song that a point is, if that is still known.
   */
  constructor(onPlay, songAt) {
    this.onPlay = onPlay;
    this.songAt = songAt;
    this.frameElement = byId('map', HTMLElement);
    this.canvas = byId('map-points', HTMLCanvasElement);
    /** Made with the first songs: a graphics context costs something, and many never open this view. @type {Points | null} */
    this.points = null;
    this.marks = byId('map-marks', HTMLCanvasElement);
    this.tip = byId('map-tip', HTMLElement);
    /** @type {SongMap | null} */
    this.data = null;
    this.lit = new Float32Array();
    /** The songs square by square, and where each square begins among them. */
    this.cells = { songs: new Uint32Array(), starts: new Uint32Array(CELLS * CELLS + 1) };
    /** Songs by their points, as far as somebody has looked. @type {Map<number, Song>} */
    this.names = new Map();
    /** @type {View} */
    this.view = { scale: 300, x: 0, y: 0 };
    /** @type {View} */
    this.goal = { ...this.view };
    /** Whether all songs are in view because nobody has moved the map yet. */
    this.fitted = true;
    this.hover = -1;
    this.naming = 0;
    this.resting = 0;
    /** What plays. @type {Vector | null} */
    this.current = null;
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
    for (let i = 0; i < data.count; i += 1) {
      places[2 * i] = data.valence[i];
      places[2 * i + 1] = data.arousal[i];
    }
    this.cells = sorted(data);
    this.names.clear();
    this.point(-1);
    this.lit = new Float32Array(data.count).fill(1);
    this.points ??= new Points(this.canvas);
    this.points.set(places, Float32Array.from(data.strongest), this.lit);
    this.fit();
    Object.assign(this.view, this.goal);
    this.redraw();
  }

  /** @param {Uint8Array | null} bits  Which songs the filters leave, a bit for each; null: all. */
  filter(bits) {
    for (let i = 0; i < this.lit.length; i += 1) this.lit[i] = bits ? (bits[i >> 3] >> (i & 7)) & 1 : 1;
    this.points?.setLit(this.lit);
    this.redraw();
  }

  /** @param {Vector | null} vector  Of the song that plays. */
  showCurrent(vector) {
    this.current = vector;
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
    const step = Math.ceil(data.count / MOST_FITTED);
    const range = (/** @type {Float32Array} */ values) => {
      const sorted = values.filter((_, i) => i % step === 0).sort();
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
    void this.play(index);
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
      Enter: () => void this.play(this.hover),
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
    const { songs, starts } = this.cells;
    for (let cx = column(mapX - radius); cx <= column(mapX + radius); cx += 1) {
      for (let cy = column(mapY - radius); cy <= column(mapY + radius); cy += 1) {
        const here = cx * CELLS + cy;
        for (let place = starts[here]; place < starts[here + 1]; place += 1) {
          const i = songs[place];
          const distance = Math.hypot(data.valence[i] - mapX, data.arousal[i] - mapY);
          if (this.lit[i] && distance < bestDistance) [best, bestDistance] = [i, distance];
        }
      }
    }
    return best;
  }

  /** @param {number} index  The song to name, or -1. */
  point(index) {
    if (index === this.hover) return;
    this.hover = index;
    this.marks.style.cursor = index >= 0 ? 'pointer' : '';
    this.redraw();
    clearTimeout(this.naming);
    this.tip.hidden = true;
    if (this.names.has(index)) void this.name(index);
    else if (index >= 0) this.naming = window.setTimeout(() => void this.name(index), NAME_MS);
  }

  /** Shows what the song at a point is called, if that is still the one. @param {number} index */
  async name(index) {
    const song = await this.named(index);
    if (!song || index !== this.hover) return;
    this.tip.textContent = `${song.title}\n${song.artist || t('unknownArtist')}`;
    this.tip.hidden = false;
    this.redraw();
  }

  /** @param {number} index */
  async named(index) {
    const known = this.names.get(index);
    if (known) return known;
    const { data } = this;
    const song = await this.songAt(index);
    if (!song || data !== this.data) return null;
    if (this.names.size >= MOST_NAMES) this.names.clear();
    this.names.set(index, song);
    return song;
  }

  /** @param {number} index */
  async play(index) {
    const song = index < 0 ? null : await this.named(index);
    if (song) this.onPlay(song);
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
    const moves = far >= 0.002 || this.pointers.size > 0;
    if (far < 0.002) Object.assign(view, goal);
    else this.redraw();
    const ratio = this.ratio;
    const style = getComputedStyle(this.frameElement);
    const count = this.data?.count ?? 0;
    const size = clamp(2.2 * Math.sqrt(view.scale / 300) * (count > 8000 ? 1.4 : count > 800 ? 2.4 : 4), 2.5, 16);
    const [ink, paper, faint] = ['--ink', '--surface', '--faint'].map((name) => style.getPropertyValue(name).trim());
    const step = moves && !this.points?.gl ? Math.ceil(count / MOST_MOVING) : 1;
    this.points?.draw({ scale: view.scale * ratio, x: view.x, y: view.y }, size * ratio, faint, paper, step);
    clearTimeout(this.resting);
    if (step > 1) this.resting = window.setTimeout(() => this.redraw(), REST_MS);
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
      const { valence, arousal } = this.data;
      const hover = this.hover < 0 ? null : at(valence[this.hover], arousal[this.hover]);
      const current = this.current && at(...mapPlace(this.current));
      for (const [place, radius] of /** @type {const} */ ([[hover, 7], [current, 9]])) {
        if (!place) continue;
        ring(place, radius, paper, 5);
        ring(place, radius, ink, 2);
      }
      if (hover) this.placeTip(hover);
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

/** The column of squares, or the row, that a place is in. @param {number} place */
const column = (place) => clamp(Math.floor((place + 1) / CELL), 0, CELLS - 1);

/**
 * The songs of a map square by square.
 * @param {SongMap} map
 */
function sorted({ count, valence, arousal }) {
  const starts = new Uint32Array(CELLS * CELLS + 1);
  const own = Uint16Array.from({ length: count }, (_, i) => column(valence[i]) * CELLS + column(arousal[i]));
  for (const cell of own) starts[cell + 1] += 1;
  for (let cell = 0; cell < CELLS * CELLS; cell += 1) starts[cell + 1] += starts[cell];
  const songs = new Uint32Array(count);
  const next = starts.slice();
  for (let i = 0; i < count; i += 1) {
    songs[next[own[i]]] = i;
    next[own[i]] += 1;
  }
  return { songs, starts };
}

/** @param {number} value @param {number} low @param {number} high */
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));
