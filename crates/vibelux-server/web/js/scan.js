// Adding music: name a folder, and watch the program listen to it.

import { byId, make, say } from './dom.js';
import { counted, number, percent, t } from './language.js';
import { scan, startScan, stopScan } from './server.js';

/** @typedef {import('./types.js').Scan} Scan */

const POLL_MS = 500;

export class ScanDialog {
  /** @param {() => void} onSongs  There are new songs. */
  constructor(onSongs) {
    this.onSongs = onSongs;
    this.dialog = byId('scan', HTMLDialogElement);
    /** @type {Scan | null} */
    this.state = null;
    this.timer = 0;
    for (const id of ['scan-open', 'music-add', 'scan-pill']) {
      byId(id, HTMLButtonElement).addEventListener('click', () => this.open());
    }
    byId('scan-form', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      void this.start();
    });
    byId('scan-stop', HTMLButtonElement).addEventListener('click', () => void this.ask(stopScan));
  }

  open() {
    if (!this.dialog.open) this.dialog.showModal();
    byId('scan-folder', HTMLInputElement).focus();
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
      this.follow(state ?? (await scan()));
    } catch (error) {
      say(problem, error instanceof Error ? error.message : '');
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
    if (ended) this.onSongs();
  }

  show() {
    const { state } = this;
    if (!state) return;
    const share = state.found > 0 ? Math.min(1, state.done / state.found) : 0;
    byId('scan-progress', HTMLElement).hidden = false;
    byId('scan-bar', HTMLProgressElement).value = state.running ? share : 1;
    byId('scan-count', HTMLElement).textContent = state.running
      ? t('scanCount', number(state.done), number(state.found))
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
    this.show();
  }
}
