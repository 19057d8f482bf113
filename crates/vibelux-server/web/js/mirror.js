// The mirror: shows the camera at its full rate, and around every face a frame that belongs to exactly
// the picture that is shown. To that end the picture runs late by as long as the server takes to
// answer (some 50 ms), and the frames between two answers get a box between their boxes.

import { COLOURS, strongest } from './emotions.js';

/** @typedef {import('./types.js').Box} Box */
/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {{track: number, box: Box, vector: Vector, counts?: number}} Shown */
/** @typedef {{canvas: HTMLCanvasElement, context: CanvasRenderingContext2D, time: number, sequence: number}} Slot */
/** @typedef {{time: number, faces: Shown[]}} Answer */
/** A picture may be shown smaller than what its faces were found in: that size is given. */
/** @typedef {{bitmap: ImageBitmap, width: number, height: number, faces: Shown[]}} Picture */

/** Frames kept; at 30 a second the picture can run late by up to a quarter of a second. */
const SLOTS = 9;
const MAX_DELAY_MS = 230;
/** Speeds are those of this last while. */
const MEASURED_MS = 3000;
/** An older picture is not worth the server's time: the next one comes soon. */
const FRESH_MS = 40;
const JPEG_QUALITY = 0.8;
/** How often a hidden page looks: its frames are not painted, but the mood should go on. */
const HIDDEN_MS = 400;

/** Why a camera did not start: a key of the texts. */
export class CameraProblem extends Error {
  /** @param {'cameraDenied' | 'cameraMissing' | 'cameraBusy' | 'cameraInsecure'} key */
  constructor(key) {
    super(key);
    this.key = key;
  }
}

export class Mirror {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {import('./live.js').Live} live
   */
  constructor(canvas, live) {
    this.canvas = canvas;
    this.live = live;
    const context = canvas.getContext('2d');
    if (!context) throw new Error('the browser has no canvas');
    this.context = context;
    this.video = document.createElement('video');
    this.video.muted = true;
    this.video.playsInline = true;
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {Slot[]} */
    this.slots = [];
    this.sequence = 0;
    /** @type {Answer[]} */
    this.answers = [];
    /** Latencies and times of the last answers, in milliseconds. @type {{at: number, ms: number}[]} */
    this.measured = [];
    /** How late the last pictures were shown, in milliseconds. @type {number[]} */
    this.late = [];
    /** @type {number | null} The track that counts, drawn in colour; null for all. */
    this.chosen = null;
    /** What was painted last, for a click on a face. @type {Shown[]} */
    this.shown = [];
    this.mirrored = true;
    this.run = 0;
    /** The last frame that was handed to the server. */
    this.offered = { sequence: 0, time: 0 };
    /** @type {Worker | null} */
    this.worker = null;
    document.addEventListener('visibilitychange', () => this.watchHidden());
  }

  /** Asks for the camera and shows it. Throws a `CameraProblem`. */
  async start() {
    if (!navigator.mediaDevices?.getUserMedia) throw new CameraProblem('cameraInsecure');
    const run = ++this.run;
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({
        audio: false,
        video: { width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: 'user' },
      });
    } catch (error) {
      const name = error instanceof DOMException ? error.name : '';
      if (name === 'NotAllowedError' || name === 'SecurityError') throw new CameraProblem('cameraDenied');
      throw new CameraProblem(name === 'NotReadableError' ? 'cameraBusy' : 'cameraMissing');
    }
    this.video.srcObject = this.stream;
    await this.video.play();
    this.answers = [];
    this.measured = [];
    this.mirrored = true;
    this.eachFrame(run);
  }

  stop() {
    this.run += 1;
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = null;
    this.video.srcObject = null;
    this.slots = [];
    this.answers = [];
    this.shown = [];
    this.context.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** @param {number} run  Ends when another start or stop has come. */
  eachFrame(run) {
    const step = () => {
      if (run !== this.run) return;
      this.keep();
      this.paintLate();
      this.video.requestVideoFrameCallback(step);
    };
    this.video.requestVideoFrameCallback(step);
    this.watchHidden();
  }

  watchHidden() {
    const run = this.run;
    if (!document.hidden || !this.stream) return;
    const timer = setInterval(() => {
      if (!document.hidden || run !== this.run) clearInterval(timer);
      else this.keep();
    }, HIDDEN_MS);
  }

  /** Keeps the camera's picture, and hands it to the server if that is free. */
  keep() {
    const { videoWidth: width, videoHeight: height } = this.video;
    if (width === 0) return;
    const slot = this.slots.length < SLOTS ? newSlot(width, height) : this.slots.shift();
    if (!slot) return;
    if (slot.canvas.width !== width || slot.canvas.height !== height) {
      slot.canvas.width = width;
      slot.canvas.height = height;
    }
    slot.context.drawImage(this.video, 0, 0);
    slot.time = performance.now();
    slot.sequence = ++this.sequence;
    this.slots.push(slot);
    this.offer();
  }

  /** Hands the latest picture to the server if that is free and has not seen it. */
  offer() {
    const slot = this.slots.at(-1);
    if (!slot || !this.live.free || slot.sequence === this.offered.sequence || performance.now() - slot.time > FRESH_MS) return;
    this.offered = { sequence: slot.sequence, time: slot.time };
    this.live.reserve();
    void this.compress(slot);
  }

  /** @param {Slot} slot */
  async compress({ canvas, sequence }) {
    if (!('OffscreenCanvas' in window)) {
      canvas.toBlob((jpeg) => void this.live.send(sequence, jpeg), 'image/jpeg', JPEG_QUALITY);
      return;
    }
    if (!this.worker) {
      this.worker = new Worker(new URL('./jpeg.js', import.meta.url), { type: 'module' });
      this.worker.addEventListener('message', ({ data }) => void this.live.send(data.sequence, data.jpeg));
    }
    const picture = await createImageBitmap(canvas);
    this.worker.postMessage({ picture, sequence, quality: JPEG_QUALITY }, [picture]);
  }

  /**
   * Takes what the server saw in one of the frames.
   * @param {Frame} frame
   */
  answer(frame) {
    const now = performance.now();
    // The slot itself may hold a later picture by now.
    if (frame.sequence !== this.offered.sequence) return;
    const { time } = this.offered;
    this.measured = [...this.measured.filter(({ at }) => now - at < MEASURED_MS), { at: now, ms: now - time }];
    this.answers = [...this.answers.slice(-3), { time, faces: frame.faces }];
    this.offer();
  }

  /** How late the picture is shown: as long as nearly all of the last answers took. */
  get delay() {
    if (this.measured.length === 0) return 0;
    const sorted = this.measured.map(({ ms }) => ms).sort((a, b) => a - b);
    return Math.min(MAX_DELAY_MS, sorted[Math.floor(0.9 * (sorted.length - 1))]);
  }

  /** Answers a second, and the time from the camera to the painted picture with its frame. */
  get speed() {
    const sorted = [...this.late].sort((a, b) => a - b);
    const at = (/** @type {number} */ share) => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
    return { perSecond: this.measured.length / (MEASURED_MS / 1000), median_ms: at(0.5), p95_ms: at(0.95) };
  }

  paintLate() {
    const due = performance.now() - this.delay;
    const slot = this.slots.findLast((kept) => kept.time <= due) ?? this.slots[0];
    if (!slot) return;
    this.late = [...this.late.slice(-99), performance.now() - slot.time];
    this.paint(slot.canvas, slot.canvas.width, slot.canvas.height, facesAt(this.answers, slot.time));
  }

  /**
   * Shows a still picture.
   * @param {Picture} picture
   */
  showPicture({ bitmap, width, height, faces }) {
    this.mirrored = false;
    this.paint(bitmap, width, height, faces);
  }

  /**
   * @param {CanvasImageSource} picture
   * @param {number} width
   * @param {number} height
   * @param {Shown[]} faces
   */
  paint(picture, width, height, faces) {
    const { canvas, context } = this;
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
    }
    context.save();
    if (this.mirrored) {
      context.translate(width, 0);
      context.scale(-1, 1);
    }
    context.drawImage(picture, 0, 0, width, height);
    context.restore();
    this.shown = faces;
    const tracks = faces.map(({ track }) => track).sort((a, b) => a - b);
    for (const face of faces) {
      this.frame(face, faces.length > 1 && this.chosen !== null && face.track !== this.chosen);
      if (faces.length > 1) this.number(face, tracks.indexOf(face.track) + 1);
    }
  }

  /** @param {Box} box @returns {number} Its left edge as it is shown. */
  left(box) {
    return this.mirrored ? this.canvas.width - box.x - box.width : box.x;
  }

  /** @param {Shown} face @param {number} number  As on the buttons below the picture. */
  number({ box }, number) {
    const { context, canvas } = this;
    const unit = canvas.width / 640;
    const [x, y] = [this.left(box) + box.width / 2, box.y + box.height];
    context.beginPath();
    context.arc(x, y, 15 * unit, 0, 2 * Math.PI);
    context.fillStyle = 'rgb(0 0 0 / 0.72)';
    context.fill();
    context.font = `600 ${17 * unit}px system-ui, sans-serif`;
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.fillStyle = '#ffffff';
    context.fillText(String(number), x, y + unit);
  }

  /**
   * @param {Shown} face
   * @param {boolean} aside  Whether another face is the one that counts.
   */
  frame(face, aside) {
    const { context, canvas } = this;
    const unit = canvas.width / 640;
    context.beginPath();
    context.roundRect(this.left(face.box), face.box.y, face.box.width, face.box.height, 0.16 * face.box.width);
    context.lineWidth = (aside ? 3 : 6) * unit;
    context.strokeStyle = 'rgb(0 0 0 / 0.25)';
    context.stroke();
    context.lineWidth = (aside ? 1.5 : 3.5) * unit;
    context.strokeStyle = aside ? 'rgb(255 255 255 / 0.75)' : COLOURS[strongest(face.vector)];
    context.stroke();
  }

  /**
   * The face under a point of the screen.
   * @param {number} clientX
   * @param {number} clientY
   * @returns {Shown | undefined}
   */
  faceAt(clientX, clientY) {
    const area = this.canvas.getBoundingClientRect();
    // The camera fills its area, a picture lies in it whole: `object-fit` in now.css.
    const fit = this.mirrored ? Math.max : Math.min;
    const scale = fit(area.width / this.canvas.width, area.height / this.canvas.height);
    let x = (clientX - area.left - area.width / 2) / scale + this.canvas.width / 2;
    const y = (clientY - area.top - area.height / 2) / scale + this.canvas.height / 2;
    if (this.mirrored) x = this.canvas.width - x;
    return this.shown.find(({ box }) => x >= box.x && x <= box.x + box.width && y >= box.y && y <= box.y + box.height);
  }
}

/** @param {number} width @param {number} height @returns {Slot | undefined} */
function newSlot(width, height) {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext('2d');
  return context ? { canvas, context, time: 0, sequence: 0 } : undefined;
}

/**
 * The faces at a time, between the answers before and after it.
 * @param {Answer[]} answers  In the order of their times.
 * @param {number} time
 * @returns {Shown[]}
 */
function facesAt(answers, time) {
  const before = answers.findLast((answer) => answer.time <= time);
  const after = answers.find((answer) => answer.time >= time);
  if (!before || !after || before === after) return (before ?? after)?.faces ?? [];
  const share = (time - before.time) / (after.time - before.time);
  return before.faces.flatMap((face) => {
    const later = after.faces.find(({ track }) => track === face.track);
    return later ? [{ ...face, box: between(face.box, later.box, share) }] : [];
  });
}

/** @param {Box} a @param {Box} b @param {number} share @returns {Box} */
function between(a, b, share) {
  const mix = (/** @type {keyof Box} */ side) => a[side] + share * (b[side] - a[side]);
  return { x: mix('x'), y: mix('y'), width: mix('width'), height: mix('height') };
}
