// The third part of the page: the song that plays, why, and what comes next.

import { byId, make, say, setIcon, toast } from './dom.js';
import { COLOURS, EMOTIONS, colour, strongest } from './emotions.js';
import { CorrectionDialog } from './correction.js';
import { Day, download } from './day.js';
import { glyph } from './flower.js';
import { counted, percent, t, word } from './language.js';
import { Player } from './player.js';
import { Queue } from './queue.js';
import { QueueList } from './queue_list.js';
import { Reaction, reactionWord } from './reaction.js';
import { coverAddress, heard, playlist, reader } from './server.js';
import { settings } from './settings.js';
import { SleepTimer } from './sleep.js';
import { artistOf } from './songs.js';

/** @typedef {import('./types.js').Song} Song */
/** @typedef {import('./types.js').Vector} Vector */
/** @typedef {import('./types.js').Match} Match */
/** @typedef {import('./queue.js').Entry} Entry */
/** @typedef {import('./queue.js').Wish} Wish */

/** Emotions shown in the picture of why. */
const WHY_ROWS = 3;
const NOTE_MS = 6000;
/** The server takes so many. */
const MOST_IN_PLAYLIST = 2000;
/** Of a song that was heard for less nothing is told. */
const LEAST_HEARD_SECONDS = 1;
/** Of a song that was heard to its end so much was heard; the server's own measure. */
const FINISHED_SHARE = 0.8;
/** A smaller liking, and a smaller move of a song by corrections of others, is not worth a word. */
const LEAST_LIKING = 0.05;
const LEAST_MOVE = 0.03;
const LIKINGS = /** @type {const} */ ({ itself: 'likingItself', artist: 'likingArtist', alike: 'likingAlike' });
const DISLIKINGS = /** @type {const} */ ({ itself: 'dislikingItself', artist: 'dislikingArtist', alike: 'dislikingAlike' });
/** A song that is left for another mood fades away over so many seconds, or over the crossfade that was chosen. */
const SETTLE_SECONDS = 3;
/** A song that has played for longer is not left. */
const YOUNG_SECONDS = 15;

export class Music {
  /**
   * @param {(song: Song | null, playing: boolean) => void} onSong
   * @param {() => void} onBegin  A song that was chosen for the mood has begun, and may be left if the mood settles elsewhere.
   * @param {() => void} onCorrected  A song sounds otherwise now, and others with it.
   * @param {() => void} onSleep  The sleep timer has ended the music.
   */
  constructor(onSong, onBegin, onCorrected, onSleep) {
    this.onSong = onSong;
    this.onBegin = onBegin;
    this.looking = false;
    this.settling = false;
    this.reaction = new Reaction();
    /** What plays, until what was heard of it is told. @type {Song | null} */
    this.told = null;
    this.ready = -1;
    this.noteTimer = 0;
    this.day = new Day();
    this.player = new Player(
      (fade) => this.songEnds(fade), (playing) => onSong(this.queue.current?.song ?? null, playing), () => this.queue.upcoming[0]?.song ?? null);
    this.queue = new Queue(() => this.show(), (entry, play, fade, left) => this.begin(entry, play, fade, left), (error) => toast(error.message));
    /** The entry that was noted for the picture of the day. @type {Entry | null} */
    this.noted = null;
    this.player.decks.on('playing', () => this.noteForDay());
    this.list = new QueueList({
      play: (song) => this.playSong(song),
      move: (song, place) => {
        this.queue.move(song.id, place);
        this.note(t('queueMoved', song.title, Math.min(Math.max(place, 0) + 1, this.queue.upcoming.length), this.queue.upcoming.length));
      },
      remove: (id) => {
        this.queue.remove(id);
        say(byId('queue-note', HTMLElement), '');
      },
      redraw: () => this.showQueue(),
    });
    this.sleep = new SleepTimer((share) => this.player.decks.setAwake(share), () => {
      this.player.decks.pause();
      onSleep();
    });
    this.correction = new CorrectionDialog((song) => {
      this.renew(song);
      onCorrected();
    });
    const buttons = /** @type {const} */ ({
      next: () => this.next(true),
      'mini-next': () => this.next(true),
      previous: () => this.previous(),
      like: () => void this.queue.toggleLike(),
      'not-now': () => void this.queue.putOff(),
      'draw-again': () => void this.queue.drawAgain(),
      'save-playlist': () => void this.savePlaylist(),
      correct: () => this.queue.current && this.correction.open(this.queue.current.song),
    });
    for (const [id, act] of Object.entries(buttons)) byId(id, HTMLButtonElement).addEventListener('click', act);
    // On a narrow page the small player stands in while the large one's buttons are out of sight.
    new IntersectionObserver(([seen]) => byId('mini', HTMLElement).classList.toggle('spare', seen.isIntersecting), { threshold: 1 })
      .observe(byId('play', HTMLButtonElement));
    this.player.bindMediaKeys(() => this.next(true), () => this.previous());
  }

  /**
   * Fills what comes next.
   * @param {Wish} wish
   * @param {{play: boolean, tell: boolean, cross: boolean}} how  Whether the first song begins by itself, whether a
   *   queue that has become another is worth a word, and whether a song that has just begun is left for it.
   * @returns {Promise<boolean>} Whether the queue is that of the wish now.
   */
  async rank(wish, { play, tell, cross }) {
    if (this.ready === 0) return false;
    const { current } = this.queue;
    const leave = cross && settings.settle && current?.match && !this.player.audio.paused && this.player.position < YOUNG_SECONDS;
    const changed = await this.queue.rank(wish, play, !current || Boolean(leave));
    if (leave && this.queue.current === current && this.queue.upcoming.length > 0) {
      this.settling = true;
      this.next(true, settings.crossfade || SETTLE_SECONDS);
      this.settling = false;
      this.note(t('songLeft'));
    } else if (changed && tell) {
      this.note(t('queueChanged'));
    }
    return changed !== null;
  }

  /** The face is being looked at before the first song. @param {boolean} looking */
  showLooking(looking) {
    if (looking === this.looking) return;
    this.looking = looking;
    this.show();
  }

  /** Says something beside what comes next, for a while. @param {string} text */
  note(text) {
    const place = byId('queue-note', HTMLElement);
    say(place, text);
    clearTimeout(this.noteTimer);
    this.noteTimer = window.setTimeout(() => say(place, ''), NOTE_MS);
  }

  /** @param {boolean} play @param {number} [fade]  For so many seconds the song before fades away. */
  next(play, fade = 0) {
    if (this.queue.advance(play, fade)) return;
    if (this.queue.current) toast(t('nothingFits'));
  }

  /** The song is over, or is to fade into the next one. @param {number} fade */
  songEnds(fade) {
    if (fade > 0 && this.sleep.lastSong) return;
    const goesOn = !this.sleep.songOver();
    this.next(goesOn, fade);
  }

  /** A song sounds: it is one of the day. */
  noteForDay() {
    const { current, wish } = this.queue;
    if (!current || current === this.noted || this.player.song !== current.song) return;
    this.noted = current;
    this.day.note(current.song, current.match ? (wish?.vector ?? null) : null);
  }

  /** What has played, plays and comes next, as a playlist file. */
  async savePlaylist() {
    const { history, current, upcoming } = this.queue;
    const songs = [...history, ...(current ? [current] : []), ...upcoming].map(({ song }) => song);
    try {
      const each = [...new Map(songs.map((song) => [song.id, song])).values()];
      download(await playlist(each.slice(-MOST_IN_PLAYLIST)), 'm3u8');
    } catch (error) {
      if (error instanceof Error) toast(error.message);
    }
  }

  previous() {
    if (!this.player.restart() && !this.queue.back()) this.player.jump(0);
  }

  /** @param {Song} song */
  playSong(song) {
    this.queue.play(song);
  }

  /** @param {Entry} entry @param {boolean} play @param {number} fade @param {import('./queue.js').Left} left */
  begin({ song, match }, play, fade, left) {
    this.tell(left);
    this.told = song;
    this.reaction.begin();
    this.player.load(song, play, fade);
    this.showCover(song);
    this.onSong(song, play);
    // A song is left once: not the one that came for it.
    if (match && play && settings.settle && !this.settling) this.onBegin();
  }

  /**
   * Tells the server how much was heard of the song that plays: what is left early counts a little in what comes next. Not where
   * another was asked for, nor where the mood or its owner has put it off.
   * @param {import('./queue.js').Left} left
   */
  tell(left) {
    const { told, player } = this;
    const seconds = player.position;
    if (!told || player.song !== told || seconds < LEAST_HEARD_SECONDS) return;
    // What is learnt is the owner's.
    if (reader.role !== 'owner') return;
    const excused = (left !== 'over' || this.settling) && seconds < FINISHED_SHARE * player.duration;
    const change = settings.reaction ? this.reaction.change() : null;
    if (excused && !change) return;
    // Half a song is neither left early nor heard to its end.
    heard(told, excused ? Math.max(seconds, player.duration / 2) : seconds, change).catch(() => {});
  }

  /** What the face shows while a song plays. @param {Vector} vector */
  see(vector) {
    if (settings.reaction && this.told && !this.player.audio.paused) this.reaction.see(this.player.position, vector);
  }

  /** A song is known otherwise now. @param {Song} song */
  renew(song) {
    this.queue.renew(song);
    if (this.queue.current?.song.id === song.id) {
      this.showCover(song);
      this.onSong(song, !this.player.audio.paused);
    }
  }

  /** @param {number} ready  Songs in the library. */
  showReady(ready) {
    this.ready = ready;
    this.queue.librarySize = ready;
    this.show();
  }

  show() {
    const entry = this.queue.current;
    byId('music-empty', HTMLElement).hidden = entry !== null;
    byId('playing', HTMLElement).hidden = entry === null;
    byId('next-up', HTMLElement).hidden = entry === null && this.queue.upcoming.length === 0;
    byId('mini', HTMLElement).hidden = entry === null;
    byId('music-empty-lead', HTMLElement).textContent = this.ready < 0 ? '\u00a0' : this.ready ? counted('musicReady', this.ready) : t('musicNone');
    byId('music-empty-hint', HTMLElement).textContent = this.ready < 0 ? '' : t(this.ready ? (this.looking ? 'musicLooking' : 'musicReadyHint') : reader.role === 'owner' ? 'musicNoneHint' : 'musicNoneGuest');
    if (entry) this.showSong(entry);
    this.showQueue();
  }

  /** @param {Entry} entry */
  showSong({ song, match }) {
    for (const [id, text] of [['song-title', song.title], ['mini-title', song.title], ['song-artist', artistOf(song)],
      ['mini-artist', artistOf(song)], ['song-mood', t('songSounds', word(song.strongest))]]) {
      const place = byId(id, HTMLElement);
      if (place.textContent !== text) place.textContent = text;
    }
    const heart = byId('like', HTMLButtonElement);
    setIcon(heart, song.liked ? 'heart-full' : 'heart');
    heart.setAttribute('aria-pressed', String(song.liked));
    heart.setAttribute('aria-label', t(song.liked ? 'unlike' : 'like'));
    byId('mini-glyph', HTMLElement).replaceChildren(glyph(song.vector));
    document.title = `${song.title} · ${artistOf(song)} – VibeluX`;
    const why = byId('why', HTMLElement);
    why.hidden = false;
    byId('why-picture', HTMLElement).replaceChildren(...(match ? whyRows(match) : []));
    say(byId('why-sentence', HTMLElement), match ? whySentence(match) : t('whyChosen'));
    say(byId('why-taste', HTMLElement), whyTaste(song, match));
    byId('correct', HTMLButtonElement).textContent = t(song.corrected ? 'correctAgain' : 'correct');
  }

  /** The cover, or where there is none the song's flower. @param {Song} song */
  showCover(song) {
    const place = byId('cover', HTMLElement);
    place.style.setProperty('--song', colour(song.vector));
    place.replaceChildren(glyph(song.vector));
    const picture = make('img', { alt: '', src: coverAddress(song) });
    picture.addEventListener('load', () => this.queue.current?.song.id === song.id && place.replaceChildren(picture));
  }

  showQueue() {
    this.list.show(this.queue.upcoming, this.queue.wish?.way.kind === 'journey');
  }

  translate() {
    this.list.translate();
    this.sleep.translate();
    this.day.translate();
    this.correction.translate();
    this.show();
    this.player.showPlaying();
  }
}

/**
 * The emotions that matched most: to the left what was sought, to the right what the song has.
 * @param {import('./types.js').Match} match
 */
function whyRows({ why, target, song }) {
  const shown = EMOTIONS.map((_, i) => i).filter((i) => why[i] > 0).sort((a, b) => why[b] - why[a]).slice(0, WHY_ROWS);
  const scale = Math.max(...shown.flatMap((i) => [target[i], song.vector[i]]), 0.01);
  const head = make('div', { class: 'why-row why-names', 'aria-hidden': 'true' }, make('span', {}, t('whyYou')), make('span'), make('span', {}, t('whySong')));
  const rows = shown.map((i) => {
    const bar = (/** @type {number} */ share) => {
      const fill = make('span', { class: 'why-fill' });
      fill.style.width = `${((100 * share) / scale).toFixed(1)}%`;
      fill.style.background = COLOURS[i];
      return make('span', { class: 'why-bar' }, fill);
    };
    const name = word(EMOTIONS[i]);
    const text = t('whyLabel', name, percent(target[i]), percent(song.vector[i]));
    return make('div', { class: 'why-row', role: 'img', 'aria-label': text }, bar(target[i]), make('span', { class: 'why-name' }, name), bar(song.vector[i]));
  });
  return [head, ...rows];
}

/** What the listener has to do with it. @param {Song} song @param {Match | null} match */
function whyTaste(song, match) {
  if (reader.role !== 'owner') return '';
  const says = [];
  if (song.corrected) says.push(t('whyCorrected'));
  else if (song.vector.some((share, i) => Math.abs(share - song.analysed[i]) > LEAST_MOVE)) says.push(t('whyMoved'));
  const reason = match?.liking.reason;
  if (match && reason && Math.abs(match.liking.score) >= LEAST_LIKING) {
    const keys = match.liking.score > 0 ? LIKINGS : DISLIKINGS;
    says.push(t(keys[reason], artistOf(song)));
  }
  if (song.reaction) says.push(t('whyReaction', reactionWord(song.reaction)));
  return says.join(' ');
}

/** @param {import('./types.js').Match} match */
function whySentence({ why, target, song }) {
  const i = strongest(why);
  if (why[i] <= 0) return '';
  const both = target[i] === Math.max(...target) && song.vector[i] === Math.max(...song.vector);
  return t(both ? 'whyBoth' : 'whyMixed', word(EMOTIONS[i]));
}
