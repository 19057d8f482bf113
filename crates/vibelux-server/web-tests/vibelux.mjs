// Starts the program under test with a library of its own: the pieces that `vibelux demo` composes.

import { execFileSync, spawn } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Title of the song that only ffmpeg can read to most browsers, of the one that has a cover, and of what is too short for one. */
export const LOSSLESS = 'Apples Without Loss';
export const COVERED = 'A Picture on the Sleeve';
export const JINGLE = 'Six Seconds of Fame';

/** @typedef {{address: string, songs: string, said: () => string, resident: () => number | null, busySeconds: () => number, stop: () => Promise<unknown>}} Vibelux */

/**
 * Two songs and a jingle that the library does not know yet, made of composed ones.
 * @param {string} folder
 * @param {string} composed  Where the pieces of `vibelux demo` are.
 */
function makeSongs(folder, composed) {
  mkdirSync(folder);
  const [first, second] = readdirSync(composed).filter((name) => name.endsWith('.wav')).map((name) => join(composed, name));
  const ffmpeg = (/** @type {string[]} */ parameters) => execFileSync('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...parameters]);
  const tags = (/** @type {string} */ title) => ['-metadata', `title=${title}`, '-metadata', 'artist=The Browser Test'];
  // Slower than the piece that they are made of: the same recording in another file would be a copy, which the library hides.
  const slower = ['-filter:a', 'atempo=0.85'];
  ffmpeg(['-i', first, ...slower, '-c:a', 'alac', ...tags(LOSSLESS), join(folder, 'lossless.m4a')]);
  ffmpeg(['-i', first, '-t', '6', ...tags(JINGLE), join(folder, 'jingle.wav')]);
  ffmpeg(['-i', second, '-f', 'lavfi', '-i', 'gradients=s=300x300:c0=0xe69f00:c1=0x0072b2:n=2:d=1', '-map', '0', '-map', '1',
    '-frames:v', '1', '-c:v', 'mjpeg', '-disposition:v', 'attached_pic', ...slower, '-c:a', 'flac', ...tags(COVERED), join(folder, 'covered.flac')]);
}

/** @param {string} program */
function mustExist(program) {
  if (!existsSync(program)) throw new Error(`there is no ${program}; build it with \`cargo build -p vibelux-cli\`, or name one with --program`);
}

/**
 * A library with two songs that are clearly each of the emotions and two that are mixed, so that the first song can be wrong.
 * @param {string} program
 * @param {string} folder
 * @param {readonly string[]} emotions
 * @returns {string}  Its file.
 */
export function makeLibraryOfEach(program, folder, emotions) {
  mustExist(program);
  const composed = join(folder, 'composed');
  execFileSync(program, ['demo', '--dir', composed], { stdio: 'ignore' });
  const pieces = readdirSync(composed).filter((name) => name.endsWith('.wav'));
  /** @type {Record<string, number[]>} */
  const embeddings = {};
  emotions.forEach((emotion, i) => {
    [0.75, 0.5].forEach((share, j) => {
      const song = join(folder, `${emotion} ${j + 1}.wav`);
      copyFileSync(join(composed, pieces[(2 * i + j) % pieces.length]), song);
      embeddings[song] = emotions.map((_, e) => (e === i ? share : (1 - share) / (emotions.length - 1)));
    });
  });
  const file = join(folder, 'song_embeddings.json');
  writeFileSync(file, JSON.stringify(embeddings));
  const library = join(folder, 'each.db');
  execFileSync(program, ['import', 'json', file, '--library', library], { stdio: 'ignore' });
  return library;
}

/**
 * @param {string} program  The binary `vibelux`.
 * @param {string} folder  For its library and songs.
 * @param {string[]} [flags]  Further ones of `vibelux serve`.
 * @returns {Promise<Vibelux>}  `songs` is a folder with two songs and a jingle that are not in the library; `said` is what
 *   the program has printed, `resident` the server's own memory in MiB, without the file of the program, null where the system does not say; `busySeconds` how long it has
 *   had a processor since it listens.
 */
export async function startVibelux(program, folder, flags = []) {
  mustExist(program);
  const composed = join(folder, 'composed');
  const songs = join(folder, 'songs');
  execFileSync(program, ['demo', '--dir', composed], { stdio: 'ignore' });
  makeSongs(songs, composed);
  const library = join(folder, 'library.db');
  execFileSync(program, ['embed', composed, '--library', library], { stdio: 'ignore' });
  return { ...await serve(program, library, flags), songs };
}

/**
 * Starts the server with a library that is there.
 * @param {string} program
 * @param {string} library
 * @param {string[]} [flags]
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {Promise<Omit<Vibelux, 'songs'>>}
 */
export async function serve(program, library, flags = [], environment = process.env) {
  const child = spawn(program, ['serve', '--no-open', '--port', '0', '--library', library, ...flags], { stdio: ['ignore', 'pipe', 'inherit'], env: environment });
  let said = '';
  const address = await new Promise((resolve, reject) => {
    child.stdout.on('data', (data) => {
      said += data;
      const found = /https?:\/\/\S+/.exec(said);
      if (found) resolve(found[0].replace(/\/$/, ''));
    });
    child.once('exit', (code) => reject(new Error(`vibelux serve ended with ${code}`)));
  });
  const before = processorSeconds(child.pid);
  const gone = new Promise((resolve) => { child.once('exit', resolve); });
  const stop = () => {
    child.kill('SIGINT');
    return gone;
  };
  return { address, said: () => said, resident: () => resident(child.pid), busySeconds: () => processorSeconds(child.pid) - before, stop };
}

/** @param {number | undefined} pid @returns {number | null} */
function resident(pid) {
  const status = `/proc/${pid}/status`;
  const found = existsSync(status) && /RssAnon:\s+(\d+)/.exec(readFileSync(status, 'utf8'));
  return found ? Number(found[1]) / 1024 : null;
}

/** @param {number | undefined} pid @returns {number}  Of all its threads; NaN where the system does not say. */
function processorSeconds(pid) {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return NaN;
  // User and system time in hundredths, the 14th and 15th value; the second, a name, may hold blanks.
  const values = readFileSync(stat, 'utf8').split(') ')[1].split(' ');
  return (Number(values[11]) + Number(values[12])) / 100;
}
