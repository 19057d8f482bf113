// Words: every text of the page by its key, in the chosen language.

import { de } from '../i18n/de.js';
import { en } from '../i18n/en.js';
import { es } from '../i18n/es.js';
import { fr } from '../i18n/fr.js';
import { remember, settings } from './settings.js';

/** @typedef {keyof typeof en} Key */

const words = { de, en, es, fr };

/** Whether the page is open on another computer than the one that VibeluX runs on. */
export const isAway = location.protocol === 'https:' || !/^(localhost|127\..*|\[::1\])$/.test(location.hostname);

/** @type {Set<() => void>} */
const listeners = new Set();

/**
 * The text of `key`, with `{0}`, `{1}` filled in. What is said of this computer has another text on a phone.
 * @param {Key} key
 * @param {(string | number)[]} values
 * @returns {string}
 */
export function t(key, ...values) {
  const known = words[settings.language];
  const away = `${key}Away`;
  const text = isAway && away in known ? known[/** @type {Key} */ (away)] : known[key];
  return text.replace(/\{(\d)\}/g, (_, place) => String(values[Number(place)]));
}

/**
 * The text of `key` for a number of things, which is written in the place `{0}`: a text may have two forms,
 * for one and for others, with a bar between them.
 * @param {Key} key
 * @param {number} count
 * @param {(string | number)[]} values
 */
export function counted(key, count, ...values) {
  const forms = t(key, number(count), ...values).split(' | ');
  return forms[count === 1 ? 0 : forms.length - 1];
}

/**
 * The same for a key that comes from data, such as the name of an emotion; unknown ones stay as they are.
 * @param {string} key
 */
export function word(key) {
  return key in en ? t(/** @type {Key} */ (key)) : key;
}

/** @param {number} value */
export function number(value) {
  return value.toLocaleString(settings.language);
}

/** @param {number} share  0 to 1. */
export function percent(share) {
  const value = Math.round(share * 100);
  return settings.language === 'en' ? `${value}%` : `${value}\u00a0%`;
}

/** @param {number} seconds */
export function minutes(seconds) {
  const whole = Math.max(0, Math.floor(seconds || 0));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

/**
 * Calls `listener` now and whenever the language changes.
 * @param {() => void} listener
 */
export function onLanguage(listener) {
  listeners.add(listener);
  listener();
}

/** @param {typeof settings.language} language */
export function setLanguage(language) {
  remember({ language });
  for (const listener of listeners) listener();
}

/** Puts the texts into the places that index.html marks with `data-t`, `data-t-label` and the like. */
export function translatePage() {
  document.documentElement.lang = settings.language;
  /** @type {[string, (element: Element, text: string) => void][]} */
  const places = [
    ['data-t', (element, text) => { element.textContent = text; }],
    ['data-t-label', (element, text) => element.setAttribute('aria-label', text)],
    ['data-t-title', (element, text) => element.setAttribute('title', text)],
    ['data-t-placeholder', (element, text) => element.setAttribute('placeholder', text)],
  ];
  for (const [attribute, put] of places) {
    for (const element of document.querySelectorAll(`[${attribute}]`)) {
      put(element, word(element.getAttribute(attribute) ?? ''));
    }
  }
}
