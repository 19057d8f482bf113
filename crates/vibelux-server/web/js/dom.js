// Short ways to the document: find what index.html promises, make what it cannot know.

const SVG = 'http://www.w3.org/2000/svg';

/**
 * The element that index.html gives this id.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} kind
 * @returns {T}
 */
export function byId(id, kind) {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new Error(`index.html has no ${kind.name} #${id}`);
  return found;
}

/**
 * A new element.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string>} [attributes]
 * @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/**
 * A new SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {Node[]} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  element.append(...children);
  return element;
}

/** @param {string} name  An id of icons/icons.svg. */
export function icon(name) {
  return svg('svg', { 'aria-hidden': 'true' }, svg('use', { href: `/assets/icons/icons.svg#${name}` }));
}

/**
 * Gives a button another icon.
 * @param {Element} button
 * @param {string} name
 */
export function setIcon(button, name) {
  button.querySelector('use')?.setAttribute('href', `/assets/icons/icons.svg#${name}`);
}

/**
 * The radio button that is chosen among those of this name.
 * @param {string} name
 * @returns {string}
 */
export function chosenRadio(name) {
  const radio = document.querySelector(`input[name="${name}"]:checked`);
  return radio instanceof HTMLInputElement ? radio.value : '';
}

/**
 * Shows a sentence, or hides its place.
 * @param {HTMLElement} place
 * @param {string} text  Empty to hide.
 */
export function say(place, text) {
  place.hidden = text === '';
  if (place.textContent !== text) place.textContent = text;
}

/**
 * Puts a phrase into its place, the main word large.
 * @param {HTMLElement} place
 * @param {{main: string, extra: string}} phrase
 */
export function sayPhrase(place, { main, extra }) {
  const key = `${main}|${extra}`;
  if (place.dataset.phrase === key) return;
  place.dataset.phrase = key;
  place.replaceChildren(make('span', { class: 'main' }, main), ' ', make('span', { class: 'extra' }, extra));
}

let toastTimer = 0;

/**
 * A sentence at the edge of the page that goes by itself.
 * @param {string} text
 */
export function toast(text) {
  const place = byId('toast', HTMLElement);
  say(place, text);
  clearTimeout(toastTimer);
  toastTimer = window.setTimeout(() => say(place, ''), 5000);
}

/** Whether the reader asked the system for less motion. */
export function calmMotion() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
