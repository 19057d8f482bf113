// Adding music: choose a folder, and watch the program listen to it.

import { byId, make, say } from './dom.js';
import { counted, number, percent, t } from './language.js';
import { Folders } from './folders.js';
import { scan, startDemo, startScan, stopScan } from './server.js';

/** @typedef {import('./types.js').Scan} Scan */

const POLL_MS = 500;
/** With so many songs the music can begin while the others are still to be heard. */
export const ENOUGH = 10;
/** While a scan runs, the page looks for new songs so often. */
const NEWS_MS = 10_000;

export class ScanDialog {
  /** @param {(done: boolean) => void} onSongs  There are new songs, all of the scan's if it is done. */
  constructor(onSongs) {
    this.onSongs = onSongs;
    /** When the songs of the scan that runs were told of. */
    this.told = -Infinity;
    this.folders = new Folders({
      scan: (folder) => void this.ask(() => startScan([folder])), demo: () => void this.ask(startDemo), open: () => this.open(),
    });
    this.dialog = byId('scan', HTMLDialogElement);
    /** @type {Scan | null} */
    this.state = null;
    this.timer = 0;
    for (const id of ['scan-open', 'scan-pill']) {
      byId(id, HTMLButtonElement).addEventListener('click', () => this.open());
    }
    byId('scan-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.start();
    });
    byId('scan-stop', HTMLButtonElement).addEventListener('click', () => void this.ask(stopScan));
  }

  open() {
    void this.folders.offer(this.folders.first);
    if (!this.dialog.open) this.dialog.showModal();
  }

  async start() {
    const folder = byId('scan-folder', HTMLInputElement).value.trim();
    if (folder) await this.ask(() => startScan([folder]));
  }

  /** @param {() => Promise<Scan | null>} request */
  async ask(request) {
    const problem = byId('scan-problem', HTMLElement);
    try {
      const state = await request();
      say(problem, '');
      if (request !== scan && state?.running && !this.dialog.open) this.open();
      this.follow(state ?? (await scan()));
    } catch (error) {
      say(problem, error instanceof Error ? error.message : '');
      if (!this.dialog.open) this.open();
    }
  }

  /**
   * Shows a scan, and looks again while it runs.
   * @param {Scan} state
   */
  follow(state) {
    const ended = this.state?.running && !state.running;
    this.state = state;
    this.show();
    clearTimeout(this.timer);
    if (state.running) this.timer = window.setTimeout(() => void this.ask(scan), POLL_MS);
    const known = state.done - state.failed;
    if (ended) {
      this.told = -Infinity;
      this.onSongs(true);
    } else if (state.running && (state.refining || known >= ENOUGH) && performance.now() - this.told > NEWS_MS) {
      this.told = performance.now();
      this.onSongs(false);
    }
  }

  show() {
    const { state } = this;
    if (!state) return;
    const share = state.found > 0 ? Math.min(1, state.done / state.found) : 0;
    byId('scan-progress', HTMLElement).hidden = false;
    this.folders.busy = state.running;
    this.folders.show();
    byId('scan-form', HTMLFormElement).hidden = state.running;
    byId('scan-bar', HTMLProgressElement).value = state.running ? share : 1;
    byId('scan-count', HTMLElement).textContent = state.running
      ? state.found === 0 ? t('scanLooking') : t(state.refining ? 'scanRefining' : 'scanCount', number(state.done), number(state.found))
      : state.found === 0 ? t('scanNothing') : counted('scanDone', state.done - state.failed);
    byId('scan-current', HTMLElement).textContent = state.running ? (state.current ?? '\u00a0') : '';
    byId('scan-stop', HTMLButtonElement).hidden = !state.running;
    const pill = byId('scan-pill', HTMLButtonElement);
    pill.hidden = !state.running;
    pill.replaceChildren(make('span', { class: 'wide' }, `${t('scanPill')} `), percent(share));
    const errors = byId('scan-errors', HTMLDetailsElement);
    errors.hidden = state.failed === 0;
    byId('scan-failed', HTMLElement).textContent = t('scanFailed', number(state.failed));
    errors.querySelector('ul')?.replaceChildren(...state.failures.map(({ path, reason }) =>
      make('li', {}, make('span', { class: 'path' }, path), make('span', { class: 'hint' }, reason))));
  }

  translate() {
    this.folders.show();
    this.show();
  }
}
