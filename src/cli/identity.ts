import { UsageError, type Call, type Command, type ExitCode } from './command.ts';
import { CALIBRATE_OPTIONS, identityCalibrate } from './identity-calibrate.ts';
import { EVALUATE_OPTIONS, identityEvaluate } from './identity-evaluate.ts';
import { identityExplain } from './identity-explain.ts';
import {
  identityDecide,
  identityErase,
  identityOverride,
  identityStats,
  identityUndo,
  identityUnmerge,
  PEOPLE_OPTIONS,
} from './identity-people.ts';
import { identityNppes, NPPES_OPTIONS } from './identity-nppes.ts';
import { identityPractitioners } from './identity-practitioners.ts';
import { identityTrain, TRAIN_OPTIONS } from './identity-train.ts';

const VERBS: Readonly<Record<string, (call: Call) => Promise<ExitCode>>> = {
  stats: identityStats,
  explain: identityExplain,
  decide: identityDecide,
  unmerge: identityUnmerge,
  override: identityOverride,
  undo: identityUndo,
  erase: identityErase,
  nppes: identityNppes,
  practitioners: identityPractitioners,
  evaluate: identityEvaluate,
  train: identityTrain,
  calibrate: identityCalibrate,
};

export const identityCommand: Command = {
  name: 'identity',
  arguments: Object.keys(VERBS).join('|'),
  takes: [1, 60],
  summary:
    'Shows and decides who is who; measures, trains and explains how the hub tells that two records are one person.',
  prose: [
    '`identity stats` asks the hub how many records and people it knows, what was decided by whom, and which pairs ' +
      'wait for a person. `identity explain ID ID` shows, field by field as a waterfall, why two records are like ' +
      'each other, which guards strike, and all that was decided about them; `identity explain ID` shows the records ' +
      'of one person, what people said of it, and all decisions.',
    '`identity decide same|different ID ID --reason TEXT` is ' +
      "a person's word: it goes before that of sites and of matching. `identity unmerge ID... --reason TEXT` takes " +
      'these records out of the person that they are part of. `identity override ID ATTRIBUTE --value FILE ' +
      '--reason TEXT` says a whole value that somebody knows to be right; with `--withdraw` the records hold again. ' +
      "`identity undo NUMBER --reason TEXT` takes a person's decision back, with all that was said at once with it. " +
      'Records are named by the ids of their Patients; nothing of what they say is printed.',
    '`identity erase ID... --reason TEXT` destroys a person: name all of their records. Their data keys go, and with ' +
      'them every version; nobody can bring that back. Visits to come must be cancelled first.',
    '`identity nppes FILE...` tells the hub what NPPES says of the NPIs of practitioners: the monthly or a weekly ' +
      '`npidata_pfile_*.csv`, unpacked, and the report of deactivated NPIs, saved as CSV. They are read from ' +
      "this machine's disk as a stream, whatever their size. A group's number on a person, a number that is not in " +
      'use any more, and another surname are put before a person; nothing else changes by them.',
    '`identity practitioners` lists practitioners of whom at least one has no NPI, and who may be one person by ' +
      'their names and specialties. It links nobody.',
    '`identity evaluate` runs labelled files through the matcher and prints, at the shipped thresholds, precision, ' +
      'recall and F1 of the links made without a person, the recall of those and the review band together, how many ' +
      'true pairs were compared at all (pair completeness) and how many pairs were not (reduction ratio); then the ' +
      'same without social security numbers. The same figures are told by age under two (at `--today`), family name ' +
      'or sex changed between the two records, and how a name is written, each with what it may be off by: a part ' +
      'with few pairs tells nothing. No hub is asked and nothing is stored.',
    'Columns are known by their names (`given_name`, `surname`, `dob`, `soc_sec_id`), or named with `--fields ' +
      'given=COLUMN,family=COLUMN,...` or a JSON or YAML file of the same. Fields: given, middle, family, ' +
      'previousFamily, suffix, birthDate, gender, street, number, line2, city, state, postcode, phone, email, ssn, ' +
      'mrn, member, multipleBirth, id.',
    '`--truth` is a column whose value the records of one person share (the record ids of FEBRL are understood), or ' +
      'a CSV file of pairs of record ids.',
    '`identity train` learns the rates of a model from files without labels, by expectation maximisation from the ' +
      'shipped model or the one of `--model`, and writes it to `--out` with its hash. Each weight that moved is ' +
      'shown. A model whose weights moved by more than 2 bits, or that takes far more or far fewer pairs for one ' +
      'person than the one it began with, is written only with `--approve`: look at it first, and evaluate it.',
    '`identity calibrate` holds what people decided about pairs of the queue, and labelled files if they are named, ' +
      'against what the score had said: what share was one person in each bucket of probability, the rising curve of ' +
      'that, and from where on links would stay under the budget. It prints that, writes it to `--out`, and changes ' +
      'nothing: thresholds follow from `identity.matching`. With too few verdicts it says how many are needed.',
  ],
  options: {
    ...EVALUATE_OPTIONS,
    ...TRAIN_OPTIONS,
    ...CALIBRATE_OPTIONS,
    ...PEOPLE_OPTIONS,
    ...NPPES_OPTIONS,
  },
  run(call) {
    const [verb = '', ...rest] = call.arguments;
    const run = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (run === undefined) {
      throw new UsageError(`identity knows ${Object.keys(VERBS).join(', ')}; ${verb} is none of them.`);
    }
    return run({ ...call, arguments: rest });
  },
};
