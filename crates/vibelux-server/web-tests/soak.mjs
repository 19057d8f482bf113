// An hour of the camera, as fast as the server answers: `node soak.mjs [--minutes 60] [--per-second 10]`.
//
// Sends the camera's pictures over the live WebSocket, the next as soon as the last is answered, and says
// after each tenth what the server's memory is and how much of the processor a picture costs. Ends with 1
// if the memory still grows after the first tenth.

import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasFaces, makeCamera } from './camera.mjs';
import { Chromium, pause } from './chromium.mjs';
import { startVibelux } from './vibelux.mjs';

const { values: options } = parseArgs({
  options: {
    program: { type: 'string', default: process.env.VIBELUX_BIN ?? '../../../target/debug/vibelux' },
    minutes: { type: 'string', default: '60' },
    'per-second': { type: 'string', default: '10' },
  },
});
/** More than this, in MiB, is growth and not the allocator's habit. */
const ALLOWED_GROWTH = 8;
const frames = 60 * Number(options.minutes) * Number(options['per-second']);

const folder = mkdtempSync(join(tmpdir(), 'vibelux-soak-'));
const { video } = await makeCamera(folder, !hasFaces);
const stills = join(folder, 'stills');
mkdirSync(stills);
// One a second: both expressions, and every place to which the face sways.
execFileSync('ffmpeg', ['-nostdin', '-loglevel', 'error', '-i', video, '-vf', 'fps=1', '-q:v', '4', join(stills, '%03d.jpg')]);
const pictures = readdirSync(stills).sort().map((name) => readFileSync(join(stills, name)).toString('base64'));

const server = await startVibelux(options.program, folder);
const browser = await Chromium.start({ flags: ['--disable-gpu'] });
await browser.open(`${server.address}/api/docs`);
await browser.run(`(() => {
  const pictures = ${JSON.stringify(pictures)}.map((text) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0)));
  const socket = new WebSocket(location.origin.replace('http', 'ws') + '/api/v1/live');
  window.soak = { answered: 0, faces: 0, ended: false };
  const send = (number) => {
    const picture = pictures[number % pictures.length];
    const message = new Uint8Array(4 + picture.length);
    new DataView(message.buffer).setUint32(0, number);
    message.set(picture, 4);
    socket.send(message);
  };
  socket.addEventListener('close', () => { window.soak.ended = true; });
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data);
    if (message.type === 'hello') send(0);
    if (message.type !== 'frame') return;
    window.soak.answered += 1;
    window.soak.faces += message.faces.length;
    if (window.soak.answered < ${frames}) send(window.soak.answered);
    else socket.close();
  });
})()`);

const start = Date.now();
/** Memory in MiB after each tenth. @type {number[]} */
const memory = [];
for (let soak = { answered: 0, faces: 0, ended: false }; !soak.ended || memory.length < 10;) {
  await pause(200);
  soak = await browser.run('window.soak');
  if (soak.ended && soak.answered < frames) throw new Error(`the server closed the socket after ${soak.answered} pictures`);
  if (soak.answered < (frames * (memory.length + 1)) / 10) continue;
  memory.push(server.resident() ?? NaN);
  const seconds = (Date.now() - start) / 1000;
  console.log(`${String(soak.answered).padStart(7)} of ${frames} pictures, ${soak.faces} faces, ${seconds.toFixed(0)} s: ${memory[memory.length - 1].toFixed(1)} MiB, `
    + `${((1000 * server.busySeconds()) / soak.answered).toFixed(1)} ms of processor a picture`);
}
await browser.stop();
await server.stop();
rmSync(folder, { recursive: true, force: true });
const growth = memory[9] - memory[0];
console.log(`${growth.toFixed(1)} MiB more at the end than after a tenth`);
process.exitCode = growth > ALLOWED_GROWTH ? 1 : 0;
