// Two audio elements that take turns, so that one song can fade into the next or follow it without a pause.

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

  /**
   * Puts a song where the one that is heard was.
   * @param {string} address  Empty for none.
   */
  put(address) {
    this.endFade();
    if (address && this.holds(address)) {
      this.turn();
      this.other.pause();
      if (this.audio.currentTime > 0) this.audio.currentTime = 0;
    } else if (address) {
      this.audio.src = address;
    } else {
      this.audio.removeAttribute('src');
    }
    this.balance();
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
   * @param {number} seconds
   */
  cross(address, seconds) {
    this.endFade();
    this.ready(address);
    this.turn();
    this.share = 0;
    this.balance();
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
    this.audio.volume = this.volume * Math.sin((this.share * Math.PI) / 2);
    this.other.volume = this.volume * Math.cos((this.share * Math.PI) / 2);
  }
}
