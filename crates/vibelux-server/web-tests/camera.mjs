// What the fake camera shows: a face that looks happy for a while and then sad, over and over. Its
// pictures come from the research data in ../shared (or $VIBELUX_DATA), which is never committed;
// without it, there is no face that a detector would take for one, and the test says so.

import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const data = process.env.VIBELUX_DATA ?? join(here, '../../../../shared/data');
const archive = join(data, 'fer2013/validation.tar.zst');

/** How long each expression is shown, in seconds: longer than the mood takes to follow. */
export const EXPRESSION_SECONDS = 25;
const FRAMES_PER_SECOND = 30;
const FACE_PIXELS = 250;

/** Whether there are faces to show. */
export const hasFaces = existsSync(archive);

/**
 * Two faces from the front whose expressions ten of ten people named alike (see labels.csv).
 * @type {[string, string]}
 */
const FACES = ['validation/happy/im42.png', 'validation/sad/im148.png'];

/** @param {string[]} parameters */
const ffmpeg = (parameters) => execFileSync('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...parameters]);

/**
 * Makes the camera's video and a still picture.
 * @param {string} folder
 * @returns {{video: string, picture: string}}
 */
export function makeCamera(folder) {
  execFileSync('tar', ['--zstd', '-xf', archive, '-C', folder, ...FACES]);
  const video = join(folder, 'camera.mjpeg');
  const inputs = FACES.flatMap((face) => ['-loop', '1', '-framerate', String(FRAMES_PER_SECOND), '-t', String(EXPRESSION_SECONDS), '-i', join(folder, face)]);
  const scale = `scale=${FACE_PIXELS}:${FACE_PIXELS}:flags=lanczos,format=yuv420p`;
  const room = `color=c=0x8f8a80:s=640x480:r=${FRAMES_PER_SECOND}:d=${2 * EXPRESSION_SECONDS}`;
  // The face sways a little, so that the frame around it has something to follow.
  ffmpeg([...inputs, '-f', 'lavfi', '-i', room, '-filter_complex',
    `[0]${scale}[a];[1]${scale}[b];[a][b]concat=n=2[face];[2][face]overlay=x='195+12*sin(1.1*t)':y='105+6*sin(0.8*t)'`,
    '-q:v', '5', '-f', 'mjpeg', video]);
  const picture = join(folder, 'picture.jpg');
  ffmpeg(['-i', video, '-frames:v', '1', '-f', 'image2', picture]);
  return { video, picture };
}
