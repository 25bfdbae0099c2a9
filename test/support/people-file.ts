/** Made-up people as CSV, for the commands that read files. */
import { anotherRecord, makePerson, randomOf, recordOf } from './people.ts';
import type { PersonRecord } from '../../src/identity/match/person.ts';

const HEADING = 'id,first_name,last_name,dob,sex,address,zip,city,phone,ssn,who';

export interface MadeFiles {
  /** One record of each person. */
  readonly left: string;
  /** Another record of every second person, and people of its own. */
  readonly right: string;
  /** Ids of the pairs that are one person. */
  readonly pairs: string;
  readonly truePairs: number;
}

export function madeFiles(people: number, seed: number): MadeFiles {
  const random = randomOf(seed);
  const left: string[] = [];
  const right: string[] = [];
  const pairs: string[] = [];
  for (let at = 0; at < people; at += 1) {
    const person = makePerson(random);
    left.push(row(`L${at}`, recordOf(person), `p${at}`));
    if (at % 2 === 0) {
      right.push(row(`R${at}`, anotherRecord(random, person), `p${at}`));
      pairs.push(`L${at},R${at}`);
    } else right.push(row(`R${at}`, recordOf(makePerson(random)), `q${at}`));
  }
  const file = (rows: readonly string[]): string => `${[HEADING, ...rows].join('\n')}\n`;
  return {
    left: file(left),
    right: file(right),
    pairs: `left,right\n${pairs.join('\n')}\n`,
    truePairs: pairs.length,
  };
}

function row(id: string, record: PersonRecord, who: string): string {
  const [name] = record.names;
  const address = record.addresses?.[0];
  return [
    id,
    name?.given?.[0] ?? '',
    name?.family ?? '',
    record.birthDate ?? '',
    record.gender ?? '',
    address?.lines.join(' ') ?? '',
    address?.postalCode ?? '',
    address?.city ?? '',
    record.phones?.[0] ?? '',
    record.identifiers?.[0]?.value ?? '',
    who,
  ]
    .map((cell) => `"${cell}"`)
    .join(',');
}
