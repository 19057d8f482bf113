// What the page remembers between visits: choices. Moods are kept only by day.js, and only if that is asked for.

const KEY = 'vibelux';

/** The languages of the page. */
export const LANGUAGES = /** @type {const} */ (['en', 'de', 'fr', 'es']);

/**
 * @typedef {object} Settings
 * @property {'auto' | 'light' | 'dark'} theme
 * @property {typeof LANGUAGES[number]} language
 * @property {'match' | 'lift' | 'calm' | 'journey'} way
 * @property {number} goal  Index of the emotion where a journey ends.
 * @property {number} journeySongs
 * @property {number} strength
 * @property {boolean} centred
 * @property {boolean} everything  Also what is no music.
 * @property {string} filter  Only songs that this is true of.
 * @property {number} temperature
 * @property {number} moodSeconds
 * @property {number} expression  How much small expressions count: 0 not, 1 as measured, 2 most.
 * @property {boolean} settle  Leave a song that has just begun if the mood settles elsewhere.
 * @property {number} crossfade  For so many seconds songs fade into each other.
 * @property {boolean} level  All songs about equally loud.
 * @property {boolean} day  Keep what plays today, and the mood it was chosen for.
 * @property {boolean} reaction  Keep how a song changes the face.
 * @property {number} volume
 */

/** @type {Settings} */
const initial = {
  theme: 'auto',
  language: LANGUAGES.find((language) => navigator.language.startsWith(language)) ?? 'en',
  way: 'match',
  goal: 3,
  journeySongs: 8,
  strength: 0.8,
  centred: false,
  everything: false,
  filter: '',
  temperature: 1,
  moodSeconds: 10,
  expression: 1,
  settle: true,
  crossfade: 0,
  level: true,
  day: false,
  reaction: false,
  volume: 0.8,
};

/** @type {Settings} */
export const settings = { ...initial, ...saved() };

/** @returns {Partial<Settings>} */
function saved() {
  try {
    const values = JSON.parse(localStorage.getItem(KEY) ?? '{}');
    // Only what is known and of the right type: an older page may have left something else.
    if (!LANGUAGES.includes(values.language)) delete values.language;
    const known = Object.entries(initial).filter(([name, value]) => typeof values[name] === typeof value);
    return Object.fromEntries(known.map(([name]) => [name, values[name]]));
  } catch {
    return {};
  }
}

const NO_MUSIC = ['speech', 'effects', 'jingle'];

/** The classes that are taken beside music. */
export const include = () => (settings.everything ? NO_MUSIC : []);

/**
 * Changes settings and remembers them.
 * @param {Partial<Settings>} changes
 */
export function remember(changes) {
  Object.assign(settings, changes);
  try {
    localStorage.setItem(KEY, JSON.stringify(settings));
  } catch {
    // A browser without storage forgets; the page works all the same.
  }
}
