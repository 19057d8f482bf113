// What the fake camera shows: a face that looks happy for a while and then sad, over and over. Its
// pictures come from the research data in ../shared (or $VIBELUX_DATA), which is never committed, or
// are drawn where that is absent.

import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Chromium } from './chromium.mjs';
import { WALL, facePage } from './drawn_face.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const data = process.env.VIBELUX_DATA ?? join(here, '../../../../shared/data');
const archive = join(data, 'fer2013/validation.tar.zst');

/** How long each expression is shown, in seconds: longer than the mood takes to follow. */
export const EXPRESSION_SECONDS = 25;
const FRAMES_PER_SECOND = 30;

/** Two faces from the front whose expressions ten of ten people named alike (see labels.csv). */
const FACES = ['validation/happy/im42.png', 'validation/sad/im148.png'];

/** Two faces of each of five expressions that most of ten people named so. */
const EXPRESSIONS = {
  angry: ['im192', 'im259'],
  happy: ['im642', 'im340'],
  neutral: ['im51', 'im375'],
  sad: ['im389', 'im148'],
  surprised: ['im45', 'im325'],
};

/** Whether the research data are there. */
export const hasFaces = existsSync(archive);

/** @param {string[]} parameters */
const ffmpeg = (parameters) => execFileSync('ffmpeg', ['-nostdin', '-y', '-loglevel', 'error', ...parameters]);

/** @param {string} folder @returns {Promise<string[]>} Two pictures of 640 x 480 pixels. */
async function drawn(folder) {
  const browser = await Chromium.start({ flags: ['--disable-gpu'] });
  await browser.resize(640, 480);
  const pictures = [];
  for (const expression of /** @type {const} */ (['happy', 'sad'])) {
    await browser.open(`data:text/html;base64,${Buffer.from(facePage(expression)).toString('base64')}`);
    pictures.push(join(folder, `${expression}.png`));
    writeFileSync(pictures[pictures.length - 1], await browser.screenshot());
  }
  await browser.stop();
  return pictures;
}

/** @param {string} folder @returns {string[]} */
function photographed(folder) {
  execFileSync('tar', ['--zstd', '-xf', archive, '-C', folder, ...FACES]);
  return FACES.map((face) => join(folder, face));
}

/** Width and height of a face in the camera's picture, and the corner it is laid at. @param {boolean} draw */
const placed = (draw) => (draw ? [640, 480, 0, 0] : [250, 250, 195, 105]);

/** The face sways a little, so that the frame around it has something to follow. @param {number} left @param {number} top */
const swaying = (left, top) => `overlay=x='${left}+12*sin(1.1*t)':y='${top}+6*sin(0.8*t)'`;

/** @param {number} width @param {number} height */
const scaled = (width, height) => `scale=${width}:${height}:flags=lanczos,format=yuv420p`;

/**
 * Makes a video for each of some faces that hold their expression: five expressions of photographs, or two of a drawn face.
 * @param {string} folder
 * @param {boolean} draw
 * @returns {Promise<{emotion: string, video: string}[]>}
 */
export async function makeStills(folder, draw) {
  const seconds = 20;
  /** @type {[string, string][]} */
  let faces;
  if (draw) {
    const [happy, sad] = await drawn(folder);
    faces = [['happy', happy], ['sad', sad]];
  } else {
    faces = Object.entries(EXPRESSIONS).flatMap(([emotion, names]) => names.map((name) => /** @type {[string, string]} */ ([emotion, `validation/${emotion}/${name}.png`])));
    execFileSync('tar', ['--zstd', '-xf', archive, '-C', folder, ...faces.map(([, name]) => name)]);
    faces = faces.map(([emotion, name]) => [emotion, join(folder, name)]);
  }
  const [width, height, left, top] = placed(draw);
  return faces.map(([emotion, face], i) => {
    const video = join(folder, `${emotion}-${i}.mjpeg`);
    ffmpeg(['-loop', '1', '-framerate', String(FRAMES_PER_SECOND), '-t', String(seconds), '-i', face,
      '-f', 'lavfi', '-i', `color=c=0x${WALL}:s=640x480:r=${FRAMES_PER_SECOND}:d=${seconds}`,
      '-filter_complex', `[0]${scaled(width, height)}[face];[1][face]${swaying(left, top)}`, '-q:v', '5', '-f', 'mjpeg', video]);
    return { emotion, video };
  });
}

/**
 * Makes the camera's video and a still picture.
 * @param {string} folder
 * @param {boolean} draw  Whether the faces are drawn.
 * @returns {Promise<{video: string, picture: string, tiff: string, pair: string}>}  The picture shows one face, the TIFF
 *     the same, which Chromium cannot show; the pair two.
 */
export async function makeCamera(folder, draw) {
  const pictures = draw ? await drawn(folder) : photographed(folder);
  const [width, height, left, top] = placed(draw);
  const video = join(folder, 'camera.mjpeg');
  const inputs = pictures.flatMap((face) => ['-loop', '1', '-framerate', String(FRAMES_PER_SECOND), '-t', String(EXPRESSION_SECONDS), '-i', face]);
  const scale = scaled(width, height);
  const room = `color=c=0x${WALL}:s=640x480:r=${FRAMES_PER_SECOND}:d=${2 * EXPRESSION_SECONDS}`;
  ffmpeg([...inputs, '-f', 'lavfi', '-i', room, '-filter_complex',
    `[0]${scale}[a];[1]${scale}[b];[a][b]concat=n=2[face];[2][face]${swaying(left, top)}`,
    '-q:v', '5', '-f', 'mjpeg', video]);
  const picture = join(folder, 'picture.jpg');
  ffmpeg(['-i', video, '-frames:v', '1', '-f', 'image2', picture]);
  const tiff = join(folder, 'picture.tiff');
  ffmpeg(['-i', picture, '-frames:v', '1', '-pix_fmt', 'rgb24', '-f', 'image2', tiff]);
  const pair = join(folder, 'pair.jpg');
  ffmpeg([...pictures.flatMap((face) => ['-i', face]), '-f', 'lavfi', '-i', `color=c=0x${WALL}:s=1280x480`, '-filter_complex',
    `[0]${scale}[a];[1]${scale}[b];[2][a]overlay=x=${left}:y=${top}[one];[one][b]overlay=x=${640 + left}:y=${top}`,
    '-frames:v', '1', '-f', 'image2', pair]);
  return { video, picture, tiff, pair };
}
