// The whole page: you -> mood -> music. Each part is a class of its own file; here they are joined.

import { byId } from './dom.js';
import { FilterBox } from './filter_box.js';
import { Home } from './home.js';
import { bindKeys, listKeys } from './keys.js';
import { onLanguage, percent, setLanguage, t, translatePage } from './language.js';
import { Library } from './library.js';
import { MoodPanel } from './mood.js';
import { Music } from './music.js';
import { PhoneDialog } from './phone.js';
import { ENOUGH, ScanDialog } from './scan.js';
import { reader, status } from './server.js';
import { include, remember, settings } from './settings.js';
import { TasteDialog } from './taste.js';
import { You } from './you.js';

/** @typedef {import('./you.js').Mood} Mood */

/** @type {Mood | null} */
let mood = null;
/** What became of the queue that was asked for last. @type {Promise<boolean>} */
let following = Promise.resolve(false);

const library = new Library((song) => music.playSong(song), (song) => music.queue.playNext(song), () => {
  follow(false);
  void refresh();
});
const music = new Music((song) => {
  moodPanel.outline(mood && song ? song.vector : null);
  library.showCurrent(song);
}, () => you.live.songBegan(), () => {
  follow(false);
  void refresh();
}, () => you.stopCamera());
const tasteDialog = new TasteDialog(() => {
  follow(false);
  void refresh();
});
const moodPanel = new MoodPanel(() => {
  music.queue.restart();
  follow(false);
});
const you = new You((next, { rank = false, cross = false, looking = false }) => {
  mood = next;
  moodPanel.looking = looking;
  music.showLooking(looking);
  moodPanel.show(next.vector, next.source === 'face' && you.source === 'camera');
  moodPanel.outline(music.queue.current?.song.vector ?? null);
  library.map.showMood(next.vector);
  if (you.source === 'camera' && you.vector) music.see(you.vector);
  if (rank) follow(you.source === 'camera', cross);
}, () => music.player.unlock());
const scanDialog = new ScanDialog((done) => void refresh(done));
const phoneDialog = new PhoneDialog();
const home = new Home((order) => void obey(order), () => ({
  // A face that is no longer looked at has no mood.
  mood: you.source === 'camera' && you.stage.dataset.live !== 'on' ? null : mood?.vector ?? null,
  song: music.player.audio.paused ? null : music.queue.current?.song.id ?? null,
}));

/** Does what home automation asks for. @param {import('./home.js').Order} order */
async function obey(order) {
  if (order.order === 'pause') music.player.decks.pause();
  else if (order.order === 'next') music.next(true);
  else if (order.mood) {
    const before = music.queue.current;
    you.setHand(order.mood);
    // Of two orders the later one is done.
    if (!await following) return;
    if (before && music.queue.current === before) music.next(true);
    else music.player.play();
  } else music.player.play();
}

/**
 * Lets the queue follow the mood.
 * @param {boolean} byItself  Nobody asked for it: the camera saw another mood.
 * @param {boolean} [cross]  It did so just after a song had begun.
 */
function follow(byItself, cross = false) {
  if (!mood) return;
  const goal = [0, 0, 0, 0, 0, 0, 0];
  goal[settings.goal] = 1;
  const way = settings.way === 'journey'
    ? { kind: settings.way, to: goal, songs: settings.journeySongs } : { kind: settings.way };
  following = music.rank(
    { ...mood, way, mode: settings.centred ? 'centred' : 'plain', strength: settings.strength, include: include(), ...(settings.filter && { filter: settings.filter }) },
    // The click on the camera's button was also the wish for music.
    { play: byItself, tell: byItself, cross },
  );
}

/** Asks the server how many songs there are. @param {boolean} [whole]  The library view is to show them, too. */
async function refresh(whole = true) {
  try {
    const now = await status();
    document.body.dataset.role = now.role;
    byId('home-told', HTMLElement).hidden = !now.home;
    if (now.home) home.start();
    else home.stop();
    byId('certificate', HTMLElement).hidden = !(now.lan && location.protocol === 'https:');
    listOwnKeys();
    const { speech, effects, jingle } = now.songs.not_music;
    const others = speech + effects + jingle;
    library.showOthers(others);
    music.showReady(now.songs.ready + (settings.everything ? others : 0));
    byId('version', HTMLElement).textContent = t('version', now.version);
    if (now.role === 'owner') {
      const first = now.songs.ready === 0 && others === 0;
      byId('music-choices', HTMLElement).hidden = !first;
      if (first || scanDialog.folders.first !== first) void scanDialog.folders.offer(first);
    }
    const enough = now.songs.ready >= ENOUGH || !now.scan?.running;
    // The click on the camera's button was also the wish for music.
    if (mood && !music.queue.current && enough) follow(you.source === 'camera');
    if (now.scan?.running) scanDialog.follow(now.scan);
    if (library.loaded && whole) await library.reload();
  } catch (error) {
    byId('music-empty-lead', HTMLElement).textContent = error instanceof Error ? error.message : '';
  }
}

function showView() {
  const view = location.hash === '#library' ? 'library' : 'now';
  document.body.dataset.view = view;
  byId('now-view', HTMLElement).hidden = view !== 'now';
  byId('library-view', HTMLElement).hidden = view !== 'library';
  for (const link of document.querySelectorAll('[data-view-link]')) {
    if (link.getAttribute('data-view-link') === view) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  if (view === 'library') void library.open();
}

const themes = /** @type {const} */ (['auto', 'light', 'dark']);

function showTheme() {
  document.documentElement.dataset.theme = settings.theme;
  const names = /** @type {const} */ ({ auto: 'themeAuto', light: 'themeLight', dark: 'themeDark' });
  const button = byId('theme', HTMLButtonElement);
  button.setAttribute('aria-label', t('switchTheme', t(names[settings.theme])));
  button.title = t('switchTheme', t(names[settings.theme]));
  library.map.redraw();
}

function bindTuning() {
  const temperature = byId('temperature', HTMLInputElement);
  const seconds = byId('mood-seconds', HTMLInputElement);
  const centred = byId('centred', HTMLInputElement);
  const expression = byId('expression', HTMLInputElement);
  const settle = byId('settle', HTMLInputElement);
  const crossfade = byId('crossfade', HTMLInputElement);
  expression.value = String(settings.expression);
  settle.checked = settings.settle;
  crossfade.value = String(settings.crossfade);
  temperature.value = String(settings.temperature);
  seconds.value = String(settings.moodSeconds);
  centred.checked = settings.centred;
  const show = () => {
    byId('temperature-value', HTMLElement).textContent = settings.temperature.toLocaleString(settings.language, { minimumFractionDigits: 1 });
    byId('mood-seconds-value', HTMLElement).textContent = `${settings.moodSeconds} s`;
    byId('expression-value', HTMLElement).textContent = percent(settings.expression);
    byId('crossfade-value', HTMLElement).textContent = settings.crossfade ? `${settings.crossfade} s` : t('crossfadeNone');
  };
  for (const input of [temperature, seconds, expression]) {
    input.addEventListener('input', () => {
      remember({ temperature: Number(temperature.value), moodSeconds: Number(seconds.value), expression: Number(expression.value) });
      show();
    });
    input.addEventListener('change', () => you.tune());
  }
  crossfade.addEventListener('input', () => {
    remember({ crossfade: Number(crossfade.value) });
    show();
  });
  const level = byId('level', HTMLInputElement);
  level.checked = settings.level;
  level.addEventListener('change', () => {
    remember({ level: level.checked });
    music.player.balanceAgain();
  });
  const only = byId('only', HTMLInputElement);
  only.value = settings.filter;
  new FilterBox(only, (filter) => {
    remember({ filter });
    follow(false);
  });
  const reaction = byId('reaction', HTMLInputElement);
  reaction.checked = settings.reaction;
  reaction.addEventListener('change', () => remember({ reaction: reaction.checked }));
  settle.addEventListener('change', () => remember({ settle: settle.checked }));
  centred.addEventListener('change', () => {
    remember({ centred: centred.checked });
    follow(false);
  });
  onLanguage(show);
}

const shortcuts = /** @type {import('./keys.js').Shortcut[]} */ ([
  { keys: [' ', 'k'], shown: () => t('keySpace'), name: 'keyPlay', act: () => music.player.toggle() },
  { keys: ['n'], shown: () => 'N', name: 'keyNext', act: () => music.next(true) },
  { keys: ['p'], shown: () => 'P', name: 'keyPrevious', act: () => music.previous() },
  { keys: ['l'], shown: () => 'L', name: 'keyLike', act: () => { if (reader.role === 'owner') void music.queue.toggleLike(); } },
  { keys: ['x'], shown: () => 'X', name: 'keyNotNow', act: () => void music.queue.putOff() },
  { keys: ['m'], shown: () => 'M', name: 'keyViews', act: () => { location.hash = location.hash === '#library' ? 'now' : 'library'; } },
  {
    keys: ['/'],
    shown: () => '/',
    name: 'keySearch',
    act: () => {
      location.hash = 'library';
      showView();
      byId('library-search', HTMLInputElement).focus();
    },
  },
]);

/** Lists the keys that do something for the reader. */
const listOwnKeys = () => listKeys(shortcuts.filter(({ name }) => name !== 'keyLike' || reader.role === 'owner'));

onLanguage(() => {
  translatePage();
  for (const part of [you, moodPanel, music, library, scanDialog, tasteDialog, phoneDialog]) part.translate();
  listOwnKeys();
  showTheme();
});
bindTuning();
bindKeys(shortcuts);
const language = byId('language', HTMLSelectElement);
language.value = settings.language;
language.addEventListener('change', () => setLanguage(/** @type {typeof settings.language} */ (language.value)));
byId('theme', HTMLButtonElement).addEventListener('click', () => {
  remember({ theme: themes[(themes.indexOf(settings.theme) + 1) % themes.length] });
  showTheme();
});
byId('about-open', HTMLButtonElement).addEventListener('click', () => byId('about', HTMLDialogElement).showModal());
for (const dialog of document.querySelectorAll('dialog')) {
  // A click beside a dialog closes it.
  dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
}
window.addEventListener('hashchange', showView);
document.body.dataset.source = 'camera';
// Makes the page installable. Not every browser has one, nor gives one to a certificate that it does not know.
navigator.serviceWorker?.register('/sw.js').catch(() => {});
showView();
void refresh();

/** For the browser test, which measures how late the mirror is and how fast the map, and looks into the player. */
export { library, music, you };
