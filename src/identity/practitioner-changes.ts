/** What is to be moved because a code stands for somebody else (pipeline/rekey.ts). */
import type { PractitionerChanges } from './contract.ts';
import type { PractitionerCodes } from './practitioner-codes.ts';
import { doubtChange } from './practitioner-doubts.ts';
import { giveUpCode } from './practitioner-write.ts';
import { practitionersAs } from './practitioners.ts';

export function practitionerChanges(codes: PractitionerCodes): PractitionerChanges {
  return {
    isDue: () => codes.isDue,
    due: (plan) => codes.due(plan),
    doubt: doubtChange,
    isOnly: ({ site, code, from }) => codes.codesOf(site.id, from.id).every((one) => one === code),
    as: ({ site, code, to }) => practitionersAs(codes.with(site.id, code, to)),
    async giveUp({ site, code, from }, tx, cause) {
      await giveUpCode(tx, site, from, code, cause);
      // The transaction in which it was said may have been undone: what rests on it is not to be without it.
      const said = codes.said(site.id, code);
      if (said !== null) await tx.practitioners.say(said, cause.now);
    },
    done: ({ site, code, to }) => codes.set(site.id, code, to),
    wait: ({ site, code }) => codes.wait(site.id, code),
    askAgain: () => codes.askAgain(),
  };
}
