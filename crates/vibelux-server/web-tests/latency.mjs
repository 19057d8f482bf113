// How long camera frames take: on the live WebSocket as the browser sees them, and on the page itself.

/** @param {number[]} values @param {number} share */
export function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

/** Runs in the page once the camera is on: notes for every picture how late it is answered and painted. */
export const WATCH = `import('/assets/js/main.js').then(({ you: { mirror } }) => {
  const watched = { answered: [], painted: [], at: [] };
  window.watched = watched;
  const [answer, paint] = [mirror.answer.bind(mirror), mirror.paintLate.bind(mirror)];
  mirror.answer = (frame) => {
    const known = mirror.measured.at(-1);
    answer(frame);
    if (mirror.measured.at(-1) !== known) watched.answered.push(mirror.measured.at(-1).ms);
  };
  mirror.paintLate = () => {
    paint();
    if (mirror.late.length > 0) watched.painted.push(mirror.late.at(-1));
    watched.at.push(performance.now());
  };
})`;

/** What each stage is called in the table, in the order of the way of a frame. */
const STAGES = {
  decode: 'server: decode the JPEG',
  detect: 'server: find and follow faces',
  classify: 'server: read the emotions',
  total: 'server: all of it, with waiting',
  socket: 'browser: sent to answered',
  answered: 'page: captured to answered',
  painted: 'page: captured to overlay',
};

export class Latency {
  constructor() {
    /** When the frame in flight was sent, in seconds. */
    this.sent = NaN;
    /** Milliseconds, by stage. @type {Record<string, number[]>} */
    this.stages = { socket: [] };
    /** When answers came, in seconds. @type {number[]} */
    this.times = [];
    /** When the page painted, in milliseconds. @type {number[]} */
    this.paints = [];
    /** How often the server said that the mood has really changed. */
    this.ranks = 0;
    /** @type {any} */
    this.last = null;
  }

  /** @param {string} method @param {any} params */
  hear(method, params) {
    if (method === 'Network.webSocketFrameSent' && params.response.opcode === 2) this.sent = params.timestamp;
    if (method !== 'Network.webSocketFrameReceived') return;
    const message = JSON.parse(params.response.payloadData);
    if (message.type !== 'frame') return;
    this.last = message;
    if (message.rank) this.ranks += 1;
    this.times.push(params.timestamp);
    this.stages.socket.push(1000 * (params.timestamp - this.sent));
    for (const [stage, seconds] of Object.entries(message.timings_seconds)) (this.stages[stage] ??= []).push(1000 * Number(seconds));
  }

  /** Takes what the page has noted. @param {import('./chromium.mjs').Chromium} browser */
  async collect(browser) {
    const { answered, painted, at } = await browser.run('window.watched');
    Object.assign(this.stages, { answered, painted });
    this.paints = at;
  }

  report() {
    if (this.times.length < 2) return 'no camera frames were analysed';
    const row = (/** @type {string} */ name, /** @type {string} */ a, /** @type {string} */ b) => `${name.padEnd(34)}${a.padStart(8)}${b.padStart(8)}`;
    const rows = Object.entries(STAGES).filter(([stage]) => this.stages[stage]).map(([stage, name]) =>
      row(name, percentile(this.stages[stage], 0.5).toFixed(1), percentile(this.stages[stage], 0.95).toFixed(1)));
    const shown = this.paints.length > 1 ? `; ${rate(this.paints.map((ms) => ms / 1000)).toFixed(1)} shown` : '';
    return [row('milliseconds', 'p50', 'p95'), ...rows,
      `${this.times.length} camera frames; a second: ${rate(this.times).toFixed(1)} analysed${shown}`].join('\n');
  }
}

/** How many a second there are, without pauses. @param {number[]} times  In seconds. */
function rate(times) {
  const gaps = times.slice(1).map((time, i) => time - times[i]).filter((gap) => gap < 2);
  return gaps.length / gaps.reduce((a, b) => a + b, 0);
}
