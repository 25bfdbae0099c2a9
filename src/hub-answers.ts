/** Speaking HL7 v2 to sites: the connection that a connector is lent, and what comes back on it too late. */
import type { Tools } from './connectors/contract.ts';
import type { Clock } from './core/clock.ts';
import { header } from './hl7v2/header.ts';
import { createSender } from './mllp/sender.ts';

/** `late`: an answer that nobody waits for any more. */
export function lendSender(clock: Clock, late?: (bytes: Uint8Array) => void): Tools['hl7Sender'] {
  return (options) => {
    const { tls, ...rest } = options;
    return createSender({
      ...rest,
      ...(tls === undefined ? {} : { tls: { ...tls } }),
      clock,
      ...(late === undefined ? {} : { onStrayAnswer: late }),
    });
  };
}

/** Anything else that a site sends on a connection of ours is not what that connection is for. */
export function isAnswer(bytes: Uint8Array): boolean {
  return ['ACK', 'SRR'].includes(header(bytes).messageCode);
}
