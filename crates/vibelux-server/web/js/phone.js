// How a phone of the same network gets in: its address as a QR code, for a guest or for the owner's own phone.

import { byId, chosenRadio, make, say } from './dom.js';
import { t } from './language.js';
import { lan } from './server.js';

/** @typedef {import('./types.js').Lan} Lan */

/** A computer may have many addresses, of containers for example; the likeliest come first. */
const MOST_SHOWN = 3;

export class PhoneDialog {
  constructor() {
    this.dialog = byId('phone', HTMLDialogElement);
    /** @type {Lan | null} */
    this.state = null;
    byId('phone-open', HTMLButtonElement).addEventListener('click', () => void this.open());
    for (const radio of document.querySelectorAll('input[name="phone-role"]')) radio.addEventListener('change', () => this.show());
  }

  async open() {
    const problem = byId('phone-problem', HTMLElement);
    try {
      this.state = await lan();
      say(problem, '');
    } catch (error) {
      say(problem, error instanceof Error ? error.message : '');
    }
    this.show();
    this.dialog.showModal();
  }

  show() {
    const { state } = this;
    byId('phone-on', HTMLElement).hidden = !state?.is_on;
    byId('phone-off', HTMLElement).hidden = state === null || state.is_on;
    if (!state?.is_on) return;
    const role = chosenRadio('phone-role');
    const shown = state.invitations.filter((invitation) => invitation.role === role);
    byId('phone-hint', HTMLElement).textContent = t(role === 'owner' ? 'phoneOwnerHint' : 'phoneGuestHint');
    byId('phone-addresses', HTMLElement).replaceChildren(...shown.slice(0, MOST_SHOWN).map(({ url, qr_svg: svg }) => make('li', { class: 'path' },
      make('img', { src: `data:image/svg+xml,${encodeURIComponent(svg)}`, alt: t('phoneCode', url), width: '240', height: '240' }), make('code', {}, url))));
    byId('phone-fingerprint', HTMLElement).textContent = state.fingerprint;
  }

  translate() {
    this.show();
  }
}
