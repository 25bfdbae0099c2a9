import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { address, postcode } from '../../../src/identity/match/normalise-address.ts';
import { email, identifier, phone, sex } from '../../../src/identity/match/normalise-contact.ts';
import { birthDate } from '../../../src/identity/match/normalise-date.ts';
import { generation, readNames } from '../../../src/identity/match/normalise-name.ts';
import { folded, words } from '../../../src/identity/match/normalise-text.ts';
import { normalised } from '../../../src/identity/match/normalise.ts';
import type { IdentifierKind } from '../../../src/identity/match/person.ts';

const read = (family: string, ...given: readonly string[]): ReturnType<typeof readNames> =>
  readNames([{ family, given }]);

test('accents, case and letters of their own are one form; vowel marks of other scripts are kept', () => {
  assert.equal(folded('Müller-Ångström'), 'muller-angstrom');
  assert.equal(folded('Søren Łukasz Straße'), 'soren lukasz strasse');
  assert.equal(folded('ＭＡＲＩＡ'), 'maria');
  assert.equal(folded('Ёлкин'), 'елкин');
  assert.equal(folded('أحمد'), 'احمد');
  assert.notEqual(folded('कमला'), folded('कमल'), 'a vowel sign was lost');
  assert.deepEqual(words("O'Brien d’Arcy"), ['obrien', 'darcy']);
});

test('particles, hyphens and blanks do not make another family name', () => {
  assert.equal(read('van der Berg', 'Jan').family.whole, read('Vanderberg', 'Jan').family.whole);
  assert.deepEqual(read('van der Berg', 'Jan').family.parts, ['berg']);
  assert.deepEqual(read('Smith-Jones', 'Ann').family.parts, ['smith', 'jones']);
  assert.equal(read("O'Brien", 'Pat').family.whole, read('OBrien', 'Pat').family.whole);
});

test('generations are told apart from names, wherever they were typed', () => {
  assert.equal(read('Smith Jr.', 'John').suffix, '2');
  assert.equal(read('Smith', 'John', 'III').suffix, '3');
  assert.equal(read('Smith, Sr', 'John').suffix, 'sr');
  assert.equal(generation('II'), generation('Jr'));
  assert.equal(generation('MD'), '');
  assert.equal(read('Smith', 'V').given.first, 'v');
});

test('titles are no first names, and several words are kept apart', () => {
  const { given } = read('Smith', 'Mrs. Mary Ann', 'Louise');
  assert.deepEqual(given, { whole: 'maryannlouise', first: 'mary', rest: ['ann', 'louise'], accents: [] });
});

test('names that stand for no name are missing, and the record is marked', () => {
  for (const [family, given] of [
    ['Smith', 'Baby Boy'],
    ['Smith', 'BABYGIRL A'],
    ['Smith', 'Twin B'],
    ['Unknown', 'Unknown'],
    ['Doe', 'John'],
    ['Test', 'Patient'],
    ['Xxx', 'Ann'],
    ['zzztest', 'Ann'],
  ] as const) {
    assert.equal(read(family, given).placeholder, true, `${given} ${family}`);
  }
  assert.equal(read('Doe', 'William').placeholder, false);
  assert.equal(read('Boy', 'George').placeholder, false);
  assert.equal(read('Smith', 'Baby Boy').given.whole, '');
  assert.equal(read('Smith', '').placeholder, false);
});

test('earlier family names are kept beside the one in use', () => {
  const { family } = readNames([{ family: 'Jones', given: ['Ann'] }, { family: 'Smith' }, { family: 'Jones' }]);
  assert.deepEqual(family, { whole: 'jones', parts: ['jones'], previous: ['smith'] });
});

test('a date of birth is read however it is written', () => {
  for (const text of [
    '1980-02-29',
    '19800229',
    '2/29/1980',
    '29/2/1980',
    '29.02.1980',
    '02291980',
    '1980-02-29T00:00:00Z',
  ]) {
    assert.equal(birthDate(text)?.digits, '19800229', text);
  }
  assert.equal(birthDate('3/2/1980')?.digits, '19800302');
  assert.equal(birthDate('3/2/1980', { dayFirst: true })?.digits, '19800203');
  assert.deepEqual([birthDate('1980')?.precision, birthDate('1980-02')?.precision], ['year', 'month']);
  assert.equal(birthDate('19211430')?.valid, false);
});

test('dates that stand for none are missing, and days that many share are weak', () => {
  for (const text of ['1900-01-01', '01/01/1900', '9999-12-31', '1111-11-11', '', 'unknown', '2/29', '0000-00-00']) {
    assert.equal(birthDate(text), null, text);
  }
  assert.equal(birthDate('1984-01-01')?.weak, true);
  assert.equal(birthDate('1984-01-02')?.weak, false);
});

test('American and Australian addresses come to number, street, unit and place', () => {
  const at = (line: string, number?: string): string => {
    const read = address({ lines: [line], number, city: 'Springfield', postalCode: '12345-6789' });
    return `${read?.number ?? ''}|${read?.street ?? ''}|${read?.unit ?? ''}|${read?.postcode ?? ''}`;
  };
  assert.equal(at('12 North Main Street Apt 5'), '12|nmain|5|12345');
  assert.equal(at('12 N. Main St., #5'), '12|nmain|5|12345');
  assert.equal(at('5/12 Main Rd'), '12|main|5|12345');
  assert.equal(at('Main Street', '12'), '12|main||12345');
  assert.equal(at('P.O. Box 99'), '99|pobox||12345');
  assert.equal(at('PO BOX 99'), '99|pobox||12345');
  assert.equal(at('The Parade'), '|the||12345');
  assert.equal(at('homeless'), '|||12345');
  assert.equal(address({ lines: [] }), null);
  assert.equal(postcode('00000'), '');
});

test('phones come to E.164, and numbers typed when there is none to nothing', () => {
  for (const text of ['(212) 555-7890', '+1 212 555 7890', '1-212-555-7890', '212.555.7890 x12', '0012125557890']) {
    assert.equal(phone(text), '+12125557890', text);
  }
  assert.equal(phone('0412 345 678', { callingCode: '61' }), '+61412345678');
  assert.equal(phone('+61 412 345 678'), '+61412345678');
  assert.equal(phone('+61 (0)412 345 678'), '+61412345678');
  for (const text of ['000-000-0000', '999-999-9999', '1234567890', '555', 'none', ''])
    assert.equal(phone(text), '', text);
});

test('e-mail addresses lose tag and case, and those of nobody are missing', () => {
  assert.equal(email(' Ann.Lee+clinic@Example.ORG '), 'ann.lee@example.org');
  for (const text of ['none@none.com', 'no-email@x.org', 'NA', 'ann@', 'test@test.com'])
    assert.equal(email(text), '', text);
});

test('social security numbers that were never given out are missing', () => {
  const social = (value: string): string | null => identifier({ kind: 'social', system: 's', value })?.value ?? null;
  assert.equal(social('275-78-9905'), '275789905');
  for (const value of [
    '000-12-3456',
    '666-12-3456',
    '912-12-3456',
    '275-00-9905',
    '275-78-0000',
    '123-45-6789',
    '999-99-9999',
  ]) {
    assert.equal(social(value), null, value);
  }
  assert.equal(social('7158001'), '7158001', 'numbers of other countries are left alone');
  assert.equal(identifier({ kind: 'social', system: 's', value: '9905' })?.kind, 'social-end');
});

test('administrative gender is read in the codes of HL7 v2 and FHIR', () => {
  assert.deepEqual(['F', 'male', 'other', 'U', undefined].map(sex), ['f', 'm', 'x', '', '']);
});

test('whatever a record holds, it is normalised without an error, and the same again', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  const kind = fc.constantFrom<IdentifierKind>('social', 'social-end', 'person', 'family');
  const record = fc.record({
    names: fc.array(fc.record({ family: text, given: fc.array(text, { maxLength: 3 }), suffix: text }), {
      maxLength: 3,
    }),
    birthDate: fc.oneof(text, fc.stringMatching(/^[0-9/.-]{0,10}$/)),
    gender: text,
    addresses: fc.array(fc.record({ lines: fc.array(text, { maxLength: 3 }), city: text, postalCode: text }), {
      maxLength: 2,
    }),
    phones: fc.array(text, { maxLength: 2 }),
    emails: fc.array(text, { maxLength: 2 }),
    identifiers: fc.array(fc.record({ kind, system: text, value: text }), { maxLength: 2 }),
  });
  fc.assert(
    fc.property(record, (one) => {
      assert.deepEqual(normalised(one), normalised(one));
    }),
    { numRuns: 500 },
  );
});
