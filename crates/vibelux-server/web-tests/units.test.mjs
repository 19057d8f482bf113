// The arithmetic of the page, without a browser: `node --test`.

import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

// What the modules ask a browser for while they load.
Object.defineProperty(globalThis, 'navigator', { value: { language: 'en' }, configurable: true });
Object.defineProperty(globalThis, 'location', { value: new URL('http://localhost:8437/'), configurable: true });

const { ANGLES, COLOURS, EMOTIONS, PLACES, colour, mapPlace, mean, normalised, phrase, sentence, wheelPlace, wheelVector } =
  await import('../web/js/emotions.js');
const { byEmotion, withArrays } = await import('../web/js/vectors.js');
const { en } = await import('../web/i18n/en.js');
const others = Object.entries({
  de: (await import('../web/i18n/de.js')).de, es: (await import('../web/i18n/es.js')).es, fr: (await import('../web/i18n/fr.js')).fr,
});

const sum = (/** @type {number[]} */ values) => values.reduce((a, b) => a + b, 0);
const oneHot = (/** @type {number} */ at) => EMOTIONS.map((_, i) => Number(i === at));

test('every point of the wheel is a vector, and is found again', () => {
  for (let radius = 0; radius <= 1; radius += 0.1) {
    for (let angle = 0; angle < 2 * Math.PI; angle += 0.2) {
      const [x, y] = [radius * Math.sin(angle), -radius * Math.cos(angle)];
      const vector = wheelVector(x, y);
      assert.ok(Math.abs(sum(vector) - 1) < 1e-12 && vector.every((share) => share >= 0));
      const [foundX, foundY] = wheelPlace(vector);
      // Between two emotions the mean direction is a little shorter than at one, so the radius may be off.
      assert.ok(Math.hypot(foundX - x, foundY - y) < 0.04, `${x} ${y} became ${foundX} ${foundY}`);
    }
  }
});

test('the edge of the wheel points at the emotion that is written there', () => {
  ANGLES.forEach((angle, emotion) => {
    const vector = wheelVector(Math.sin(angle), -Math.cos(angle));
    assert.equal(vector.indexOf(Math.max(...vector)), emotion);
    assert.ok(vector[emotion] > 0.7);
  });
});

test('a vector that no point of the wheel has still lies inside', () => {
  EMOTIONS.forEach((_, i) => assert.ok(Math.hypot(...wheelPlace(oneHot(i))) <= 1 + 1e-12));
});

test('the map has the corners of the contract and stays between -1 and 1', () => {
  EMOTIONS.forEach((_, i) => assert.deepEqual(mapPlace(oneHot(i)), PLACES[i]));
  assert.ok(PLACES.flat().every((value) => Math.abs(value) <= 1));
});

test('weights that are all zero are an even mixture', () => {
  assert.deepEqual(normalised([0, 0, 0, 0]), [0.25, 0.25, 0.25, 0.25]);
  assert.deepEqual(mean([[1, 0], [0, 1]].map(([a, b]) => [a, b, 0, 0, 0, 0, 0])), [0.5, 0.5, 0, 0, 0, 0, 0]);
});

test('vectors are named outside of the page and arrays inside, wherever they stand in an answer', () => {
  const vector = [0.1, 0, 0, 0.7, 0, 0.2, 0];
  const named = byEmotion(vector);
  assert.deepEqual(Object.keys(named), [...EMOTIONS]);
  assert.equal(named.happy, 0.7);
  assert.deepEqual(withArrays(named), vector);
  const answer = { windows: [{ start_seconds: 1, vector: named }], artist: null, total: 3 };
  assert.deepEqual(withArrays(answer), { windows: [{ start_seconds: 1, vector }], artist: null, total: 3 });
  assert.equal(withArrays(null), null);
});

test('vectors in words', () => {
  assert.equal(sentence([0, 0, 0, 0.9, 0.1, 0, 0]), 'happy');
  assert.equal(sentence([0, 0, 0, 0.7, 0, 0, 0.3]), 'happy, a little surprised');
  assert.equal(sentence([0, 0, 0, 0.45, 0, 0, 0.55]), 'surprised and happy');
  assert.equal(phrase([0.16, 0.14, 0.14, 0.14, 0.14, 0.14, 0.14]).extra, 'rather angry');
  assert.equal(phrase(Array(7).fill(1 / 7)).extra, 'a little of everything');
});

test('a pure emotion has its own colour, a mixture lies between', () => {
  const channels = (/** @type {string} */ hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16)).join(' ');
  EMOTIONS.forEach((_, i) => assert.equal(colour(oneHot(i)), `rgb(${channels(COLOURS[i])})`));
});

test('the colours are those of the plots', () => {
  const plots = readFileSync(new URL('../../vibelux-train/src/plots/palette.rs', import.meta.url), 'utf8');
  EMOTIONS.forEach((name, i) => {
    const title = name[0].toUpperCase() + name.slice(1);
    const [, ...channels] = new RegExp(`Emotion::${title} => Colour\\((\\d+), (\\d+), (\\d+)\\)`).exec(plots) ?? [];
    assert.equal(COLOURS[i], `#${channels.map((value) => Number(value).toString(16).padStart(2, '0')).join('')}`, name);
  });
});

test('all languages have the same texts with the same places for values, and every text is used', () => {
  const values = (/** @type {string} */ words) => [...words.matchAll(/\{\d\}/g)].map(String).sort().join();
  const folder = new URL('../web/', import.meta.url);
  const scripts = readdirSync(new URL('js/', folder)).map((file) => readFileSync(new URL(`js/${file}`, folder), 'utf8'));
  const page = [readFileSync(new URL('index.html', folder), 'utf8'), ...scripts].join('\n');
  for (const [key, words] of Object.entries(en)) {
    for (const [language, texts] of others) {
      const text = texts[/** @type {keyof typeof en} */ (key)];
      assert.ok(text, `${language} has no "${key}"`);
      assert.equal(values(text), values(words), `${language}: ${key}`);
      assert.equal(text.split(' | ').length, words.split(' | ').length, `${language}: forms of ${key}`);
    }
    // On a phone it takes the place of the other.
    const base = key.replace(/Away$/, '');
    const asked = base in en ? base : key;
    assert.match(page, new RegExp(`['"]${asked}['"]`), `nobody says "${key}"`);
  }
});
