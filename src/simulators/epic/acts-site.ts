/** Acts about the site itself: settings, the decision tree, who may call, where messages go. */
import { asHubError } from '../../core/errors.ts';
import { ActError } from '../kit/kind.ts';
import { OUTBOUND, TARGET } from '../kit/outbound.ts';
import { textOf, type Act } from './act.ts';
import { visitTypeByCode } from './hospital.ts';
import { CHANGED, MAPPED, QUESTIONS, TOKENS } from './model.ts';
import { checkSettings } from './seed-schema.ts';

export const SITE_ACTS: Readonly<Record<string, Act>> = {
  'set-questions': (hospital, tx, request) => {
    const { code } = visitTypeByCode(hospital.seed, textOf(request['visitType']));
    const at = request['at'];
    if (at === 'find' || at === 'book') tx.put(QUESTIONS, code, { visitType: code, at });
    else if (at === null) tx.remove(QUESTIONS, code);
    else throw new ActError('at is find, book or null');
    return { visitType: code, at };
  },
  'map-client': (hospital, tx, request) => {
    const id = textOf(request['client']);
    if (!hospital.seed.clients.some((one) => one.id === id)) throw new ActError('there is no such client');
    tx.put(MAPPED, id, request['on'] !== false);
    return { client: id, mapped: request['on'] !== false };
  },
  'revoke-tokens': (_hospital, tx) => {
    const all = tx.all(TOKENS).length;
    for (const { token } of tx.all(TOKENS)) tx.remove(TOKENS, token);
    return { revoked: all };
  },
  'set-target': (_hospital, tx, request) => {
    const [host, port] = [textOf(request['host']), Number(request['port'])];
    if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) throw new ActError('give host and port');
    tx.put(TARGET, 'target', { host, port });
    return { host, port };
  },
  /** The last message about an appointment or a patient once more, byte by byte. */
  resend: (hospital, tx, request) => {
    const last = tx.all(OUTBOUND).findLast((one) => one.about === textOf(request['about']));
    if (last === undefined || !hospital.feed.repeat(tx, String(last.sequence))) throw new ActError('nothing was sent');
    return { controlId: last.controlId };
  },
  'change-settings': (_hospital, tx, request) => {
    try {
      const next = { ...tx.get(CHANGED, 'settings'), ...checkSettings(request['settings'] ?? {}) };
      tx.put(CHANGED, 'settings', next);
      return next;
    } catch (error) {
      throw new ActError(asHubError(error).detail);
    }
  },
};
