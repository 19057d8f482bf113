// Seven bars: what a face looks like; or, by hand, seven sliders in the same place.

import { COLOURS, EMOTIONS, normalised } from './emotions.js';
import { make } from './dom.js';
import { percent, word } from './language.js';

/** @typedef {import('./types.js').Vector} Vector */

export class Bars {
  /**
   * @param {HTMLElement} place
   * @param {(vector: Vector) => void} onSlide
   */
  constructor(place, onSlide) {
    this.place = place;
    this.rows = EMOTIONS.map((name, i) => {
      const title = make('span', { class: 'bar-name', id: `bar-${name}` });
      const fill = make('span', { class: 'bar-fill' });
      const slider = make('input', { type: 'range', min: '0', max: '100', value: '14', 'aria-labelledby': `bar-${name}` });
      const value = make('span', { class: 'bar-value' });
      fill.style.background = COLOURS[i];
      const row = make('div', { class: 'bar' }, title, make('span', { class: 'bar-track' }, fill, slider), value);
      row.style.setProperty('--colour', COLOURS[i]);
      slider.addEventListener('input', () => {
        const vector = normalised(this.rows.map((each) => Number(each.slider.value)));
        this.show(vector, false);
        onSlide(vector);
      });
      return { row, title, fill, slider, value };
    });
    place.append(...this.rows.map(({ row }) => row));
    this.edit(false);
    /** @type {Vector | null} */
    this.vector = null;
  }

  /** @param {boolean} editable  Whether the bars are sliders. */
  edit(editable) {
    this.place.classList.toggle('sliders', editable);
    for (const { slider, row } of this.rows) {
      slider.hidden = !editable;
      if (editable) row.removeAttribute('role');
      else row.setAttribute('role', 'img');
    }
  }

  /**
   * @param {Vector | null} vector
   * @param {boolean} [moveSliders]  Whether the sliders follow; not while a hand is on one of them.
   */
  show(vector, moveSliders = true) {
    this.vector = vector;
    this.rows.forEach(({ row, fill, slider, value }, i) => {
      const share = vector?.[i] ?? 0;
      fill.style.transform = `translateX(${(100 * share - 100).toFixed(2)}%)`;
      const text = vector ? percent(share) : '';
      if (value.textContent !== text) {
        value.textContent = text;
        row.setAttribute('aria-label', `${word(EMOTIONS[i])} ${text}`);
      }
      if (moveSliders) slider.value = String(Math.round(share * 100));
      slider.setAttribute('aria-valuetext', text);
    });
  }

  translate() {
    this.rows.forEach(({ title }, i) => { title.textContent = word(EMOTIONS[i]); });
    this.show(this.vector);
  }
}
