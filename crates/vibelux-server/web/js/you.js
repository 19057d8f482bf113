// The first part of the page: where the mood comes from. Camera, picture, by hand, or a song; each
// fills the same stage and the same seven bars, and says the mood to `onMood`.

import { Bars } from './bars.js';
import { byId, calmMotion, chosenRadio, make, say, sayPhrase } from './dom.js';
import { mean, phrase, sentence } from './emotions.js';
import { t } from './language.js';
import { Live } from './live.js';
import { CameraProblem, Mirror } from './mirror.js';
import { analyse, preview, ServerError } from './server.js';
import { SeedSearch } from './seed.js';
import { settings } from './settings.js';
import { Wheel } from './wheel.js';

/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').FaceChoice} FaceChoice */
/** @typedef {'camera' | 'picture' | 'hand' | 'song'} Source */
/** @typedef {{source: 'face' | 'mood' | 'song', vector: Vector, song_id?: string}} Mood */
/**
 * What the music should do: songs for the mood, a song at once in place of the one that has just begun, or wait for the first.
 * @typedef {{rank?: boolean, cross?: boolean, looking?: boolean}} Follow
 */

const MAX_PICTURE_BYTES = 12 * 1024 * 1024;
/** Sliders and wheel: the queue follows when the hand has rested for this long. */
const HAND_RESTS_MS = 350;
/** The spoken and written sentence changes at most this often, so that it can be read. */
const SENTENCE_MS = 900;

const ADVICE = /** @type {const} */ ({
  closer: 'adviceCloser',
  more_light: 'adviceMoreLight',
  less_light: 'adviceLessLight',
  hold_still: 'adviceHoldStill',
  look_here: 'adviceLookHere',
});

export class You {
  /**
   * @param {(mood: Mood, follow: Follow) => void} onMood
   * @param {() => void} onStart  The camera's button was clicked.
   */
  constructor(onMood, onStart) {
    this.onMood = onMood;
    this.onStart = onStart;
    this.stage = byId('stage', HTMLElement);
    this.bars = new Bars(byId('bars', HTMLElement), (vector) => this.byHand(vector, 'bars'));
    this.wheel = new Wheel((vector) => this.byHand(vector, 'wheel'));
    byId('wheel', HTMLElement).append(this.wheel.element);
    this.live = new Live((frame) => this.see(frame), (connected) => this.connection(connected));
    this.mirror = new Mirror(byId('mirror', HTMLCanvasElement), this.live);
    this.seed = new SeedSearch((song) => {
      this.read(song.vector, true);
      this.onMood({ source: 'song', vector: song.vector, song_id: song.id }, { rank: true });
    });
    /** @type {Source} */
    this.source = 'camera';
    /** @type {FaceChoice} */
    this.choice = 'largest';
    /** The faces of the picture that is shown. @type {Vector[]} */
    this.pictureFaces = [];
    /** @type {import('./mirror.js').Picture | null} */
    this.picture = null;
    /** @type {Vector | null} */
    this.vector = null;
    this.sentenceAt = 0;
    this.handTimer = 0;
    this.tracks = '';
    /** @type {'' | Frame['baseline']} */
    this.baseline = 'none';
    /** @type {Frame['rest']} */
    this.rest = null;
    this.connected = true;
    this.bind();
  }

  bind() {
    byId('source', HTMLFieldSetElement).addEventListener('change', () => this.turnTo(/** @type {Source} */ (chosenRadio('source'))));
    byId('camera-start', HTMLButtonElement).addEventListener('click', () => void this.startCamera());
    byId('camera-stop', HTMLButtonElement).addEventListener('click', () => {
      this.stopCamera();
      byId('camera-start', HTMLButtonElement).focus();
    });
    byId('mirror', HTMLCanvasElement).addEventListener('click', (event) => {
      const face = this.mirror.faceAt(event.clientX, event.clientY);
      if (face && this.mirror.shown.length > 1) this.choose(face.track);
    });
    const tuning = byId('tuning', HTMLDetailsElement);
    tuning.addEventListener('toggle', () => tuning.open && tuning.scrollIntoView({ block: 'end', behavior: calmMotion() ? 'auto' : 'smooth' }));
    byId('baseline', HTMLButtonElement).addEventListener('click', () =>
      this.baseline === 'set' ? this.live.resetBaseline() : this.live.takeBaseline());
    const file = byId('picture-file', HTMLInputElement);
    file.addEventListener('change', () => {
      if (file.files?.[0]) void this.takePicture(file.files[0]);
      file.value = '';
    });
    // A picture may be dropped anywhere on the page.
    document.addEventListener('dragover', (event) => {
      event.preventDefault();
      document.body.classList.add('dragging');
    });
    document.addEventListener('dragleave', (event) => {
      if (!event.relatedTarget) document.body.classList.remove('dragging');
    });
    document.addEventListener('drop', (event) => {
      event.preventDefault();
      document.body.classList.remove('dragging');
      const dropped = event.dataTransfer?.files[0];
      if (dropped) void this.takePicture(dropped);
    });
  }

  /** A mood that is set from elsewhere, as if by hand. @param {Vector} vector */
  setHand(vector) {
    const radio = document.querySelector('input[name="source"][value="hand"]');
    if (radio instanceof HTMLInputElement) radio.checked = true;
    this.vector = vector;
    this.turnTo('hand');
  }

  /** @param {Source} source */
  turnTo(source) {
    if (source !== 'camera') this.stopCamera();
    say(byId('advice', HTMLElement), '');
    this.source = source;
    this.stage.dataset.source = source;
    this.stage.dataset.live = 'off';
    document.body.dataset.source = source;
    byId('who', HTMLElement).hidden = true;
    this.bars.edit(source === 'hand');
    if (source === 'hand') {
      // What was read stays, to be corrected: this is how a wrong reading is overruled.
      const vector = this.vector ?? this.wheelStart();
      this.wheel.show(vector);
      this.byHand(vector, null);
    } else {
      this.read(null, true);
    }
    this.translate();
  }

  wheelStart() {
    return mean([[0, 0, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 0, 0]]).map((share) => 0.8 * share + 0.2 / 7);
  }

  async startCamera() {
    const problem = byId('camera-problem', HTMLElement);
    const start = byId('camera-start', HTMLButtonElement);
    say(problem, '');
    this.onStart();
    start.disabled = true;
    try {
      await this.mirror.start();
    } catch (error) {
      say(problem, t(error instanceof CameraProblem ? error.key : 'cameraMissing'));
      return;
    } finally {
      start.disabled = false;
    }
    this.stage.dataset.live = 'on';
    this.live.open();
    byId('camera-stop', HTMLButtonElement).focus({ preventScroll: true });
  }

  stopCamera() {
    this.mirror.stop();
    this.live.close();
    this.tracks = '';
    this.stage.dataset.live = 'off';
    this.connected = true;
    say(byId('advice', HTMLElement), '');
    byId('who', HTMLElement).hidden = true;
    if (this.source === 'camera') this.read(null, true);
  }

  /** @param {boolean} connected */
  connection(connected) {
    this.connected = connected;
    say(byId('advice', HTMLElement), connected ? '' : t('connectionLost'));
  }

  /**
   * What the server saw in a camera frame.
   * @param {Frame} frame
   */
  see(frame) {
    if (this.source !== 'camera' || this.stage.dataset.live !== 'on') return;
    this.mirror.chosen = frame.chosen?.track ?? null;
    this.mirror.answer(frame);
    const looked = frame.faces.find(({ track }) => track === frame.chosen?.track) ?? frame.faces[0];
    say(byId('advice', HTMLElement), looked?.quality.advice ? t(ADVICE[looked.quality.advice]) : '');
    this.read(frame.chosen?.bars ?? null, false);
    this.rest = frame.rest;
    this.showBaseline(frame.baseline);
    this.showFaces(frame.faces.map(({ track }) => track).sort((a, b) => a - b));
    this.showSpeed();
    if (frame.chosen) this.onMood({ source: 'face', vector: frame.chosen.mood }, frame);
  }

  /**
   * @param {Vector | null} vector
   * @param {boolean} now  Whether the sentence changes at once.
   * @param {boolean} [moveSliders]
   */
  read(vector, now, moveSliders = true) {
    this.vector = vector ?? (this.source === 'camera' ? this.vector : null);
    this.bars.show(vector, moveSliders);
    const reading = byId('reading', HTMLElement);
    const fresh = reading.dataset.empty === 'true' && vector !== null;
    reading.dataset.empty = String(vector === null);
    const time = performance.now();
    if (!now && !fresh && time - this.sentenceAt < SENTENCE_MS) return;
    this.sentenceAt = time;
    const live = this.source === 'camera' && this.stage.dataset.live === 'on';
    sayPhrase(byId('reading-sentence', HTMLElement), vector ? phrase(vector) : { main: '…', extra: live ? t('noFace') : '' });
  }

  /**
   * @param {Vector} vector
   * @param {'bars' | 'wheel' | null} from  What the hand is on, which must not be moved under it.
   */
  byHand(vector, from) {
    this.read(vector, true, from !== 'bars');
    if (from === 'bars') this.wheel.show(vector);
    this.onMood({ source: 'mood', vector }, { rank: from === null });
    clearTimeout(this.handTimer);
    if (from) {
      this.handTimer = window.setTimeout(() => this.source === 'hand' && this.onMood({ source: 'mood', vector }, { rank: true }), HAND_RESTS_MS);
    }
  }

  /** @param {File} file */
  async takePicture(file) {
    const radio = document.querySelector('input[name="source"][value="picture"]');
    if (radio instanceof HTMLInputElement) radio.checked = true;
    this.picture = null;
    this.pictureFaces = [];
    this.turnTo('picture');
    const problem = byId('picture-problem', HTMLElement);
    say(problem, '');
    if (file.size > MAX_PICTURE_BYTES) {
      say(problem, t('pictureKind'));
      return;
    }
    try {
      // HEIC and TIFF, which most browsers cannot show, comes back as the program sees it.
      const own = createImageBitmap(file).catch(() => null);
      const analysis = await analyse(file);
      const picture = await own ?? await createImageBitmap(await preview(file));
      if (analysis.faces.length === 0) {
        say(problem, t('pictureNoFace'));
        return;
      }
      const largest = (/** @type {import('./types.js').PictureFace} */ face) => face.box.width * face.box.height;
      const faces = analysis.faces.sort((a, b) => largest(b) - largest(a));
      this.pictureFaces = faces.map(({ vector }) => vector);
      this.picture = { bitmap: picture, width: analysis.width, height: analysis.height, faces: faces.map(({ box, vector, counts }, i) => ({ track: i + 1, box, vector, counts })) };
      this.stage.dataset.live = 'on';
      this.showFaces(faces.map((_, i) => i + 1));
      this.choose(this.choice);
    } catch (error) {
      const unread = !(error instanceof Error) || error.name === 'InvalidStateError'
        || (error instanceof ServerError && error.code === 'unsupported_picture');
      say(problem, unread ? t('pictureKind') : error.message);
    }
  }

  /** @param {FaceChoice} choice  Whose face counts. */
  choose(choice) {
    this.choice = choice;
    this.live.face = choice;
    for (const radio of document.querySelectorAll('input[name="who"]')) {
      if (radio instanceof HTMLInputElement) radio.checked = radio.value === String(choice);
    }
    this.translate();
    if (this.source === 'camera') {
      this.live.sendSettings();
    } else if (this.source === 'picture' && this.picture) {
      const at = typeof choice === 'number' && choice <= this.pictureFaces.length ? choice : 1;
      const vector = choice === 'mean' ? mean(this.pictureFaces) : this.pictureFaces[at - 1];
      this.mirror.chosen = choice === 'mean' ? null : at;
      const counts = choice === 'mean' ? 1 : this.picture.faces[at - 1].counts ?? 1;
      say(byId('advice', HTMLElement), counts < 1 ? t('pictureLooksAway') : '');
      this.mirror.showPicture(this.picture);
      this.read(vector, true);
      this.onMood({ source: 'face', vector }, { rank: true });
    }
  }

  /**
   * Offers the choice of a face while there is more than one; the mirror numbers them alike.
   * @param {number[]} tracks  In rising order.
   */
  showFaces(tracks) {
    const wanted = tracks.length > 1 ? tracks : [];
    const key = wanted.join(' ');
    if (key === this.tracks) return;
    this.tracks = key;
    const who = byId('who', HTMLElement);
    who.hidden = wanted.length === 0 && (this.choice === 'largest' || this.source === 'picture');
    /** @type {[FaceChoice, string, string][]} */
    const choices = [['largest', t('whoLargest'), t('whoLargest')], ['mean', t('whoMean'), t('whoMean')],
      ...wanted.map((track, i) => /** @type {[FaceChoice, string, string]} */ ([track, String(i + 1), t('whoFace', i + 1)]))];
    who.querySelectorAll('label').forEach((label) => label.remove());
    for (const [choice, text, name] of choices) {
      const radio = make('input', { type: 'radio', name: 'who', value: String(choice), 'aria-label': name });
      radio.checked = choice === this.choice;
      radio.addEventListener('change', () => this.choose(choice));
      who.append(make('label', {}, radio, make('span', {}, text)));
    }
  }

  /** @param {'' | Frame['baseline']} baseline */
  showBaseline(baseline) {
    this.showRest();
    if (baseline === this.baseline) return;
    this.baseline = baseline;
    const button = byId('baseline', HTMLButtonElement);
    button.disabled = baseline === 'taking';
    button.textContent = t(baseline === 'set' ? 'baselineReset' : 'baselineTake');
    const hints = /** @type {const} */ ({ '': 'baselineHint', none: 'baselineHint', taking: 'baselineTaking', learnt: 'baselineLearnt', set: 'baselineSet' });
    byId('baseline-hint', HTMLElement).textContent = t(hints[baseline]);
  }

  /** What the face looks like at rest, and how much its expressions are enlarged. */
  showRest() {
    if (!byId('tuning', HTMLDetailsElement).open) return;
    const { rest } = this;
    const known = rest?.vector ? t('restKnown', sentence(rest.vector), rest.gain.toLocaleString(settings.language, { maximumFractionDigits: 1 })) : '';
    say(byId('rest', HTMLElement), known);
  }

  showSpeed() {
    if (!byId('tuning', HTMLDetailsElement).open) return;
    const { perSecond, median_ms: median, p95_ms: p95 } = this.mirror.speed;
    byId('timings', HTMLElement).textContent = t('timings', perSecond.toFixed(0), median.toFixed(0), p95.toFixed(0));
  }

  /** Settings of the readings have changed. */
  tune() {
    this.live.sendSettings();
  }

  translate() {
    this.bars.translate();
    this.wheel.translate();
    const room = this.choice === 'mean';
    const caption = { camera: room ? 'readingRoom' : 'readingCamera', picture: room ? 'readingRoom' : 'readingPicture', hand: 'readingHand', song: 'readingSong' };
    byId('reading-caption', HTMLElement).textContent = t(/** @type {'readingCamera'} */ (caption[this.source]));
    this.read(this.bars.vector, true);
    this.tracks = '-';
    if (this.source === 'picture') this.showFaces(this.pictureFaces.map((_, i) => i + 1));
    const { baseline } = this;
    this.baseline = '';
    this.showBaseline(baseline);
  }
}
