/**
 * What a negative acknowledgement says about sending the same message again. Chapter 2 has one word for several cases,
 * so the code of the error (ERR-3, up to version 2.4 ERR-1) decides where one is sent:
 *
 *   |                      | no code   | 200-203   | 206, 207  | other     |
 *   | -------------------- | --------- | --------- | --------- | --------- |
 *   | AE content           | permanent | permanent | AE 206 *  | permanent |
 *   | AR not processable   | transient | permanent | transient | permanent |
 *   | CE not kept          | transient | permanent | transient | permanent |
 *   | CR not acceptable    | permanent | permanent | transient | permanent |
 *
 *   * a record that is locked (206) is open again later; 207 under AE is how many systems say no.
 *
 * What has no answer is not in the table: it is ambiguous (SITE_ANSWER_LOST), and what never left is transient. AA is
 * done, CA is kept there and not done yet.
 */
import type { AckCode } from './acknowledge.ts';
import { parseMessage, type Message } from './message.ts';

export type AckClass = 'permanent' | 'transient';

export function ackClass(code: Exclude<AckCode, 'AA' | 'CA'>, errors: readonly string[]): AckClass {
  const locked = errors.includes('206');
  if (code === 'AE') return locked ? 'transient' : 'permanent';
  if (locked || errors.includes('207')) return errors.some(isUnsupported) ? 'permanent' : 'transient';
  if (errors.length > 0) return 'permanent';
  return code === 'CR' ? 'permanent' : 'transient';
}

/** Message type, event, processing id, version: they will not be supported in a minute either. */
function isUnsupported(code: string): boolean {
  return /^20[0-3]$/.test(code);
}

/** Codes of table 0357 in an answer, wherever its version has them; without those that say that all is well (0). */
export function ackErrors(answer: Message | Uint8Array): readonly string[] {
  const message = answer instanceof Uint8Array ? parseMessage(answer).message : answer;
  // Some write them into MSA-6 and send no ERR (withdrawn in 2.7, filled all the same).
  const said = [message.first('MSA')?.component(6, 1)];
  for (const error of message.all('ERR')) {
    said.push(error.component(3, 1));
    for (const one of error.repetitions(1)) said.push(one.component(4, 1));
  }
  return said.flatMap((code) => (code === null || code === undefined || !/^[1-9]\d*$/.test(code) ? [] : [code]));
}
