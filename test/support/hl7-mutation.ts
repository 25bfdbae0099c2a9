/** A message in which one value is another one of the same kind: for tests of what a mapping makes of each. */
import { MAPPED_FIELDS } from '../../src/mappings/hl7v2/fields.ts';

/** One component of one repetition of one field that holds a value. */
export interface Place {
  /** `SCH-11` */
  readonly path: string;
  readonly line: number;
  /** 1-based among the segments of that name. */
  readonly ordinal: number;
  readonly field: number;
  /** 0-based. */
  readonly repetition: number;
  readonly component: number;
}

/** The lines of a file with the usual separators. Latin-1, so that every byte survives. */
export class Text {
  readonly lines: readonly (readonly string[])[];
  readonly #end: string;

  private constructor(lines: readonly (readonly string[])[], end: string) {
    this.lines = lines;
    this.#end = end;
  }

  static of(bytes: Buffer): Text {
    const text = bytes.toString('latin1');
    const end = text.includes('\r') ? '\r' : '\n';
    return new Text(
      text.split(/[\r\n]+/).map((line) => line.split('|')),
      end,
    );
  }

  bytes(): Buffer {
    return Buffer.from(this.lines.map((line) => line.join('|')).join(this.#end), 'latin1');
  }

  value({ line, field, repetition, component }: Place): string {
    return this.lines[line]?.[field]?.split('~')[repetition]?.split('^')[component - 1] ?? '';
  }

  with(place: Place, value: string): Text {
    const { line, field, repetition, component } = place;
    return this.#map((fields, at) => {
      if (at !== line) return fields;
      const repetitions = (fields[field] ?? '').split('~');
      const components = (repetitions[repetition] ?? '').split('^');
      components[component - 1] = value;
      return fields.with(field, repetitions.with(repetition, components.join('^')).join('~'));
    });
  }

  /** The field as sent, of a place. */
  field({ line, field }: Place): string {
    return this.lines[line]?.[field] ?? '';
  }

  /** First component of the first such field that holds something; `''` for none. */
  first(path: string): string {
    const [name = '', number = '0'] = path.split('-');
    const index = Number(number) - (name === 'MSH' ? 1 : 0);
    const found = this.lines.find((fields) => fields[0] === name && (fields[index] ?? '') !== '');
    return found?.[index]?.split('^', 1)[0] ?? '';
  }

  /** `A08`, `S12`: of the first message. */
  get trigger(): string {
    return this.lines[0]?.[8]?.split('^')[1] ?? '';
  }

  /** Name of the segment that a note follows. */
  before(line: number): string {
    const heads = this.lines.slice(0, line).map((fields) => fields[0] ?? '');
    return heads.findLast((name) => name !== 'NTE') ?? '';
  }

  /**
   * Nothing at `SCH-11`, at `SCH-11.5`, in all `AIP`, or, for `*`, in the other repetitions of the place. The place
   * itself is spared.
   */
  without(paths: readonly string[], place: Place): Text {
    return this.#map((fields, line) => {
      const name = fields[0] ?? '';
      return fields.map((text, n) => {
        const path = `${name}-${fieldNumber(name, n)}`;
        const isHead = n === 0 || (name === 'MSH' && n < 2);
        const isHere = line === place.line && n === place.field;
        if (isHead) return text;
        const goes = (repetition: number, component: number): boolean => {
          if (isHere && repetition === place.repetition && component === place.component) return false;
          if (paths.includes(`${path}.${component}`)) return true;
          if (isHere) return paths.includes('*') && repetition !== place.repetition;
          return paths.includes(path) || paths.includes(name);
        };
        return text
          .split('~')
          .map((one, at) =>
            one
              .split('^')
              .map((part, c) => (goes(at, c + 1) ? '' : part))
              .join('^'),
          ) // prettier-ignore
          .map((one) => (/^\^*$/.test(one) ? '' : one))
          .join('~');
      });
    });
  }

  #map(change: (fields: readonly string[], line: number) => readonly string[]): Text {
    return new Text(this.lines.map(change), this.#end);
  }
}

function fieldNumber(name: string, index: number): number {
  return name === 'MSH' ? index + 1 : index;
}

const CE = [1, 2, 3];
const EI = [1, 2];
const PERSON = [1, 2, 3];
const PLACE = [1, 2];
/** Components that hold what the table says the field becomes; of the others the first, or what stands in its place. */
const COMPONENTS: Readonly<Record<string, readonly number[]>> = {
  'MSH-9': [2],
  'SCH-1': EI,
  'SCH-2': EI,
  'SCH-4': EI,
  'SCH-6': CE,
  'SCH-7': CE,
  'SCH-8': CE,
  'SCH-11': [3, 4, 5],
  'SCH-23': EI,
  'SCH-24': EI,
  'SCH-26': EI,
  'SCH-27': EI,
  'AIS-3': [1, 2],
  'AIG-3': [1, 2],
  'AIL-3': [1, 2, 9],
  'AIP-3': PERSON,
  'PID-2': [1, 4, 5],
  'PID-3': [1, 4, 5],
  'PID-4': [1, 4, 5],
  'PID-5': [1, 2, 3],
  'PID-11': [1, 2, 3, 4, 5, 6],
  'PID-13': [1, 4, 5, 6, 7, 8, 12],
  'PID-14': [1, 4, 5, 6, 7, 8, 12],
  'PID-40': [1, 4, 5, 6, 7, 8, 12],
  'PV1-3': PLACE,
  'PV1-7': PERSON,
  'PV1-9': PERSON,
  'PV1-17': PERSON,
  'PV1-19': [1, 4],
  'PV1-50': [1, 4],
  'PV2-3': CE,
  'MRG-1': [1, 4, 5],
  'MRG-2': [1, 4, 5],
  'MRG-4': [1, 4, 5],
  'STF-2': [1, 5],
  'STF-3': [1, 2],
  'LOC-1': [1, 2],
  'EVN-4': [1],
};

/** Every value of a field that the table says becomes something. */
export function placesOf(text: Text): readonly Place[] {
  const kept = new Set(MAPPED_FIELDS.flatMap((row) => ('becomes' in row ? [row.path] : [])));
  const seen = new Map<string, number>();
  return text.lines.flatMap((fields, line) => {
    const name = fields[0] ?? '';
    const ordinal = (seen.get(name) ?? 0) + 1;
    seen.set(name, ordinal);
    return fields.flatMap((field, index) => {
      const path = `${name}-${fieldNumber(name, index)}`;
      if (index === 0 || !kept.has(path)) return [];
      return field.split('~').flatMap((repetition, at) =>
        repetition.split('^').flatMap((value, part): readonly Place[] => {
          const wanted = COMPONENTS[path] ?? [1];
          const isWanted = wanted.includes(part + 1) && value.trim() !== '' && !value.includes('""');
          return isWanted ? [{ path, line, ordinal, field: index, repetition: at, component: part + 1 }] : [];
        }),
      );
    });
  });
}

export function mutated(text: Text, place: Place): Text {
  const value = text.value(place);
  const other = OTHERS[`${place.path}.${place.component}`] ?? (isFirst(place) ? OTHERS[place.path] : undefined);
  return text.with(place, (other ?? otherText)(value));
}

function isFirst({ path, component }: Place): boolean {
  return component === (COMPONENTS[path]?.[0] ?? 1) || component === 2;
}

/** Other letters and other digits, of which none is 0; what is between them stays. */
function otherText(value: string): string {
  if (/^\d{12,}/.test(value)) return laterTime(value);
  return value.replace(/[0-9A-Za-z]/g, (sign) => {
    if (/\d/.test(sign)) return String((Number(sign) % 9) + 1);
    const base = sign < 'a' ? 65 : 97;
    return String.fromCharCode(((sign.charCodeAt(0) - base + 1) % 26) + base);
  });
}

/** An hour later, or earlier late in the day. */
function laterTime(value: string): string {
  const hour = Number(value.slice(8, 10));
  return value.slice(0, 8) + String(hour < 22 ? hour + 1 : hour - 1).padStart(2, '0') + value.slice(10);
}

function otherTrigger(value: string): string {
  if (value.startsWith('S')) return swap('S15', 'S12')(value);
  return value.startsWith('M') ? swap('M02', 'M05')(value) : swap('A29', 'A08')(value);
}

function otherYear(value: string): string {
  return value.replace(/^(\d{3})(\d)/, (_, decade: string, year: string) => `${decade}${(Number(year) + 1) % 10}`);
}

const swap =
  (...words: readonly string[]) =>
  (value: string): string =>
    words.find((word) => word.toUpperCase() !== value.toUpperCase()) ?? value;

const status = swap('Cancelled', 'Pending');
const action = swap('D', 'A');
const unit = swap('s', 'min');
const codeSystem = swap('LN', 'I10');
const OTHERS: Readonly<Record<string, (value: string) => string>> = {
  'MSH-9': otherTrigger,
  'SCH-6.3': codeSystem,
  'SCH-7.3': codeSystem,
  'SCH-8.3': codeSystem,
  'PV2-3.3': codeSystem,
  'SCH-9': (value) => String(Number(value) + 15),
  'SCH-10': unit,
  'SCH-25': status,
  'RGS-2': action,
  'AIS-2': action,
  'AIG-2': action,
  'AIL-2': action,
  'AIP-2': action,
  'AIS-7': (value) => String(Number(value) + 15),
  'AIS-8': unit,
  'AIS-10': status,
  'AIG-4': swap('ROOM', 'D'),
  'AIG-9': (value) => String(Number(value) + 15),
  'AIG-10': unit,
  'AIG-11': (value) => String(Number(value) + 15),
  'AIG-12': unit,
  'AIG-14': status,
  'AIL-9': (value) => String(Number(value) + 15),
  'AIL-10': unit,
  'AIL-12': status,
  'AIP-4': swap('ATND', 'PPRF'),
  'AIP-9': (value) => String(Number(value) + 15),
  'AIP-10': unit,
  'AIP-12': status,
  'PID-7': otherYear,
  'NK1-16': otherYear,
  'GT1-8': otherYear,
  'PID-8': swap('F', 'M'),
  'PID-19': () => '219-09-9998',
  'PID-29': otherYear,
  'PID-30': swap('Y', 'N'),
  'PID-31': swap('Y', 'N'),
  'PD1-12': swap('Y', 'N'),
  'MFI-3': swap('REP', 'UPD'),
  'MFE-1': swap('MDC', 'MAD'),
  'STF-7': swap('I', 'A'),
  'LDP-6': swap('I', 'A'),
};
