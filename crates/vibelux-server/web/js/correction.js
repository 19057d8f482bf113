// "This sounds ... to me": the song's flower, whose petals a hand may draw out and push in.

import { Bars } from './bars.js';
import { byId, toast } from './dom.js';
import { ANGLES, normalised } from './emotions.js';
import { Flower, shareOf } from './flower.js';
import { correct, retractCorrection } from './server.js';

/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Vector} Vector */

export class CorrectionDialog {
  /** @param {(song: Song) => void} onSong  The song sounds otherwise now. */
  constructor(onSong) {
    this.onSong = onSong;
    this.dialog = byId('correction', HTMLDialogElement);
    this.flower = new Flower();
    byId('correction-flower', HTMLElement).append(this.flower.element);
    this.bars = new Bars(byId('correction-bars', HTMLElement), (vector) => this.show(vector, false));
    this.bars.edit(true);
    /** @type {Song | null} */
    this.song = null;
    /** @type {Vector} */
    this.vector = [];
    byId('correction-save', HTMLButtonElement).addEventListener('click', () => void this.save());
    byId('correction-reset', HTMLButtonElement).addEventListener('click', () => void this.reset());
    this.flower.element.addEventListener('pointerdown', (event) => {
      event.preventDefault();
      this.flower.element.setPointerCapture(event.pointerId);
      this.draw(event);
    });
    this.flower.element.addEventListener('pointermove', (event) => event.buttons > 0 && this.draw(event));
  }

  /** @param {Song} song */
  open(song) {
    this.song = song;
    byId('correction-song', HTMLElement).textContent = song.title;
    byId('correction-reset', HTMLButtonElement).hidden = !song.corrected;
    this.flower.outline(song.analysed);
    this.show(song.vector, true);
    this.dialog.showModal();
  }

  /** @param {Vector} vector @param {boolean} moveSliders */
  show(vector, moveSliders) {
    this.vector = vector;
    this.flower.set(vector);
    this.bars.show(vector, moveSliders);
  }

  /** The petal under the hand becomes as long as that is far from the middle. @param {PointerEvent} event */
  draw(event) {
    const matrix = this.flower.element.getScreenCTM();
    if (!matrix) return;
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse());
    const angle = Math.atan2(x, -y);
    const apart = (/** @type {number} */ other) => Math.abs(Math.atan2(Math.sin(angle - other), Math.cos(angle - other)));
    const emotion = ANGLES.reduce((best, other, i) => (apart(other) < apart(ANGLES[best]) ? i : best), 0);
    const share = Math.min(0.98, shareOf(Math.hypot(x, y)));
    const rest = this.vector.reduce((sum, value, i) => (i === emotion ? sum : sum + value), 0);
    const others = rest > 0 ? (1 - share) / rest : 0;
    this.show(normalised(this.vector.map((value, i) => (i === emotion ? share : rest > 0 ? value * others : (1 - share) / 6))), true);
  }

  async save() {
    const { song } = this;
    if (song) await this.ask(() => correct(song, this.vector));
  }

  async reset() {
    const { song } = this;
    if (song) await this.ask(() => retractCorrection(song));
  }

  /** @param {() => Promise<Song>} request */
  async ask(request) {
    try {
      this.onSong(await request());
      this.dialog.close();
    } catch (error) {
      toast(error instanceof Error ? error.message : '');
    }
  }

  translate() {
    this.flower.translate();
    this.bars.translate();
  }
}
