/** The commands, in the order of the help. */
import { bookingCommand, bookingsCommand } from './bookings.ts';
import { approvalsCommand, approveCommand, declineCommand } from './approvals.ts';
import { checkCommand } from './check.ts';
import type { Command } from './command.ts';
import { feedCommand } from './feed.ts';
import { generateCommand } from './generate.ts';
import { hl7Command } from './hl7.ts';
import { identityCommand } from './identity.ts';
import { keysCommand } from './keys.ts';
import { listenersCommand } from './listeners.ts';
import { messageCommand, messagesCommand } from './messages.ts';
import { migrateCommand } from './migrate.ts';
import { parkedCommand } from './parked.ts';
import { planCommand } from './plan.ts';
import { releaseCommand } from './release.ts';
import { replayCommand } from './replay.ts';
import { reconcileCommand } from './reconcile.ts';
import { resyncCommand } from './resync.ts';
import { simulateCommand } from './simulate.ts';
import { lagCommand, sitesCommand } from './sites.ts';
import { startCommand } from './start.ts';
import { workCommand } from './work.ts';

export const commands: readonly Command[] = [
  startCommand,
  checkCommand,
  planCommand,
  migrateCommand,
  sitesCommand,
  lagCommand,
  listenersCommand,
  keysCommand,
  messagesCommand,
  messageCommand,
  hl7Command,
  parkedCommand,
  bookingsCommand,
  bookingCommand,
  approvalsCommand,
  approveCommand,
  declineCommand,
  workCommand,
  replayCommand,
  releaseCommand,
  resyncCommand,
  reconcileCommand,
  identityCommand,
  feedCommand,
  simulateCommand,
  generateCommand,
];
