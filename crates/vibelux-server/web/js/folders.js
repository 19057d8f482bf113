// Where music may be: the usual folder, any other, or pieces that the program composes. Shown where there are no
// songs yet, and in the dialog that adds some.

import { byId, icon, make, say } from './dom.js';
import { counted, t } from './language.js';
import { folders } from './server.js';

/** @typedef {import('./types.js').FolderList} FolderList */

export class Folders {
  /**
   * @param {object} acts
   * @param {(folder: string) => void} acts.scan
   * @param {() => void} acts.demo
   * @param {() => void} acts.open  Shows the dialog, in which one can look for a folder.
   */
  constructor(acts) {
    this.acts = acts;
    /** Where to begin, once the server has said it. @type {FolderList | null} */
    this.start = null;
    /** What is being looked into. @type {FolderList | null} */
    this.shown = null;
    /** Whether there are no songs yet. */
    this.first = false;
    /** Whether a scan runs, so that nothing can be chosen. */
    this.busy = false;
    byId('picker-up', HTMLButtonElement).addEventListener('click', () => void this.look(this.shown?.parent ?? undefined));
    byId('picker-take', HTMLButtonElement).addEventListener('click', () => this.shown?.path && acts.scan(this.shown.path));
  }

  /** Asks the server, unless it has said it. @param {boolean} first */
  async offer(first) {
    this.first = first;
    try {
      this.start ??= await folders();
    } catch {
      // One can still type a path.
    }
    this.show();
  }

  /** Looks into a folder. @param {string} [path]  None: the places to begin at. */
  async look(path) {
    const problem = byId('scan-problem', HTMLElement);
    try {
      this.shown = await folders(path);
      say(problem, '');
      this.show();
      // The button that was pressed is gone.
      byId('picker-path', HTMLElement).focus();
      return;
    } catch (error) {
      say(problem, error instanceof Error ? error.message : '');
    }
    this.show();
  }

  show() {
    for (const id of ['scan-choices', 'music-choices']) byId(id, HTMLElement).replaceChildren(...this.choices());
    if (this.busy) this.shown = null;
    const { shown } = this;
    byId('scan-choices', HTMLElement).hidden = this.busy || shown !== null;
    byId('picker', HTMLElement).hidden = shown === null;
    if (!shown) return;
    byId('picker-path', HTMLElement).textContent = shown.path ?? t('pickerStart');
    byId('picker-up', HTMLButtonElement).disabled = shown.path === null;
    byId('picker-take', HTMLButtonElement).disabled = shown.path === null;
    byId('picker-list', HTMLUListElement).replaceChildren(...shown.folders.map(({ name, path }) => {
      const row = make('button', { type: 'button', class: 'song-row' }, icon('folder'), make('span', { class: 'song-words' }, name));
      row.addEventListener('click', () => void this.look(path));
      return make('li', {}, row);
    }));
    const songs = shown.audio_files > 0 ? counted('pickerSongs', shown.audio_files) : '';
    say(byId('picker-none', HTMLElement), songs || (shown.folders.length === 0 && shown.path ? t('pickerNone') : ''));
  }

  choices() {
    const { start } = this;
    const choice = (/** @type {string} */ kind, /** @type {string} */ picture, /** @type {string} */ title, /** @type {string} */ hint, /** @type {() => void} */ act) => {
      const button = make('button', { type: 'button', class: 'choice', 'data-kind': kind }, icon(picture),
        make('span', {}, make('strong', {}, title), make('span', { class: 'hint path' }, hint)));
      button.addEventListener('click', act);
      return button;
    };
    if (!start) return [];
    const { usual } = start;
    return [
      ...(usual ? [choice('usual', 'song', t('choiceUsual'), usual, () => this.acts.scan(usual))] : []),
      choice('other', 'folder', t('choiceOther'), t('choiceOtherHint'), () => {
        this.acts.open();
        // One's home is the first place.
        void this.look(start.folders[0]?.path);
      }),
      ...(start.demo && this.first ? [choice('demo', 'journey', t('choiceDemo'), t('choiceDemoHint'), () => this.acts.demo())] : []),
    ];
  }
}
