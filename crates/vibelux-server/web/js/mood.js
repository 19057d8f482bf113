// The second part of the page: the mood as a flower, and what the music should do with it.

import { byId, chosenRadio, make, say } from './dom.js';
import { COLOURS, EMOTIONS, colour, sentence, strongest } from './emotions.js';
import { Flower } from './flower.js';
import { number, t, word } from './language.js';
import { remember, settings } from './settings.js';

/** @typedef {import('./types.js').Vector} Vector */

const SENTENCE_MS = 1500;

export class MoodPanel {
  /** @param {() => void} onWay  Another way or another strength was chosen. */
  constructor(onWay) {
    this.onWay = onWay;
    this.flower = new Flower();
    byId('mood-flower', HTMLElement).append(this.flower.element);
    /** @type {Vector | null} */
    this.vector = null;
    this.slow = false;
    this.sentenceAt = 0;
    this.bindWays();
    this.bindStrength();
    this.goals = EMOTIONS.map((name, i) => this.goal(name, i));
    byId('goal', HTMLElement).append(...this.goals.map(({ label }) => label));
  }

  bindWays() {
    const radio = document.querySelector(`input[name="way"][value="${settings.way}"]`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
    byId('ways', HTMLElement).addEventListener('change', () => {
      remember({ way: /** @type {typeof settings.way} */ (chosenRadio('way')) });
      this.showWay();
      this.onWay();
    });
    const songs = byId('journey-songs', HTMLInputElement);
    songs.value = String(settings.journeySongs);
    songs.addEventListener('change', () => {
      remember({ journeySongs: Math.min(50, Math.max(2, Math.round(Number(songs.value)) || 8)) });
      songs.value = String(settings.journeySongs);
      this.onWay();
    });
  }

  bindStrength() {
    const strength = byId('strength', HTMLInputElement);
    strength.value = String(settings.strength);
    strength.addEventListener('input', () => {
      remember({ strength: Number(strength.value) });
      this.showStrength();
    });
    strength.addEventListener('change', () => this.onWay());
  }

  /** @param {string} name @param {number} index */
  goal(name, index) {
    const radio = make('input', { type: 'radio', name: 'goal', value: name });
    radio.checked = settings.goal === index;
    radio.addEventListener('change', () => {
      remember({ goal: index });
      this.onWay();
    });
    const text = make('span');
    const label = make('label', {}, radio, text);
    label.style.setProperty('--colour', COLOURS[index]);
    return { label, text, name };
  }

  /**
   * @param {Vector | null} vector
   * @param {boolean} slow  Whether it is the slow mean of many readings.
   */
  show(vector, slow) {
    const fresh = vector === null || this.vector === null || slow !== this.slow || !slow;
    this.vector = vector;
    this.slow = slow;
    this.flower.set(vector);
    document.documentElement.style.setProperty('--mood', vector ? colour(vector) : 'transparent');
    const time = performance.now();
    if (!fresh && time - this.sentenceAt < SENTENCE_MS) return;
    this.sentenceAt = time;
    this.words();
  }

  words() {
    const text = this.vector ? sentence(this.vector) : t('moodNone');
    const place = byId('mood-sentence', HTMLElement);
    if (place.textContent !== text) place.textContent = text;
    this.flower.element.setAttribute('aria-label', t('flowerLabel', text));
    const caption = this.vector && this.slow ? t('moodCaptionSlow', number(settings.moodSeconds)) : this.vector ? t('moodCaption') : '\u00a0';
    byId('mood-caption', HTMLElement).textContent = caption;
    document.body.dataset.mood = this.vector ? EMOTIONS[strongest(this.vector)] : '';
  }

  showWay() {
    const hints = /** @type {const} */ ({ match: 'wayMatchHint', lift: 'wayLiftHint', calm: 'wayCalmHint', journey: 'wayJourneyHint' });
    say(byId('way-hint', HTMLElement), t(hints[settings.way]));
    byId('journey', HTMLElement).hidden = settings.way !== 'journey';
  }

  showStrength() {
    byId('strength', HTMLInputElement).setAttribute('aria-valuetext', t('strengthValue', Math.round(settings.strength * 100)));
  }

  translate() {
    this.flower.translate();
    for (const { text, name } of this.goals) text.textContent = word(name);
    this.words();
    this.showWay();
    this.showStrength();
  }
}
