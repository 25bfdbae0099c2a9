/**
 * Bugs put into a copy of the sources, to prove that the checker finds them. A hub in service has no switch for any of
 * this: the copy lies in a temporary folder, and only the harness starts it. A text that is no longer there fails
 * loudly, because a bug that is not planted would look like one that was not found.
 */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Cleanup } from '../support/database.ts';
import type { Switches } from './plan.ts';

export interface Planted {
  readonly name: string;
  /** What goes wrong, and why it takes more than one place where it does. */
  readonly what: string;
  readonly edits: readonly Edit[];
  /** Where chance would rarely bring about what shows the bug. */
  readonly only?: Switches;
  /** New files, by path. */
  readonly files?: Readonly<Record<string, string>>;
}

interface Edit {
  readonly file: string;
  readonly from: string;
  readonly to: string;
}

const ROOT = join(import.meta.dirname, '../..');

export const PLANTED: readonly Planted[] = [
  {
    name: 'no-lock-no-constraint',
    what: 'two callers check one time at once and both take it; the look before sending, a third line, is gone as well',
    edits: [
      {
        file: 'src/booking/prepare.ts',
        from: 'const locks = [...resourcesOf(claims), ...person.locks',
        to: 'const locks = [...person.locks',
      },
      {
        file: 'src/pipeline/deliver.ts',
        from: 'owed.length === 0 ? [] : await tx.busy.overtaken(owed)',
        to: '[] as string[]',
      },
    ],
    files: { 'src/store/sql/9999_planted.sql': 'ALTER TABLE busy DROP CONSTRAINT busy_no_double_booking;\n' },
  },
  {
    name: 'ack-before-commit',
    what: 'a message is acknowledged as soon as it is read, and stored a moment later',
    edits: [
      {
        file: 'src/pipeline/receive.ts',
        from: '        const keys = orderOf(site, messages, sender);\n        waiting.push({',
        to:
          '        const keys = orderOf(site, messages, sender);\n' +
          "        if (via === 'hl7' || via === 'webhook')\n" +
          "          resolve(messages.map(() => ({ kind: 'duplicate', id: null })));\n" +
          '        waiting.push({',
      },
      {
        file: 'src/pipeline/receive.ts',
        from: '        setImmediate(begin);',
        to: '        setTimeout(begin, 5_000);',
      },
    ],
  },
  {
    name: 'retry-on-unknown',
    what: 'a call without an answer is simply made again, without the look that comes before it',
    edits: [
      {
        file: 'src/booking/settle.ts',
        from: "    case 'unknown': {\n",
        to:
          "    case 'unknown': {\n      if (context.booking.action === 'place')\n" +
          '        return answeredUnsent(deps, tx, context, outcome.error, step, now);\n',
      },
      {
        file: 'src/connectors/acuity/book.ts',
        from: "if (known.kind === 'found' && known.at.status === 'booked') return",
        to: "if (known.kind === 'found' && known.at.key === 'nobody') return",
      },
    ],
  },
  {
    name: 'find-believed-too-early',
    what: 'what the site does not show at once is taken for absent, and the caller is told so',
    only: { dropAnswer: true, loseWebhooks: true, staleReads: 1_500 },
    edits: [
      {
        file: 'src/booking/resolve.ts',
        from: '  const absences = booking.absences + 1;\n',
        to:
          "  if (booking.action === 'place')\n" +
          "    return settle({ kind: 'refused', because: 'rule', detail: 'not there' });\n" +
          '  const absences = booking.absences + 1;\n',
      },
      {
        file: 'src/booking/settle.ts',
        from: "step.move('unknown', { deadlineAt: null, nextCheckAt,",
        to: "step.move('unknown', { deadlineAt: null, nextCheckAt: now,",
      },
    ],
  },
  {
    name: 'echo-taken-for-foreign',
    what: 'news about a visit of ours makes a second Appointment',
    edits: [
      {
        file: 'src/pipeline/echo.ts',
        from: '  if (known !== null) return attachedTo(context, known);\n',
        to:
          '  const own = canonicalId.appointment(site.identity, change.key);\n' +
          '  if (known === own) return attachedTo(context, known);\n',
      },
      {
        file: 'src/pipeline/echo.ts',
        from: '  if (change.correlation === undefined) {',
        to: '  if (foreign.booking === null) return foreign;\n  if (change.correlation === undefined) {',
      },
    ],
  },
];

/** The root of a copy that holds the bug; gone when the test is over. */
export async function copyWith(cleanup: Cleanup, planted: Planted): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'slotwire-planted-'));
  cleanup.after(() => rm(root, { recursive: true, force: true }));
  await cp(join(ROOT, 'src'), join(root, 'src'), { recursive: true });
  await cp(join(ROOT, 'package.json'), join(root, 'package.json'));
  await symlink(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  for (const { file, from, to } of planted.edits) {
    const text = await readFile(join(root, file), 'utf8');
    const parts = text.split(from);
    if (parts.length !== 2) {
      throw new Error(`${planted.name} cannot be planted: ${file} holds ${parts.length - 1} times: ${from.trim()}`);
    }
    await writeFile(join(root, file), parts.join(to));
  }
  for (const [file, text] of Object.entries(planted.files ?? {})) await writeFile(join(root, file), text);
  return root;
}
