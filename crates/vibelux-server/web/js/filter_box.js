// A box for a filter, such as `not genre:christmas and happy>0.4`: says what is wrong with it and offers what could come
// next. The language is the server's; docs/guide/filters.md explains it.

import { make, say } from './dom.js';
import { filterHelp } from './server.js';

const TYPING_MS = 160;
/** So many letters are typed before names are offered. */
const FEW_LETTERS = 2;
const FIELDS = 'artist|album|title|genre|path|year|duration|added|liked|mood|class|loudness|angry|disgusted|fearful|happy|neutral|sad|surprised';
const LANGUAGE = new RegExp(`(^|[\\s(])(${FIELDS})\\s*(:|!?=|[<>])|(^|[\\s(])liked([\\s)]|$)`, 'i');

/** Whether a text is more than words to be found: `Mission: Impossible` is not. @param {string} text */
export const isFilter = (text) => LANGUAGE.test(text);

let boxes = 0;

export class FilterBox {
  /**
   * @param {HTMLInputElement} input  Within a label, below which the box is made.
   * @param {(text: string) => void} onFilter  Another filter without a mistake.
   */
  constructor(input, onFilter) {
    this.input = input;
    this.onFilter = onFilter;
    boxes += 1;
    this.list = make('ul', { class: 'offers', role: 'listbox', id: `offers-${boxes}` });
    this.list.hidden = true;
    this.problem = make('p', { class: 'hint wrong', role: 'status' });
    this.problem.hidden = true;
    for (const [name, value] of Object.entries({ role: 'combobox', 'aria-autocomplete': 'list', 'aria-expanded': 'false', 'aria-controls': this.list.id, spellcheck: 'false', autocapitalize: 'off' })) {
      input.setAttribute(name, value);
    }
    input.closest('label')?.after(this.list, this.problem);
    /** Of the offers the one that is marked; -1: none. */
    this.marked = -1;
    this.told = input.value.trim();
    this.timer = 0;
    /** What the offers take the place of. */
    this.place = { start: 0, end: 0 };
    /** @type {AbortController | null} */
    this.pending = null;
    input.addEventListener('input', () => {
      // They belong to what was typed before.
      this.offer([]);
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.look(), TYPING_MS);
    });
    input.addEventListener('keydown', (event) => this.key(event));
    input.addEventListener('blur', () => this.offer([]));
  }

  /** Asks the server about what is typed. */
  async look() {
    const text = this.input.value;
    this.pending?.abort();
    const pending = new AbortController();
    this.pending = pending;
    const cursor = this.input.selectionStart ?? text.length;
    try {
      const help = await filterHelp(text, cursor, pending.signal);
      if (this.pending !== pending) return;
      const wrong = isFilter(text) ? help.mistake : null;
      // What ends too soon is still being written.
      const isUnfinished = wrong !== null && wrong.start >= text.trimEnd().length;
      this.problem.hidden = wrong === null || isUnfinished;
      say(this.problem, wrong === null || isUnfinished ? '' : wrong.message);
      this.input.setAttribute('aria-invalid', String(!this.problem.hidden));
      this.place = help;
      const typed = text.slice(help.start, help.end);
      const isSaid = help.options.length === 1 && help.options[0] === typed;
      const wanted = typed.length >= FEW_LETTERS || /[:=<>]$/.test(text.slice(0, help.start));
      this.offer(wanted && !isSaid && document.activeElement === this.input ? help.options : []);
      if (wrong === null && text.trim() !== this.told) {
        this.told = text.trim();
        this.onFilter(this.told);
      }
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AbortError') return;
      this.problem.hidden = false;
      say(this.problem, error.message);
    }
  }

  /** @param {string[]} options */
  offer(options) {
    this.marked = -1;
    this.input.removeAttribute('aria-activedescendant');
    this.list.replaceChildren(...options.map((text, i) => {
      const option = make('li', { role: 'option', id: `${this.list.id}-${i}`, 'aria-selected': 'false' }, text);
      // Before the box loses the focus.
      option.addEventListener('pointerdown', (event) => {
        event.preventDefault();
        this.take(text);
      });
      return option;
    }));
    this.list.hidden = options.length === 0;
    this.input.setAttribute('aria-expanded', String(options.length > 0));
  }

  /** @param {string} text */
  take(text) {
    const { start, end } = this.place;
    this.input.setRangeText(text, start, end, 'end');
    this.offer([]);
    clearTimeout(this.timer);
    void this.look();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const options = [...this.list.children];
    if (this.list.hidden || options.length === 0) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      this.mark((this.marked + step + options.length + (this.marked < 0 && step < 0 ? 1 : 0)) % options.length);
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.offer([]);
    } else if ((event.key === 'Enter' || event.key === 'Tab') && this.marked >= 0) {
      event.preventDefault();
      this.take(options[this.marked].textContent ?? '');
    }
  }

  /** @param {number} i */
  mark(i) {
    this.marked = i;
    for (const [n, option] of [...this.list.children].entries()) {
      option.setAttribute('aria-selected', String(n === i));
      if (n === i) {
        this.input.setAttribute('aria-activedescendant', option.id);
        option.scrollIntoView({ block: 'nearest' });
      }
    }
  }
}
