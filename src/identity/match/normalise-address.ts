/** Street addresses of the United States and Australia, and whatever else reads like one. */
import { joined, words } from './normalise-text.ts';
import type { Address, RecordAddress } from './person.ts';

/** Types of street in either country, long and short. Not compared: people leave them out and mix them up. */
const STREET_TYPES = new Set(
  `street st str road rd avenue ave av circuit cct cir circle place pl crescent cres cr court ct drive dr drv close cl
  lane ln way wy terrace tce ter terr parade pde boulevard blvd bvd grove gr gve highway hwy parkway pkwy square sq
  loop rise trail trl walk wlk view vw row run pass path pike plaza plz point pt ridge rdg esplanade esp alley aly
  expressway expy freeway fwy gardens gdns green grn heights hts mews promenade prom quay retreat ridgeway causeway
  cswy crossing xing turnpike tpke junction jct lookout glade glen cove outlook vista street`.split(/\s+/),
);

const DIRECTIONS: Readonly<Record<string, string>> = {
  ...{
    north: 'n',
    south: 's',
    east: 'e',
    west: 'w',
    northeast: 'ne',
    northwest: 'nw',
    southeast: 'se',
    southwest: 'sw',
  },
};

const UNIT_WORDS = new Set(
  'apt apartment apmnt unit flat suite ste room rm lot floor fl bldg building space spc'.split(' '),
);

const BOX = /\b(?:p\.?\s*o\.?|post\s*office|g\.?p\.?o\.?|locked\s*bag|private\s*bag)\s*(?:box|bag)?\s*#?\s*(\d+)/i;

const NOWHERE = new Set(
  `unknown none na nofixedabode nofixedaddress homeless general generaldelivery test notgiven noaddress same
  undomiciled transient refused`.split(/\s+/),
);

const NOTHING: Address = { street: '', number: '', unit: '', city: '', state: '', postcode: '', key: '' };

/** Null where it says nothing. */
export function address(raw: RecordAddress): Address | null {
  const place = {
    city: placed(raw.city),
    state: placed(raw.state).slice(0, 20),
    postcode: postcode(raw.postalCode ?? ''),
  };
  const [first = '', ...others] = raw.lines;
  const box = BOX.exec(raw.lines.join(' '));
  const line = box === null ? streetLine(first, raw.number ?? '') : { street: 'pobox', number: box[1] ?? '', unit: '' };
  const rest = box === null ? joined(others.join(' ')) : '';
  const key = line.street === '' ? '' : `${line.street}|${line.number}|${place.postcode}`;
  const read: Address = { ...line, unit: line.unit === '' ? rest : line.unit, ...place, key };
  if (NOWHERE.has(read.street)) return { ...NOTHING, ...place };
  const says = read.street + read.number + read.unit + read.city + read.state + read.postcode;
  return says === '' ? null : read;
}

function placed(text: string | undefined): string {
  const name = joined(text ?? '');
  return NOWHERE.has(name) ? '' : name;
}

/** ZIP+4 by its ZIP; `00000` and `99999` stand for none. */
export function postcode(text: string): string {
  const code = text.toUpperCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  const short = /^\d{9}$/.test(code) ? code.slice(0, 5) : code;
  return /^(.)\1*$/.test(short) && /^[09]/.test(short) ? '' : short;
}

interface Line {
  readonly street: string;
  readonly number: string;
  readonly unit: string;
}

/**
 * `5/12 Main St`, `12 N Main Street Apt 5`, `Unit 5 12 Main St`, `12B Main`, or a street with its number told apart.
 */
function streetLine(text: string, numberApart: string): Line {
  let list = [...words(text.replace(/#/g, ' unit '))];
  let unit = '';
  const slash = /^\s*(?:unit|flat|apt)?\s*(\w+)\s*\/\s*(\d+\w?)\b(.*)$/i.exec(text);
  if (slash !== null && numberApart === '') {
    unit = joined(slash[1] ?? '');
    list = [joined(slash[2] ?? ''), ...words(slash[3] ?? '')];
  }
  const at = list.findIndex((word, index) => UNIT_WORDS.has(word) && index + 1 < list.length);
  if (at >= 0 && (at > 0 || list.length > 2)) {
    unit = list[at + 1] ?? '';
    list.splice(at, 2);
  }
  const apart = joined(numberApart);
  const leading = list[0] ?? '';
  const hasNumber = apart === '' && list.length > 1 && /^\d+[a-z]?$/.test(leading);
  if (hasNumber) list.shift();
  const named = list.map((word) => DIRECTIONS[word] ?? word);
  const last = named.length - 1;
  // `Avenue Road` and `The Parade` keep a name: the type is taken off only behind another word.
  const street = named.filter((word, index) => index === 0 || index < last - 1 || !STREET_TYPES.has(word)).join('');
  return { street, number: apart === '' ? (hasNumber ? leading : '') : apart, unit };
}
