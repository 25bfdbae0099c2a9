/** Why a request (SRM) comes to nothing, in the words that its sender reads. */
import type { BookingAnswer } from '../booking/contract.ts';
import { ERRORS } from '../core/error-catalogue.ts';
import type { HubError } from '../core/errors.ts';
import type { AnswerError } from '../hl7v2/schedule-write.ts';
import type { StoredSlot } from '../store/contract-resources.ts';

export interface Denial {
  readonly kind: 'denied';
  /** AE: denied. AR: not now, the same request may be sent again. */
  readonly code: 'AE' | 'AR';
  readonly error: AnswerError;
  readonly text: string;
  readonly alternatives: readonly StoredSlot[];
}

/** `where`: `PID-3`. */
export function denial(error: AnswerError['code'], text: string, where?: string, application?: string): Denial {
  const [segment = '', field] = (where ?? '').split(/[-.]/);
  const at = { segment, ...(field === undefined ? {} : { field: Number(field) }) };
  return {
    kind: 'denied',
    code: 'AE',
    error: {
      code: error,
      text,
      ...(where === undefined ? {} : { at }),
      ...(application === undefined ? {} : { application }),
    },
    text,
    alternatives: [],
  };
}

/** What the desk threw. Whatever is over in a moment is AR: the sender may send the same again. */
export function denialBy(error: HubError): Denial {
  const isOver = error.class === 'permanent' && ERRORS[error.code].act !== 'hub';
  const code = error.code === 'NOT_FOUND' ? '204' : error.code === 'REQUEST_KEY_REUSED' ? '205' : '207';
  const text = error.code === 'REQUEST_KEY_REUSED' ? KEY_REUSED : error.message;
  return { ...denial(code, text, undefined, error.code), code: isOver ? 'AE' : 'AR' };
}

const KEY_REUSED =
  'This placer appointment id (ARQ-1) came before with another request. ' +
  'Use S02 to S04 to change that one, or a new id.';

/** What the site, or the desk, answered with no; null: it did not. */
export function denialOf(answer: BookingAnswer): Denial | null {
  if (answer.kind === 'conflict') {
    return { ...denialBy(answer.error), code: 'AE', alternatives: answer.alternatives };
  }
  if (answer.kind !== 'refused') return null;
  const because = answer.because ?? answer.error.code;
  return { ...denial('207', answer.error.message, undefined, because), code: 'AE' };
}
