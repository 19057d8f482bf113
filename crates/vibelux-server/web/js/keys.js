// Single keys, where nothing is being typed.

import { byId, make } from './dom.js';
import { t } from './language.js';

/** @typedef {import('./language.js').Key} Key */
/** @typedef {{keys: string[], shown: () => string, name: Key, act: () => void}} Shortcut */

/** Whether a key belongs to the element that has the focus. @param {KeyboardEvent} event */
function taken(event) {
  const target = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]')) return true;
  if (!(target instanceof Element)) return false;
  if (target instanceof HTMLInputElement && ['radio', 'checkbox', 'range'].includes(target.type)) return event.key === ' ';
  if (target.closest('input, textarea, select')) return true;
  return event.key === ' ' && target.closest('button, a, summary, [tabindex="0"]') !== null;
}

/** @param {Shortcut[]} shortcuts */
export function bindKeys(shortcuts) {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || taken(event)) return;
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.act();
  });
}

/** Lists the keys in the dialog. @param {Shortcut[]} shortcuts */
export function listKeys(shortcuts) {
  byId('keys', HTMLDListElement).replaceChildren(...shortcuts.flatMap(({ shown, name }) => [
    make('dt', {}, make('kbd', {}, shown())),
    make('dd', {}, t(name)),
  ]));
}
