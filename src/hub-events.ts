/** What stages, HTTP and MLLP report, as named events. */
import type { Telemetry } from './core/telemetry.ts';
import type { HttpEvents } from './http/deps.ts';
import type { StageEvents } from './pipeline/events.ts';

export interface HubEvents extends StageEvents {
  readonly http: HttpEvents;
  readonly approvalDecided: (site: string, decision: string) => void;
  readonly registrationAnswered: (site: string, outcome: string) => void;
  readonly signingKeyMoved: (environment: string, what: string, kid: string) => void;
  /** `given`, or the code of the error. */
  readonly tokenAsked: (site: string, outcome: string, took_ms: number) => void;
  mllp(kind: string): void;
  controlIdReused(site: string, messageId: number): void;
  connectionRefused(listener: string, reason: string, address: string, detail: string): void;
  frameAnswered(site: string, code: string): void;
  requestCarriedOut(client: string, trigger: string, code: string, pending: boolean): void;
  clientTold(client: string, kind: string, outcome: string): void;
}

export function hubEvents(telemetry: Telemetry): HubEvents {
  const emit: Telemetry['emit'] = (name, fields) => telemetry.emit(name, fields);
  return {
    received(site, via, inserted, repeated) {
      if (inserted > 0) emit('MessagesReceived', { site, via, inserted });
      if (repeated > 0) emit('MessagesRepeated', { site, via, repeated });
    },
    applied: (site, kind, status, waited_ms) => emit('MessageApplied', { site, kind, status, waited_ms }),
    parked: (site, kind, stage, code, messageId) => emit('MessageParked', { site, kind, stage, code, messageId }),
    polled: (site, feed, messages, took_ms) => emit('FeedAsked', { site, feed, messages, took_ms }),
    feedFailed: (site, feed, code, detail) => emit('FeedFailed', { site, feed, code, detail }),
    delivered: (site, kind, outcome, took_ms) => emit('Delivered', { site, kind, outcome, took_ms }),
    breaker: (site, state) => emit('SiteBreaker', { site, state }),
    bookingMoved: (site, action, state) => emit('BookingMoved', { site, action, state }),
    unusualStatus: (site, from, to) => emit('UnusualStatus', { site, from, to }),
    approvalDecided: (site, decision) => emit('ApprovalDecided', { site, decision }),
    registrationAnswered: (site, outcome) => emit('RegistrationAnswered', { site, outcome }),
    stageFailed: (stage, code, detail) => emit('StageFailed', { stage, code, detail }),
    conflict: (what, sites, because, subject) => {
      for (const site of sites) {
        if (what === 'raised') emit('ConflictRaised', { site, because, subject });
        else emit('ConflictCleared', { site, because, subject });
      }
    },
    placed: (outcome) => emit('RecordPlaced', { outcome }),
    keyCapped: (kind, read) => emit('KeyCapped', { kind, read }),
    practitionerMoved: (site, because, visits) => emit('PractitionerMoved', { site, because, visits }),
    swept: (what, count) => emit('Swept', { what, count }),
    escalated: (kind, role, step, count, subject) => emit('WorkEscalated', { kind, role, step, count, subject }),
    replayWindow: (site, what) => emit('ReplayWindow', { site, what }),
    signingKeyMoved: (environment, what, kid) => emit('SigningKeyMoved', { environment, what, kid }),
    tokenAsked: (site, outcome, took_ms) => emit('TokenAsked', { site, outcome, took_ms }),
    mllp: (kind) => emit('MllpEvent', { kind }),
    controlIdReused: (site, messageId) => emit('ControlIdReused', { site, messageId }),
    connectionRefused: (listener, reason, address, detail) =>
      emit('MllpRefused', { listener, cause: reason, address, detail }),
    frameAnswered: (site, code) => emit('FrameAnswered', { site, code }),
    requestCarriedOut: (sender, trigger, code, pending) =>
      emit('RequestCarriedOut', { sender, trigger, code: pending ? `${code} pending` : code }),
    clientTold: (sender, kind, outcome) => emit('ClientTold', { sender, kind, outcome }),
    http: {
      answered: ({ method, route, status, duration_ms, requestId, client }) =>
        emit('RequestAnswered', { method, route, status, duration_ms, requestId, client }),
      failed: ({ requestId, code, detail }) => emit('RequestFailed', { requestId, code, detail }),
      intake: ({ site, outcome }) => emit('WebhookTaken', { site, outcome }),
    },
  };
}
