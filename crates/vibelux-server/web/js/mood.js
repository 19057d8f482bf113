// The second part of the page: the mood as a flower, and what the music should do with it.

import { byId, chosenRadio, make, say, sayPhrase } from './dom.js';
import { EMOTIONS, colour, phrase, sentence, strongest } from './emotions.js';
import { Flower } from './flower.js';
import { number, t, word } from './language.js';
import { remember, settings } from './settings.js';

/** @typedef {import('./types.js').Vector} Vector */

const SENTENCE_MS = 1500;
const SPOKEN_MS = 5000;

export class MoodPanel {
  /** @param {() => void} onWay  Another way or another strength was chosen. */
  constructor(onWay) {
    this.onWay = onWay;
    this.flower = new Flower();
    byId('mood-flower', HTMLElement).append(this.flower.element);
    /** @type {Vector | null} */
    this.vector = null;
    this.slow = false;
    /** The face is being looked at before the first song. */
    this.looking = false;
    this.sentenceAt = 0;
    this.spoken = '';
    this.spokenAt = -Infinity;
    this.bindWays();
    this.bindGoal();
    this.bindStrength();
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

  bindGoal() {
    const goal = byId('goal', HTMLSelectElement);
    goal.append(...EMOTIONS.map((name) => make('option', { value: name })));
    goal.selectedIndex = settings.goal;
    goal.addEventListener('change', () => {
      remember({ goal: goal.selectedIndex });
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

  /** @param {Vector | null} vector  The song that plays, drawn as lines over the mood. */
  outline(vector) {
    this.flower.outline(vector);
    byId('flower-legend', HTMLElement).hidden = vector === null;
  }

  words() {
    sayPhrase(byId('mood-sentence', HTMLElement), this.vector ? phrase(this.vector) : { main: '…', extra: t('moodNone') });
    this.flower.element.setAttribute('aria-label', t('flowerLabel', this.vector ? sentence(this.vector) : t('moodNone')));
    const caption = this.looking ? t('moodLooking') : this.slow ? t('moodCaptionSlow', number(settings.moodSeconds)) : t('moodCaption');
    byId('mood-caption', HTMLElement).textContent = caption;
    document.body.dataset.mood = this.vector ? EMOTIONS[strongest(this.vector)] : '';
    this.speak();
  }

  /** Tells a screen reader when the mood is mostly another: not every wavering of it. */
  speak() {
    const time = performance.now();
    const mostly = this.vector ? phrase(this.vector).main : '';
    if (mostly === this.spoken || time - this.spokenAt < SPOKEN_MS) return;
    this.spoken = mostly;
    this.spokenAt = time;
    byId('mood-spoken', HTMLElement).textContent = mostly ? t('flowerLabel', mostly) : '';
  }

  showWay() {
    const hints = /** @type {const} */ ({ match: 'wayMatchHint', lift: 'wayLiftHint', calm: 'wayCalmHint' });
    say(byId('way-hint', HTMLElement), settings.way === 'journey' ? '' : t(hints[settings.way]));
    byId('journey', HTMLElement).hidden = settings.way !== 'journey';
  }

  showStrength() {
    byId('strength', HTMLInputElement).setAttribute('aria-valuetext', t('strengthValue', Math.round(settings.strength * 100)));
  }

  translate() {
    this.flower.translate();
    for (const option of byId('goal', HTMLSelectElement).options) option.textContent = word(option.value);
    this.words();
    this.showWay();
    this.showStrength();
  }
}
