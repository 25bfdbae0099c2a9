import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readCsv } from '../../../src/identity/match/csv.ts';
import { FieldMapError, guessedMap, records, writtenMap } from '../../../src/identity/match/field-map.ts';
import { truthByLabel, truthByPairs } from '../../../src/identity/match/truth.ts';

test('cells may be quoted, hold separators and line ends, and have blanks around them', () => {
  const { heading, rows } = readCsv('\uFEFFid, name ,note\r\n1, "Lee, ""Ann""" ,"two\nlines"\r\n2,Bo\r\n\r\n3,,\n');
  assert.deepEqual(heading, ['id', 'name', 'note']);
  assert.deepEqual(rows, [
    ['1', 'Lee, "Ann"', 'two\nlines'],
    ['2', 'Bo', ''],
    ['3', '', ''],
  ]);
});

test('the separator is the one that the heading has most of', () => {
  assert.deepEqual(readCsv('id;name;first, last\n1;a,b;c\n').rows, [['1', 'a,b', 'c']]);
  assert.deepEqual(readCsv('id\tname\n1\ta\n').rows, [['1', 'a']]);
});

test('a quote that never ends takes the rest of the file, and nothing hangs', () => {
  assert.deepEqual(readCsv('a,b\n1,"open\n2,x\n').rows, [['1', 'open\n2,x\n']]);
  assert.deepEqual(readCsv('').rows, []);
});

test('columns are known by the names that FEBRL, CDC and Splink give them', () => {
  const uses = (heading: string): readonly string[] => [...guessedMap(heading.split(',')).keys()];
  assert.deepEqual(
    uses('rec_id,given_name,surname,street_number,address_1,address_2,suburb,postcode,state,date_of_birth,soc_sec_id'),
    ['id', 'given', 'family', 'number', 'street', 'line2', 'city', 'postcode', 'state', 'birthDate', 'ssn'],
  );
  assert.deepEqual(uses('ID,BIRTHDATE,FIRST,LAST,SUFFIX,MAIDEN,GENDER,ADDRESS,CITY,STATE,ZIP,SSN'), [
    ...[
      'id',
      'birthDate',
      'given',
      'family',
      'suffix',
      'previousFamily',
      'gender',
      'street',
      'city',
      'state',
      'postcode',
    ],
    'ssn',
  ]);
  assert.deepEqual(uses('unique_id,first_name,surname,dob,city,email,cluster'), [
    ...['id', 'given', 'family', 'birthDate', 'city', 'email'],
  ]);
});

test('a row becomes a record; several columns of one use become a list', () => {
  const table = readCsv('f,l,home,mobile,born\nAnn,Lee,555,777,1980\n');
  const map = writtenMap(
    [
      ['given', 'f'],
      ['l', 'family'],
      ['phone', 'home'],
      ['phone', 'mobile'],
      ['dob', 'born'],
    ],
    table.heading,
  );
  const [record] = records(table, map);
  assert.ok(record !== undefined);
  assert.deepEqual(record.phones, ['555', '777']);
  assert.deepEqual(record.names, [{ family: 'Lee', given: ['Ann'], suffix: undefined }]);
  assert.equal(record.birthDate, '1980');
  assert.throws(() => writtenMap([['given', 'nothing']], table.heading), FieldMapError);
});

test('labels make pairs of all that share one; an empty label shares none', () => {
  const one = truthByLabel(['a', 'b', 'a', '', '', 'a'], null);
  assert.equal(one.pairs, 3);
  assert.deepEqual([one.isMatch(0, 2), one.isMatch(0, 1), one.isMatch(3, 4)], [true, false, false]);
  const two = truthByLabel(['a', 'b', ''], ['b', 'b', '']);
  assert.equal(two.pairs, 2);
  const febrl = truthByLabel(['rec-1-org', 'rec-1-dup-0', 'rec-2-org', 'rec-1-dup-3'], null);
  assert.equal(febrl.pairs, 3);
});

test('a file of pairs counts each pair once, in either order, and leaves out those that it denies', () => {
  const ids = ['1', '2', '3', '4'];
  const table = readCsv('left,right,score\n1,2,1.0\n2,1,0.9\n3,4,0.2\n1,9,1\n');
  const truth = truthByPairs(table, ids, null);
  assert.equal(truth.pairs, 1);
  assert.deepEqual([truth.isMatch(0, 1), truth.isMatch(2, 3)], [true, false]);
  const bare = truthByPairs(readCsv('1,2\n3,4\n'), ids, null);
  assert.equal(bare.pairs, 2, 'a file without a heading begins with a pair');
});
