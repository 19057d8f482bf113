// The mood wheel: a dot in a circle of seven emotions, moved by pointer or keys, makes a vector.

import { ANGLES, COLOURS, EMOTIONS, sentence, wheelPlace, wheelVector } from './emotions.js';
import { label } from './flower.js';
import { svg } from './dom.js';
import { t, word } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

const REACH = 100;
const KEY_STEP = 0.06;

export class Wheel {
  /** @param {(vector: Vector) => void} onMove */
  constructor(onMove) {
    this.onMove = onMove;
    this.place = [0, 0];
    this.labels = EMOTIONS.map((_, emotion) => label(emotion));
    const sectors = EMOTIONS.map((_, emotion) => svg('path', { d: sector(ANGLES[emotion]), fill: COLOURS[emotion], class: 'sector' }));
    this.thread = svg('line', { class: 'thread', x1: 0, y1: 0 });
    this.dot = svg('circle', { class: 'dot', r: 11, tabindex: 0, role: 'slider', 'aria-valuemin': 0, 'aria-valuemax': 100 });
    this.element = svg(
      'svg',
      { class: 'wheel', viewBox: '-172 -128 344 256' },
      ...sectors,
      svg('circle', { class: 'ring', r: 50 }),
      this.thread,
      ...this.labels,
      this.dot,
    );
    this.element.addEventListener('pointerdown', (event) => this.grab(event));
    this.dot.addEventListener('keydown', (event) => this.key(event));
    this.show(EMOTIONS.map(() => 1 / 7));
  }

  translate() {
    this.labels.forEach((text, i) => { text.textContent = word(EMOTIONS[i]); });
    this.dot.setAttribute('aria-label', t('wheelLabel'));
  }

  /** @param {Vector} vector */
  show(vector) {
    this.put(wheelPlace(vector), vector);
  }

  /** @param {number[]} place @param {Vector} vector */
  put([x, y], vector) {
    this.place = [x, y];
    for (const [name, value] of [['cx', x], ['cy', y]]) this.dot.setAttribute(String(name), (Number(value) * REACH).toFixed(1));
    this.thread.setAttribute('x2', (x * REACH).toFixed(1));
    this.thread.setAttribute('y2', (y * REACH).toFixed(1));
    this.dot.setAttribute('aria-valuenow', String(Math.round(100 * Math.hypot(x, y))));
    this.dot.setAttribute('aria-valuetext', sentence(vector));
  }

  /** @param {number} x @param {number} y */
  move(x, y) {
    const length = Math.max(1, Math.hypot(x, y));
    const vector = wheelVector(x / length, y / length);
    this.put([x / length, y / length], vector);
    this.onMove(vector);
  }

  /** @param {PointerEvent} event */
  grab(event) {
    const follow = (/** @type {PointerEvent} */ at) => {
      const matrix = this.element.getScreenCTM();
      if (!matrix) return;
      const point = new DOMPoint(at.clientX, at.clientY).matrixTransform(matrix.inverse());
      this.move(point.x / REACH, point.y / REACH);
    };
    event.preventDefault();
    this.element.setPointerCapture(event.pointerId);
    this.dot.focus({ preventScroll: true });
    this.element.addEventListener('pointermove', follow);
    const end = () => this.element.removeEventListener('pointermove', follow);
    this.element.addEventListener('pointerup', end, { once: true });
    this.element.addEventListener('pointercancel', end, { once: true });
    follow(event);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    /** @type {Record<string, [number, number]>} */
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    const step = steps[event.key];
    if (event.key === 'Home') this.move(0, 0);
    else if (step) this.move(this.place[0] + KEY_STEP * step[0], this.place[1] + KEY_STEP * step[1]);
    else return;
    event.preventDefault();
  }
}

/** @param {number} angle  The middle of the sector, in radians clockwise from the top. */
function sector(angle) {
  const half = Math.PI / 7;
  const at = (/** @type {number} */ a) => `${(Math.sin(a) * REACH).toFixed(2)} ${(-Math.cos(a) * REACH).toFixed(2)}`;
  return `M0 0L${at(angle - half)}A${REACH} ${REACH} 0 0 1 ${at(angle + half)}Z`;
}
