// The player: what is heard, its buttons, the seek bar with the song's emotions behind it, and
// the keys of the keyboard and the headphones.

import { byId, say, setIcon } from './dom.js';
import { colour } from './emotions.js';
import { drawCurve } from './curve.js';
import { Decks, gainOf } from './decks.js';
import { minutes, t } from './language.js';
import { audioAddress, coverAddress, curve } from './server.js';
import { remember, settings } from './settings.js';
import { artistOf } from './songs.js';

/** @typedef {import('./types.js').Song} Song */

/** A song that has played this long is started again by "previous", a younger one is left. */
const RESTART_SECONDS = 4;
/** How far an arrow key moves on the seek bar. */
const ARROW_SECONDS = 5;
/** A jump ends so long before the end of a song, as ffmpeg has nothing to say of what is after it. */
const LEAST_REST_SECONDS = 1;
/** After so many songs in a row that would not play, the player waits for its owner. */
const GIVE_UP_AFTER = 3;
const SKIP_MS = 2500;
/** What comes next is loaded so long before it is heard. */
const READY_SECONDS = 20;

export class Player {
  /**
   * @param {(fade: number) => void} onEnd  The song is over, or cannot be played, or the next one is to begin while it fades
   *   over so many seconds.
   * @param {(playing: boolean) => void} onPlaying
   * @param {() => Song | null} next  What comes next, as far as it is known.
   */
  constructor(onEnd, onPlaying, next) {
    this.onEnd = onEnd;
    this.onPlaying = onPlaying;
    this.next = next;
    this.decks = new Decks(byId('audio', HTMLAudioElement), byId('audio-next', HTMLAudioElement));
    this.seek = byId('seek', HTMLInputElement);
    /** @type {Song | null} */
    this.song = null;
    this.failures = 0;
    this.dragging = false;
    /** The end of this song has been told of. */
    this.ending = false;
    /** Where in the song begins what the audio element has: a converted song comes without ranges. */
    this.from_seconds = 0;
    this.bind();
  }

  /** The element that is heard. */
  get audio() {
    return this.decks.audio;
  }

  bind() {
    const { decks, seek } = this;
    decks.setVolume(settings.volume);
    const volume = byId('volume', HTMLInputElement);
    volume.value = String(settings.volume);
    volume.addEventListener('input', () => {
      decks.setVolume(Number(volume.value));
      remember({ volume: decks.volume });
    });
    decks.on('timeupdate', () => {
      this.showTime();
      this.lookAhead();
    });
    decks.on('playing', () => { this.failures = 0; });
    decks.on('play', () => this.showPlaying());
    decks.on('pause', () => this.showPlaying());
    decks.on('ended', () => this.song && this.onEnd(0));
    decks.on('error', () => this.fail(t('playFailed')));
    seek.addEventListener('input', () => {
      this.dragging = true;
      this.showTime();
    });
    seek.addEventListener('change', () => {
      this.dragging = false;
      this.jump(Number(seek.value));
    });
    seek.addEventListener('keydown', (event) => {
      const ways = /** @type {Record<string, number>} */ ({ ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 });
      if (!(event.key in ways)) return;
      event.preventDefault();
      this.jump(this.position + ways[event.key] * ARROW_SECONDS);
    });
    byId('play', HTMLButtonElement).addEventListener('click', () => this.toggle());
    byId('mini-play', HTMLButtonElement).addEventListener('click', () => this.toggle());
  }

  /**
   * @param {Song} song
   * @param {boolean} play
   * @param {number} [fade]  For so many seconds the song before fades away.
   */
  load(song, play, fade = 0) {
    const crossed = fade > 0 && play && !this.audio.paused && song.playable !== 'no';
    this.song = song;
    this.from_seconds = 0;
    this.ending = false;
    say(byId('play-problem', HTMLElement), '');
    this.seek.max = String(song.duration_seconds ?? 0);
    this.seek.value = '0';
    this.announce(song);
    void this.showCurve(song);
    if (song.playable === 'no') {
      this.decks.put('', 1);
      this.fail(t('cannotPlay'));
      return;
    }
    if (crossed) this.decks.cross(audioAddress(song), this.gain, fade);
    else this.decks.put(audioAddress(song), this.gain);
    if (play) this.play();
    this.showTime();
  }

  /** How loud the song may be beside others. */
  get gain() {
    return settings.level && this.song ? gainOf(this.song.loudness_lufs) : 1;
  }

  /** The choice of equal loudness is another. */
  balanceAgain() {
    this.decks.setGain(this.gain);
  }

  /** Loads what comes next shortly before the end, and lets it begin where songs fade into each other. */
  lookAhead() {
    const left = this.duration - this.position;
    if (!this.song || this.audio.paused || this.dragging || !(left < READY_SECONDS)) return;
    const next = this.next();
    if (!next || next.playable === 'no') return;
    this.decks.ready(audioAddress(next));
    // A song is heard for a while before it fades.
    const fade = Math.min(settings.crossfade, this.duration / 3);
    if (fade > 0 && left <= fade && !this.ending) {
      this.ending = true;
      this.onEnd(left);
    }
  }

  /**
   * Plays a moment of silence, in the click that starts the camera: strict browsers let an element sound
   * later only if a click has made it sound before.
   */
  unlock() {
    if (this.song) return;
    const silence = URL.createObjectURL(new Blob([silentWav()], { type: 'audio/wav' }));
    const sounds = [this.decks.audio, this.decks.other].map((audio) => {
      audio.src = silence;
      return audio.play().catch(() => {});
    });
    void Promise.all(sounds).finally(() => URL.revokeObjectURL(silence));
  }

  play() {
    // A browser may refuse to play before the first click; then the button shows that it waits.
    this.audio.play().catch(() => this.showPlaying());
  }

  toggle() {
    if (!this.song) return;
    if (this.audio.paused) this.play();
    else this.decks.pause();
  }

  /** What is heard now, in seconds of the song. */
  get position() {
    return this.from_seconds + this.audio.currentTime;
  }

  /**
   * Goes to a place in the song. A converted song is asked for anew from there.
   * @param {number} seconds
   */
  jump(seconds) {
    const { audio, song } = this;
    if (!song) return;
    const to = Math.max(0, Math.min(seconds, this.duration - LEAST_REST_SECONDS));
    this.ending = false;
    if (song.playable === 'transcode') {
      const { paused } = audio;
      this.from_seconds = to;
      audio.src = audioAddress(song, to);
      if (!paused) this.play();
    } else {
      audio.currentTime = to;
    }
    this.showTime();
  }

  /** Starts the song again if it has played for a while. @returns {boolean} Whether it did. */
  restart() {
    if (this.position < RESTART_SECONDS) return false;
    this.jump(0);
    return true;
  }

  /** @param {string} text */
  fail(text) {
    if (!this.song) return;
    say(byId('play-problem', HTMLElement), text);
    this.failures += 1;
    const { song } = this;
    if (this.failures < GIVE_UP_AFTER) setTimeout(() => this.song === song && this.onEnd(0), SKIP_MS);
  }

  get duration() {
    // What is left of a converted song is not the song.
    if (this.song?.playable === 'transcode' && this.song.duration_seconds) return this.song.duration_seconds;
    const { duration } = this.audio;
    return Number.isFinite(duration) && duration > 0 ? duration : (this.song?.duration_seconds ?? 0);
  }

  showTime() {
    if (!this.song) return;
    const all = this.duration;
    if (Number(this.seek.max) !== all) this.seek.max = String(all);
    if (!this.dragging) this.seek.value = String(this.position);
    const now = Number(this.seek.value);
    const share = all > 0 ? now / all : 0;
    byId('time-now', HTMLElement).textContent = minutes(now);
    byId('time-all', HTMLElement).textContent = minutes(all);
    this.seek.setAttribute('aria-valuetext', `${minutes(now)} / ${minutes(all)}`);
    byId('curve-played', SVGRectElement).setAttribute('width', (1000 * share).toFixed(1));
    byId('mini-progress', HTMLElement).style.transform = `scaleX(${share.toFixed(4)})`;
    if ('mediaSession' in navigator && all > 0) navigator.mediaSession.setPositionState({ duration: all, position: Math.min(this.position, all) });
  }

  showPlaying() {
    const playing = !this.audio.paused;
    for (const id of ['play', 'mini-play']) {
      const button = byId(id, HTMLButtonElement);
      setIcon(button, playing ? 'pause' : 'play');
      button.setAttribute('aria-label', t(playing ? 'pause' : 'play'));
    }
    document.body.classList.toggle('is-playing', playing);
    this.onPlaying(playing);
  }

  /** @param {Song} song */
  async showCurve(song) {
    const place = byId('curve', SVGSVGElement);
    drawCurve(place, [{ start_seconds: 0, vector: song.vector }], song.duration_seconds ?? 0);
    byId('mini-progress', HTMLElement).style.background = colour(song.vector);
    try {
      const drawn = await curve(song);
      if (this.song === song && drawn.length > 1) drawCurve(place, drawn, song.duration_seconds ?? 0);
    } catch {
      // A song without a curve keeps its mean, drawn above.
    }
    this.showTime();
  }

  /** Tells the system's media keys and lock screen. @param {Song} song */
  announce(song) {
    if (!('mediaSession' in navigator)) return;
    navigator.mediaSession.metadata = new MediaMetadata({
      title: song.title, artist: artistOf(song), album: song.album ?? '', artwork: [{ src: coverAddress(song) }],
    });
  }

  /** @param {() => void} next @param {() => void} previous */
  bindMediaKeys(next, previous) {
    if (!('mediaSession' in navigator)) return;
    navigator.mediaSession.setActionHandler('play', () => this.play());
    navigator.mediaSession.setActionHandler('pause', () => this.decks.pause());
    navigator.mediaSession.setActionHandler('stop', () => this.decks.pause());
    navigator.mediaSession.setActionHandler('nexttrack', next);
    navigator.mediaSession.setActionHandler('previoustrack', previous);
    navigator.mediaSession.setActionHandler('seekto', ({ seekTime }) => this.jump(seekTime ?? this.position));
    navigator.mediaSession.setActionHandler('seekbackward', ({ seekOffset }) => this.jump(this.position - (seekOffset ?? ARROW_SECONDS)));
    navigator.mediaSession.setActionHandler('seekforward', ({ seekOffset }) => this.jump(this.position + (seekOffset ?? ARROW_SECONDS)));
  }
}

/** A twentieth of a second of nothing: one channel, 8 bit, 8,000 Hz. */
function silentWav() {
  const samples = 400;
  const view = new DataView(new ArrayBuffer(44 + samples));
  const text = (/** @type {number} */ at, /** @type {string} */ words) => [...words].forEach((char, i) => view.setUint8(at + i, char.charCodeAt(0)));
  text(0, 'RIFF');
  view.setUint32(4, 36 + samples, true);
  text(8, 'WAVEfmt ');
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, 8000, true);
  view.setUint32(28, 8000, true);
  view.setUint16(32, 1, true);
  view.setUint16(34, 8, true);
  text(36, 'data');
  view.setUint32(40, samples, true);
  for (let i = 0; i < samples; i += 1) view.setUint8(44 + i, 128);
  return view.buffer;
}
