import { hl7Explain } from './hl7-explain.ts';
import { hl7Show } from './hl7-show.ts';
import { hl7ReplayWindow, REPLAY_WINDOW_OPTIONS } from './hl7-replay-window.ts';
import { UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { replayCommand } from './replay.ts';

const VERBS: Readonly<Record<string, (call: Call) => Promise<ExitCode>>> = {
  show: hl7Show,
  explain: hl7Explain,
  replay: (call) => replayCommand.run(call),
  'replay-window': hl7ReplayWindow,
};

export const hl7Command: Command = {
  name: 'hl7',
  arguments: 'show|explain|replay ID...|replay-window SITE',
  takes: [1, 1001],
  summary:
    'Shows an HL7 v2 message segment by segment, explains what became of it, applies it again, or guards a re-send.',
  prose: [
    '`hl7 show ID` names every segment, field and component of a stored message; `""` (delete what is stored) is ' +
      'told apart from what is not sent. `--masked` shows the shape of what may name a person, `--raw` the bytes as ' +
      'received.',
    '`hl7 explain ID` tells how it was acknowledged, what it waits for, what it made, why it is parked and what to ' +
      'do, and what the settings in force now would make of it beside what stands. With `--file` and `--site` it ' +
      'explains messages of a file, without a hub: try a site file on samples before the first message comes.',
    '`hl7 replay` is `slotwire replay`: by number, or all that are parked with one code; `--dry-run` changes nothing.',
    '`hl7 replay-window SITE` begins a replay window, before an interface engine sends hours of messages again: what ' +
      'says the same as a message before changes nothing, what later news contradicts is held back, the rest is ' +
      'applied. `--end` ends it and compares.',
    'These commands show what messages hold, which names patients: they need an admin token, and each look is ' +
      'written to the audit log.',
  ],
  options: {
    masked: { prose: 'With show: letters as x and digits as 9 where a person may be named.' },
    raw: { prose: 'With show: the bytes as they were received.' },
    file: { value: 'FILE', prose: 'With show and explain: the messages of this file instead of a stored one.' },
    site: { value: 'SITE', prose: 'With --file: by the settings of this site. With --all-of: only those of one site.' },
    'all-of': { value: 'CODE', prose: 'With replay: all that are parked with this code.' },
    'dry-run': { prose: 'With replay: only show which messages it would be.' },
    force: { prose: 'With replay: apply it also where a replay window held it back.' },
    ...REPLAY_WINDOW_OPTIONS,
  },
  run(call) {
    const [verb = '', ...rest] = call.arguments;
    const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (run === undefined)
      throw new UsageError(`hl7 knows show, explain, replay and replay-window; ${verb} is none of them.`);
    return run({ ...call, arguments: rest });
  },
};
