import { pick, randomFrom } from './random.ts';

/** An invented person. The number names the same person at every simulated site: that is how sites share patients. */
export interface Person {
  readonly number: number;
  readonly firstName: string;
  readonly lastName: string;
  readonly sex: 'F' | 'M';
  /** `YYYY-MM-DD` */
  readonly birthDate: string;
  /** Ten digits from the range 555-0100 to 555-0199, which belongs to nobody. */
  readonly phone: string;
  readonly email: string;
}

const FEMALE = 'Noa Ines Mara Leila Priya Hanna Joan Tess Ruth Dora Amina Sofia Greta Yuki Opal Bea Carmen Elif'.split(
  ' ',
);
const MALE = 'Owen Luis Idris Kofi Arjun Piet Ravi Hugo Dale Omar Felix Jonas Bram Kenji Silas Otto Emil Tariq'.split(
  ' ',
);
const LAST = (
  'Lee Okafor Marsh Novak Silva Banerjee Quist Ferro Yilmaz Hale Petrov Abara Lindqvist Moreau Tanaka Costa Ziegler ' +
  'Walsh Ibarra Kowal Nwosu Reyes Dahl Mbeki Fontaine Sato'
).split(' ');
const AREAS = ['312', '773', '212', '646', '217', '414', '503', '615'];

export function person(number: number): Person {
  const random = randomFrom(`person:${number}`);
  const sex = random() < 0.5 ? 'F' : 'M';
  const firstName = pick(sex === 'F' ? FEMALE : MALE, random);
  const lastName = pick(LAST, random);
  const year = 1938 + Math.floor(random() * 80);
  const month = 1 + Math.floor(random() * 12);
  const day = 1 + Math.floor(random() * 28);
  const area = AREAS[Math.floor(number / 100) % AREAS.length] ?? '312';
  return {
    number,
    firstName,
    lastName,
    sex,
    birthDate: `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`,
    phone: `${area}55501${String(number % 100).padStart(2, '0')}`,
    email: `${firstName}.${lastName}.${number}@example.org`.toLowerCase(),
  };
}
