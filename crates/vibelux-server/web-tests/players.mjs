// Music players: `node players.mjs [--program target/debug/vibelux]`.
//
// Starts the program for players and asks it through a client library that many of them could use (subsonic-api), and through ffmpeg as
// the one that plays. Ends with 0 if every check holds.

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import SubsonicAPI from 'subsonic-api';
import { must } from './checks.mjs';
import { COVERED, LOSSLESS, startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: { program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' } },
});

const folder = mkdtempSync(join(tmpdir(), 'vibelux-players-'));
const library = join(folder, 'library.db');
const flags = ['--subsonic', '--subsonic-port', '0', '--subsonic-account', join(folder, 'account')];
const server = await startVibelux(options.program, folder, flags);
execFileSync(options.program, ['embed', server.songs, '--library', library], { stdio: 'ignore' });

/** @param {string} name @returns {Promise<string>}  What the program printed there, which comes after the page's address. */
async function told(name) {
  for (let i = 0; i < 100; i += 1) {
    const found = new RegExp(`^ +${name} +(\\S+)`, 'm').exec(server.said());
    if (found) return found[1];
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error(`no ${name} is told`);
}

const url = await told('server');
const [username, password, apiKey] = [await told('user'), await told('password'), await told('API key')];
const player = new SubsonicAPI({ url, auth: { username, password } });
/** @param {string} method @param {Record<string, unknown>} parameters */
const ask = async (method, parameters) => (await player.customJSON(method, parameters));
/** @type {any[]} */
let songs = [];

/** @type {[string, () => Promise<string | void>][]} */
const checks = [
  ['a player gets in with token or key, and with nothing else', async () => {
    must((await player.ping()).status === 'ok', 'the token is refused');
    const byKey = new SubsonicAPI({ url, auth: { apiKey }, post: true });
    must((await byKey.ping()).status === 'ok', 'the key is refused');
    const other = new SubsonicAPI({ url, auth: { username, password: `${password}x` } });
    must((await other.ping()).error?.code === 40, 'another password is not refused');
    must((await player.getOpenSubsonicExtensions()).openSubsonicExtensions.some(({ name }) => name === 'sonicSimilarity'), 'no extension');
  }],

  ['it copies the library, page by page', async () => {
    for (let page; page === undefined || page.length > 0; songs = [...songs, ...page]) {
      page = (await player.search3({ query: '', artistCount: 0, albumCount: 0, songCount: 5, songOffset: songs.length })).searchResult3.song ?? [];
    }
    must(songs.length === 14 && new Set(songs.map(({ id }) => id)).size === 14, `${songs.length} songs`);
    const { artists } = await player.getArtists();
    const artist = artists.index?.[0].artist?.[0];
    must(artist !== undefined, 'no artist');
    const album = (await player.getArtist({ id: artist?.id ?? '' })).artist.album?.[0];
    const { album: { song } } = await player.getAlbum({ id: album?.id ?? '' });
    must(song?.some(({ artistId }) => artistId === artist?.id) === true, 'the album has no song of the artist');
    return `${songs.length} songs`;
  }],

  ['songs are streamed, as they are and converted', async () => {
    const lossless = songs.find(({ title }) => title === LOSSLESS);
    must(lossless.transcodedSuffix === 'mp3', `ALAC becomes ${lossless.transcodedSuffix}`);
    const probe = async (/** @type {any} */ parameters) => {
      const response = await player.stream(parameters);
      must(response.ok, `the answer is ${response.status}`);
      const streamed = join(folder, 'streamed');
      writeFileSync(streamed, new Uint8Array(await response.arrayBuffer()));
      const wanted = ['-v', 'error', '-show_entries', 'stream=codec_name:format=bit_rate', '-of', 'csv=p=0', streamed];
      return `${execFileSync('ffprobe', wanted)}`.trim().split('\n');
    };
    must((await probe({ id: lossless.id }))[0] === 'mp3', 'it is no MP3');
    must((await probe({ id: lossless.id, format: 'raw' }))[0] === 'alac', 'raw is not the file');
    const [codec, rate] = await probe({ id: songs.find(({ suffix }) => suffix === 'wav').id, maxBitRate: 96 });
    must(codec === 'mp3' && Number(rate) < 110_000, `96 kbit/s are ${codec} of ${rate}`);
  }],

  ['a song is played through its address', async () => {
    const { id } = songs.find(({ suffix }) => suffix === 'wav');
    const address = `${url}/rest/stream?apiKey=${apiKey}&v=1.16.1&c=ffmpeg&id=${id}`;
    const seconds = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'format=duration', '-of', 'csv=p=0', address]);
    must(Math.abs(Number(seconds) - songs.find((song) => song.id === id).duration) < 1, `it plays for ${seconds} s`);
  }],

  ['covers are as small as a list needs them', async () => {
    const covered = songs.find(({ title }) => title === COVERED);
    const response = await player.getCoverArt({ id: covered.coverArt, size: 64 });
    const picture = new Uint8Array(await response.arrayBuffer());
    const size = execFileSync('ffprobe', ['-v', 'error', '-show_entries', 'stream=width,height', '-of', 'csv=p=0', '-'], { input: picture });
    must(`${size}`.trim() === '64,64', `it is ${size}`);
  }],

  ['songs that sound alike, a way between two, and a list for each mood', async () => {
    const [from, to] = [songs[0].id, songs[5].id];
    const alike = (await player.getSimilarSongs2({ id: from, count: 5 })).similarSongs2.song ?? [];
    must(alike.length === 5 && alike.every(({ id }) => id !== from), `${alike.length} songs are alike`);
    const { sonicMatch } = await ask('findSonicPath', { startSongId: from, endSongId: to, count: 6 });
    const way = sonicMatch.map(({ entry }) => entry.id);
    must(way.length === 6 && way[0] === from && way[5] === to, 'the way begins or ends elsewhere');
    const lists = (await player.getPlaylists()).playlists.playlist ?? [];
    must(lists.length === 7, `${lists.length} lists`);
    const happy = (await player.getPlaylist({ id: lists[3].id })).playlist;
    must(happy.name === 'Happy' && (happy.entry ?? []).length === 10, `${happy.name} has ${happy.entry?.length} songs`);
  }],

  ['a star is a like', async () => {
    await player.star({ id: songs[2].id });
    const { starred2 } = await player.getStarred2();
    must(starred2.song?.[0].id === songs[2].id, 'no star is kept');
    const liked = await (await fetch(`${server.address}/api/v1/songs/${songs[2].id}`)).json();
    must(liked.liked === true, 'the page knows nothing of it');
  }],
];

let failed = 0;
for (const [name, check] of checks) {
  try {
    const said = await check();
    console.log(`ok      ${name}${said ? `: ${said}` : ''}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${failed} failed`);
await server.stop();
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed > 0 ? 1 : 0;
