// The live connection: camera frames go out, one at a time, and what the server sees comes back.

import { liveAddress } from './server.js';
import { settings } from './settings.js';
import { withArrays } from './vectors.js';

/** @typedef {import('./types.js').Frame} Frame */
/** @typedef {import('./types.js').FaceChoice} FaceChoice */

/** An answer that takes longer than this is given up, so that a lost one does not stop the picture. */
const PATIENCE_MS = 8000;
const BARS_SECONDS = 0.7;

export class Live {
  /**
   * @param {(frame: Frame) => void} onFrame
   * @param {(connected: boolean) => void} onConnection
   */
  constructor(onFrame, onConnection) {
    this.onFrame = onFrame;
    this.onConnection = onConnection;
    /** @type {WebSocket | null} */
    this.socket = null;
    this.wanted = false;
    this.greeted = false;
    this.maxFrameBytes = 512 * 1024;
    this.attempts = 0;
    this.sentAt = -Infinity;
    this.waiting = false;
    /** @type {FaceChoice} */
    this.face = 'largest';
  }

  /** Connects, and again whenever the connection breaks, until `close`. */
  open() {
    this.wanted = true;
    this.connect();
  }

  close() {
    this.wanted = false;
    this.socket?.close();
    this.socket = null;
    this.greeted = false;
  }

  connect() {
    const socket = new WebSocket(liveAddress());
    this.socket = socket;
    this.waiting = false;
    socket.addEventListener('message', (event) => {
      if (this.socket === socket) this.receive(event.data);
    });
    socket.addEventListener('close', () => {
      if (!this.wanted || this.socket !== socket) return;
      this.greeted = false;
      this.onConnection(false);
      this.attempts += 1;
      setTimeout(() => this.wanted && this.socket === socket && this.connect(), Math.min(8000, 500 * 2 ** this.attempts));
    });
  }

  /** @param {unknown} data */
  receive(data) {
    if (typeof data !== 'string') return;
    const message = withArrays(JSON.parse(data));
    if (message.type === 'hello') {
      this.greeted = true;
      this.attempts = 0;
      this.maxFrameBytes = message.max_frame_bytes ?? this.maxFrameBytes;
      this.sendSettings();
      this.onConnection(true);
    } else if (message.type === 'frame') {
      this.waiting = false;
      this.onFrame(message);
    } else if (message.type === 'error') {
      this.waiting = false;
      console.info('live:', message.error.code, message.error.message);
    }
  }

  /** Whether the server is free to look at another frame. */
  get free() {
    return this.greeted && (!this.waiting || performance.now() - this.sentAt > PATIENCE_MS);
  }

  /** Takes the place of the one frame in flight, while it is still being compressed. */
  reserve() {
    this.waiting = true;
    this.sentAt = performance.now();
  }

  /**
   * Sends a frame: its number in four bytes, big end first, then the JPEG.
   * @param {number} sequence
   * @param {Blob | null} jpeg
   */
  async send(sequence, jpeg) {
    const head = new DataView(new ArrayBuffer(4));
    head.setUint32(0, sequence);
    const message = jpeg && jpeg.size <= this.maxFrameBytes ? await new Blob([head.buffer, jpeg]).arrayBuffer() : null;
    // Asked last: the camera may have been stopped while the bytes were put together.
    if (!message || this.socket?.readyState !== WebSocket.OPEN) {
      this.waiting = false;
      return;
    }
    this.socket.send(message);
  }

  /** @param {object} message */
  tell(message) {
    if (this.greeted && this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  sendSettings() {
    this.tell({
      type: 'settings',
      face: this.face,
      temperature: settings.temperature,
      mood_seconds: settings.moodSeconds,
      bars_seconds: BARS_SECONDS,
      expression: settings.expression,
    });
  }

  /** A song that was chosen for the mood has begun. */
  songBegan() {
    this.tell({ type: 'song' });
  }

  takeBaseline() {
    this.tell({ type: 'baseline', duration_seconds: 3 });
  }

  resetBaseline() {
    this.tell({ type: 'reset_baseline' });
  }
}
