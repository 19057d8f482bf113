// Starts the program under test with a library of its own: the pieces that `vibelux demo` composes.

import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * @param {string} program  The binary `vibelux`.
 * @param {string} folder  For its library and songs.
 * @returns {Promise<{address: string, songs: string, stop: () => Promise<unknown>}>}
 */
export async function startVibelux(program, folder) {
  if (!existsSync(program)) throw new Error(`there is no ${program}; build it with \`cargo build -p vibelux-cli\`, or name one with --program`);
  const songs = join(folder, 'songs');
  execFileSync(program, ['demo', '--dir', songs], { stdio: 'ignore' });
  const library = join(folder, 'library.db');
  execFileSync(program, ['embed', songs, '--library', library], { stdio: 'ignore' });
  const child = spawn(program, ['serve', '--no-open', '--port', '0', '--library', library], { stdio: ['ignore', 'pipe', 'inherit'] });
  const address = await new Promise((resolve, reject) => {
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
      const found = /https?:\/\/\S+/.exec(said);
      if (found) resolve(found[0].replace(/\/$/, ''));
    });
    child.once('exit', (code) => reject(new Error(`vibelux serve ended with ${code}`)));
  });
  const stop = () => new Promise((resolve) => {
    child.once('exit', resolve);
    child.kill('SIGINT');
  });
  return { address, songs, stop };
}
