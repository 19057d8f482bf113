// How long camera frames take, from the messages on the live WebSocket as the browser sees them.

/** @param {number[]} values @param {number} share */
function percentile(values, share) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}

export class Latency {
  constructor() {
    /** When the frame in flight was sent, in seconds. */
    this.sent = NaN;
    /** Milliseconds, by stage. @type {Record<string, number[]>} */
    this.stages = { 'sent to answered': [] };
    /** @type {number[]} */
    this.times = [];
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
    this.times.push(params.timestamp);
    this.stages['sent to answered'].push(1000 * (params.timestamp - this.sent));
    for (const [stage, ms] of Object.entries(message.timings_ms)) (this.stages[stage] ??= []).push(Number(ms));
  }

  report() {
    if (this.times.length < 2) return 'no camera frames were analysed';
    const gaps = this.times.slice(1).map((time, i) => time - this.times[i]).filter((gap) => gap < 2);
    const rate = gaps.length / gaps.reduce((a, b) => a + b, 0);
    const stages = Object.entries(this.stages).map(([stage, ms]) => `${stage} ${percentile(ms, 0.5).toFixed(1)} / ${percentile(ms, 0.95).toFixed(1)}`);
    return `${this.times.length} camera frames, ${rate.toFixed(1)} a second; ms p50 / p95: ${stages.join(', ')}`;
  }
}
