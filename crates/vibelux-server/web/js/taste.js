// What was learnt from the listener: every like, skip, correction and reaction, each with a way to take it back.

import { byId, make, say, toast } from './dom.js';
import { phrase } from './emotions.js';
import { glyph } from './flower.js';
import { counted, percent, t } from './language.js';
import { reactionWord } from './reaction.js';
import { forget, forgetAll, taste } from './server.js';
import { artistOf } from './songs.js';

/** @typedef {import('./types.js').Said} Said */

const NAMES = /** @type {const} */ ({ liked: 'saidLiked', sounds: 'saidSounds', skipped: 'saidSkipped', finished: 'saidFinished', reaction: 'saidReaction' });

export class TasteDialog {
  /** @param {() => void} onChange  Something was taken back. */
  constructor(onChange) {
    this.onChange = onChange;
    this.dialog = byId('taste', HTMLDialogElement);
    /** @type {Said[]} */
    this.said = [];
    byId('taste-open', HTMLButtonElement).addEventListener('click', () => void this.open());
    byId('taste-forget', HTMLButtonElement).addEventListener('click', () => {
      if (window.confirm(t('tasteForgetSure'))) void this.ask(forgetAll);
    });
  }

  async open() {
    await this.ask(async () => {});
    if (!this.dialog.open) this.dialog.showModal();
  }

  /** Does something and shows what is left. @param {() => Promise<unknown>} act */
  async ask(act) {
    try {
      await act();
      const before = this.said.length;
      this.said = await taste();
      if (this.said.length < before) this.onChange();
    } catch (error) {
      toast(error instanceof Error ? error.message : '');
    }
    this.show();
  }

  show() {
    byId('taste-forget', HTMLButtonElement).hidden = this.said.length === 0;
    say(byId('taste-none', HTMLElement), this.said.length === 0 ? t('tasteNone') : '');
    byId('taste-list', HTMLUListElement).replaceChildren(...this.said.map((said) => this.row(said)));
  }

  /** @param {Said} said */
  row(said) {
    const { song, verdict, times, vector, change } = said;
    const title = song?.title ?? t('tasteGone');
    const button = make('button', { type: 'button', class: 'quiet', 'aria-label': t('tasteUndoOf', t(NAMES[verdict]), title) }, t('tasteUndo'));
    button.addEventListener('click', () => void this.ask(() => forget(said)));
    const what = verdict === 'sounds' && vector ? t('saidSoundsLike', words(vector))
      : verdict === 'reaction' && change ? t('saidReactionWas', reactionWord(change))
      : times > 1 ? counted('saidTimes', times, t(NAMES[verdict])) : t(NAMES[verdict]);
    return make('li', { 'data-verdict': verdict }, vector ?? song ? glyph(vector ?? song?.vector ?? []) : make('span'),
      make('span', { class: 'song-words' }, make('span', { class: 'song-title' }, title), make('span', { class: 'song-artist' }, song ? `${artistOf(song)} · ${what}` : what)), button);
  }

  translate() {
    this.show();
  }
}

/** @param {import('./types.js').Vector} vector */
function words(vector) {
  const { main, extra } = phrase(vector);
  return extra ? `${main}, ${extra}` : `${main} (${percent(Math.max(...vector))})`;
}
