// The server's REST interface, one function per address.

import { t } from './language.js';
import { byEmotion, withArrays } from './vectors.js';

/** @typedef {import('./types.js').Song} Song */

const BASE = '/api/v1';

/** An answer that is no success; its message is a sentence for the reader. */
export class ServerError extends Error {
  /** @param {number} status @param {string} code @param {string} message */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>} What the server answered, null where it said nothing; vectors as arrays.
 */
async function ask(path, options) {
  const answer = await reach(path, options);
  const text = await answer.text();
  /** @type {any} */
  let body = null;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    throw new ServerError(answer.status, 'unreadable', t('requestFailed'));
  }
  if (!answer.ok) throw refusal(answer.status, body);
  return withArrays(body);
}

/**
 * What the server answered, as it is.
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function askBytes(path, options) {
  const answer = await reach(path, options);
  if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
  return answer.arrayBuffer();
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 */
async function reach(path, options) {
  try {
    return await fetch(`${BASE}/${path}`, options);
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') throw error;
    throw new ServerError(0, 'unreachable', t('requestFailed'));
  }
}

/** @param {number} status @param {any} body  What the server said of it, if anything. */
const refusal = (status, body) => new ServerError(status, body?.error?.code ?? '', body?.error?.message ?? t('requestFailed'));

/** @param {unknown} body @returns {RequestInit} */
function post(body) {
  return { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

/** @param {Song} song */
const at = (song) => `songs/${encodeURIComponent(song.id)}`;

/** Who the reader is to the server, once it has been asked. @type {{role: 'owner' | 'guest'}} */
export const reader = { role: 'owner' };

/** @returns {Promise<import('./types.js').Status>} */
export async function status() {
  const now = await ask('status');
  reader.role = now.role;
  return now;
}

/** @returns {Promise<import('./types.js').Lan>} */
export const lan = () => ask('lan');

/** @param {Blob} picture @returns {Promise<import('./types.js').Analysis>} */
export const analyse = (picture) => ask('analyse', { method: 'POST', headers: { 'content-type': picture.type }, body: picture });

/**
 * The picture as the server sees it, for what the browser itself cannot show.
 * @param {Blob} picture
 * @returns {Promise<Blob>}
 */
export async function preview(picture) {
  const answer = await fetch('/api/v1/preview', { method: 'POST', headers: { 'content-type': picture.type }, body: picture });
  if (!answer.ok) throw new ServerError(answer.status, '', t('pictureKind'));
  return answer.blob();
}

/**
 * @param {import('./types.js').Request} request
 * @param {AbortSignal} signal
 * @returns {Promise<import('./types.js').Match[]>}
 */
export async function recommend(request, signal) {
  const { vector, way } = request;
  const to = way.to && byEmotion(way.to);
  const wish = { ...request, vector: byEmotion(vector), way: { ...way, to } };
  return (await ask('recommend', { ...post(wish), signal })).recommendations;
}

/**
 * @param {Record<string, string | number>} query  search, emotion, artist, include, filter, offset, limit.
 * @param {AbortSignal} [signal]
 * @returns {Promise<{total: number, songs: Song[]}>}
 */
export const songs = (query, signal) =>
  ask(`songs?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)]))}`, { signal });

/**
 * What is wrong with a filter, and what could come next.
 * @param {string} text
 * @param {number} cursor
 * @param {AbortSignal} signal
 * @returns {Promise<import('./types.js').FilterHelp>}
 */
export const filterHelp = (text, cursor, signal) => ask(`filter?${new URLSearchParams({ text, cursor: String(cursor) })}`, { signal });

/**
 * Which songs of the map are wanted: a bit for each.
 * @param {import('./types.js').SongMap} map
 * @param {Record<string, string>} query  search, emotion, artist, filter.
 * @param {AbortSignal} signal
 */
export async function matching({ state, include }, query, signal) {
  return new Uint8Array(await askBytes(`map/matching?${new URLSearchParams({ include: include.join(), state, ...query })}`, { signal }));
}

/** The song that a point of the map is. @param {import('./types.js').SongMap} map @param {number} at @returns {Promise<Song>} */
export const songAt = ({ state, include }, at) => ask(`map/song?${new URLSearchParams({ include: include.join(), state, at: String(at) })}`);

/** The artists of most songs. @returns {Promise<string[]>} */
export const artists = async () => (await ask('artists')).artists;

/** @param {Song} song @returns {Promise<import('./types.js').Window[]>} */
export const curve = async (song) => (await ask(`${at(song)}/curve`)).windows;

/** @param {Song} song @param {boolean} liked */
export const like = (song, liked) => ask(`${at(song)}/like`, { method: liked ? 'PUT' : 'DELETE' });

/** @param {Song} song @param {boolean} isMusic @returns {Promise<Song>} */
export const declareMusic = (song, isMusic) => ask(`${at(song)}/music`, { method: isMusic ? 'PUT' : 'DELETE' });

/** What the song sounds like to the listener. @param {Song} song @param {import('./types.js').Vector} vector @returns {Promise<Song>} */
export const correct = (song, vector) => ask(`${at(song)}/sounds`, { ...post({ vector: byEmotion(vector) }), method: 'PUT' });

/** @param {Song} song @returns {Promise<Song>} */
export const retractCorrection = (song) => ask(`${at(song)}/sounds`, { method: 'DELETE' });

/**
 * A song was left, or is over.
 * @param {Song} song
 * @param {number} seconds  How far it was heard.
 * @param {import('./types.js').Vector | null} change  How the face changed meanwhile; null where that is not kept.
 */
export const heard = (song, seconds, change) => ask(`${at(song)}/heard`, { ...post({ heard_seconds: seconds, ...(change && { reaction: byEmotion(change) }) }), keepalive: true });

/** @returns {Promise<import('./types.js').Said[]>} */
export const taste = async () => (await ask('taste')).verdicts;

/** @param {import('./types.js').Said} said */
export const forget = ({ id, verdict }) => ask(`taste/${encodeURIComponent(id)}/${verdict}`, { method: 'DELETE' });

export const forgetAll = () => ask('taste', { method: 'DELETE' });

/** A playlist file of these songs. @param {Song[]} songs @returns {Promise<Blob>} */
export async function playlist(songs) {
  const answer = await reach('playlist', post({ song_ids: songs.map(({ id }) => id) }));
  if (!answer.ok) throw refusal(answer.status, await answer.json().catch(() => null));
  return answer.blob();
}

/** @param {Song} song */
export const notNow = (song) => ask(`${at(song)}/not-now`, { method: 'POST' });

/** @param {string[]} include  Classes beside music. @returns {Promise<import('./types.js').SongMap>} */
export async function map(include) {
  const bytes = await askBytes(`map?include=${include.join()}`);
  const head = new DataView(bytes);
  const count = head.getUint32(8, true);
  const axis = (/** @type {number} */ start) => Float32Array.from({ length: count }, (_, i) => head.getUint16(start + 2 * i, true) / 32767.5 - 1);
  return {
    state: head.getBigUint64(0, true).toString(16), include, count, valence: axis(12), arousal: axis(12 + 2 * count), strongest: new Uint8Array(bytes, 12 + 4 * count),
  };
}

/** @param {string[]} folders @returns {Promise<import('./types.js').Scan>} */
export const startScan = (folders) => ask('scan', post({ folders }));

/** Composes the demo's pieces and listens to them. @returns {Promise<import('./types.js').Scan>} */
export const startDemo = () => ask('scan', post({ demo: true }));

/** @param {string} [path]  None: where to begin. @returns {Promise<import('./types.js').FolderList>} */
export const folders = (path) => ask(path === undefined ? 'folders' : `folders?${new URLSearchParams({ path })}`);

/** @returns {Promise<import('./types.js').Scan>} */
export const scan = () => ask('scan');

export const stopScan = () => ask('scan', { method: 'DELETE' });

/** @param {Song} song */
export const coverAddress = (song) => `${BASE}/${at(song)}/cover`;

/**
 * @param {Song} song
 * @param {number} [start]  Where a converted song begins, in seconds.
 */
export const audioAddress = (song, start = 0) =>
  `${BASE}/${at(song)}/audio${song.playable === 'transcode' ? `?transcode=1&start_seconds=${start.toFixed(2)}` : ''}`;

/** The address of the live WebSocket. */
export const liveAddress = () => `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${BASE}/live`;

/** Tells home automation what is so. @param {string} now  As JSON. */
export const tellNow = (now) => ask('now', { method: 'POST', headers: { 'content-type': 'application/json' }, body: now });
