// Two audio elements that take turns, so that one song can fade into the next or follow it without a pause.

/** Songs that are louder are turned down to this, ReplayGain's reference; quieter ones stay, as louder they might clip. */
const TARGET_LUFS = -18;
/** Taken for a song that was not measured: about what records of today have. */
const USUAL_LUFS = -11;

/** What a song's sound is multiplied by, so that all are about equally loud. @param {number | null} lufs */
export const gainOf = (lufs) => Math.min(1, 10 ** ((TARGET_LUFS - (lufs ?? USUAL_LUFS)) / 20));

/** How often the volumes are moved while a song fades, in milliseconds. */
const STEP_MS = 40;

export class Decks {
  /**
   * @param {HTMLAudioElement} first
   * @param {HTMLAudioElement} second
   */
  constructor(first, second) {
    /** The one that is heard. */
    this.audio = first;
    this.other = second;
    /** What the listener has set, 0 to 1. */
    this.volume = 1;
    /** What is left of that while the sleep timer ends, 1 to 0. */
    this.awake = 1;
    /** How loud each may be beside other songs. @type {Map<HTMLAudioElement, number>} */
    this.gains = new Map();
    /** How far the fade has come, 0 to 1; 1 when there is none. */
    this.share = 1;
    this.timer = 0;
  }

  /**
   * Calls `act` for what happens to the song that is heard.
   * @param {string} kind
   * @param {() => void} act
   */
  on(kind, act) {
    for (const audio of [this.audio, this.other]) {
      audio.addEventListener(kind, () => audio === this.audio && act());
    }
  }

  /** @param {number} volume */
  setVolume(volume) {
    this.volume = volume;
    this.balance();
  }

  /** @param {number} awake */
  setAwake(awake) {
    this.awake = awake;
    this.balance();
  }

  /** The song that is heard may be so loud, 0 to 1. @param {number} gain */
  setGain(gain) {
    this.gains.set(this.audio, gain);
    this.balance();
  }

  /**
   * Puts a song where the one that is heard was.
   * @param {string} address  Empty for none.
   * @param {number} gain
   */
  put(address, gain) {
    this.endFade();
    if (address && this.holds(address)) {
      this.turn();
      this.other.pause();
      if (this.audio.currentTime > 0) this.audio.currentTime = 0;
    } else if (address) {
      this.audio.src = address;
    } else {
      // Without its address alone an element would play on.
      this.audio.pause();
      this.audio.removeAttribute('src');
      this.audio.load();
    }
    this.setGain(gain);
  }

  /**
   * Loads what comes next, so that it can begin at once.
   * @param {string} address
   */
  ready(address) {
    if (this.share < 1 || this.holds(address)) return;
    this.other.preload = 'auto';
    this.other.src = address;
  }

  /** Whether the one that is not heard has this song. @param {string} address */
  holds(address) {
    return this.other.src === new URL(address, location.href).href && !this.other.error;
  }

  /**
   * Begins a song while the one that is heard fades away.
   * @param {string} address
   * @param {number} gain
   * @param {number} seconds
   */
  cross(address, gain, seconds) {
    this.endFade();
    this.ready(address);
    this.turn();
    if (this.audio.currentTime > 0) this.audio.currentTime = 0;
    this.share = 0;
    this.setGain(gain);
    const start = performance.now();
    this.timer = window.setInterval(() => {
      this.share = Math.min(1, (performance.now() - start) / (1000 * seconds));
      this.balance();
      if (this.share === 1) this.endFade();
    }, STEP_MS);
  }

  /** The song that fades away is silent at once. */
  endFade() {
    if (!this.timer) return;
    clearInterval(this.timer);
    this.timer = 0;
    this.share = 1;
    this.other.pause();
    this.other.removeAttribute('src');
    this.balance();
  }

  /** Stops what is heard, and what fades away. */
  pause() {
    this.endFade();
    this.audio.pause();
  }

  /** The two change places; the one that is heard has the name. */
  turn() {
    const { audio, other } = this;
    [audio.id, other.id] = [other.id, audio.id];
    [this.audio, this.other] = [other, audio];
  }

  balance() {
    // Equal power: the sum of the squares stays the same, and so does the loudness of two different songs.
    const all = this.volume * this.awake;
    const level = (/** @type {HTMLAudioElement} */ audio) => all * (this.gains.get(audio) ?? 1);
    this.audio.volume = level(this.audio) * Math.sin((this.share * Math.PI) / 2);
    this.other.volume = level(this.other) * Math.cos((this.share * Math.PI) / 2);
  }
}
