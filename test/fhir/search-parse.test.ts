import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { instant } from '../../src/core/instant.ts';
import { IssuesError } from '../../src/fhir/outcome.ts';
import { parseDateValue } from '../../src/fhir/search-date.ts';
import { searchParam, searchParams } from '../../src/fhir/search-params.ts';
import { parseSearch, type Pair, type ParsedSearch } from '../../src/fhir/search-parse.ts';
import { STORED_TYPES, type StoredType } from '../../src/fhir/types.ts';

const NOW = instant(Date.UTC(2026, 10, 22, 12));
const ID = '0b7e0a3c-8a3e-8c1f-9a4b-6b1f0c2d3e4f';

function parse(type: StoredType, query: string, strict = false): ParsedSearch {
  const pairs: Pair[] = query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => [part.split('=')[0] ?? '', part.slice(part.indexOf('=') + 1)]);
  return parseSearch({
    type,
    pairs,
    strict,
    zone: 'America/Chicago',
    now: NOW,
    base: 'http://hub.example/fhir/R4',
    pageSize: 50,
    pageSizeMax: 500,
  });
}

function refused(type: StoredType, query: string, says: RegExp, strict = false): void {
  assert.throws(
    () => parse(type, query, strict),
    (error) => {
      assert.ok(error instanceof IssuesError, String(error));
      assert.match(error.issues.map((issue) => issue.diagnostics).join('\n'), says);
      return true;
    },
  );
}

describe('unknown and malformed parameters', () => {
  test('an unknown parameter is ignored, named in a warning and left out of what was used', () => {
    const { plan, used, warnings } = parse('Slot', 'staus=free&status=busy');
    assert.equal(plan.criteria.length, 1);
    assert.deepEqual(used, [['status', 'busy']]);
    assert.deepEqual(
      warnings.map(({ severity, code }) => [severity, code]),
      [['warning', 'not-supported']],
    );
    assert.match(warnings[0]?.diagnostics ?? '', /no search parameter staus; it has .*status/);
  });

  test('with strict handling it is refused', () => refused('Slot', 'staus=free', /staus/, true));

  test('of sealed elements only beginnings and whole values are asked', () => {
    for (const name of ['deceased', 'mothersMaidenName']) refused('Patient', `${name}=x`, /identifier/, true);
    for (const name of ['family:contains', 'given:missing', 'gender:not', 'birthdate:missing']) {
      refused('Patient', `${name}=x`, /modifier is not supported/);
    }
    refused('Patient', 'birthdate=yesterday', /write a date/);
    refused('Patient', '_sort=family', /family/);
  });

  test('an unknown modifier is refused even without strict handling', () => {
    refused('Slot', 'status:above=free', /:not, :missing/);
    refused('Slot', 'start:exact=2026', /:missing/);
    refused('Slot', `schedule:Location=${ID}`, /:Schedule/);
    refused('Slot', 'status:not:missing=free', /one modifier/);
    refused('Slot', '_count:not=3', /not supported here/);
    refused('Slot', '_include:recurse=Slot:schedule', /not supported here/);
    refused('Appointment', 'patient:identifier=a|b', /patient\.identifier/);
  });

  test('all malformed values are told at once', () => {
    assert.throws(
      () => parse('Slot', 'start=yesterday&schedule=a/b/c&_count=-1&_total=some&status:missing=maybe&_sort=comment'),
      (error) => error instanceof IssuesError && error.issues.length === 6,
    );
  });

  test('an empty parameter is ignored', () => {
    assert.deepEqual(parse('Slot', 'status=&start=').plan.criteria, []);
  });

  test('more parameters or values than any search needs are refused', () => {
    refused(
      'Slot',
      Array.from({ length: 10_000 }, (_, n) => `p${n}=1`).join('&'),
      /10000 parameters; the limit is 200/,
    );
    refused('Slot', `status=${Array.from({ length: 300 }, () => 'free').join(',')}`, /at most 200 values/);
  });

  test('whatever is sent is parsed or refused, never a crash', () => {
    const name = fc.oneof(
      fc.string(),
      fc.constantFrom(
        'status',
        'start',
        'schedule',
        'schedule.actor',
        '_sort',
        '_include',
        '_count',
        '__proto__',
        'constructor',
        'toString',
        'schedule.actor:Practitioner.identifier',
        'location.partof.partof.partof.name',
        '_page',
        ':',
        '.',
      ),
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...STORED_TYPES),
        fc.array(fc.tuple(name, fc.string()), { maxLength: 5 }),
        (type, pairs) => {
          try {
            parseSearch({
              type,
              pairs,
              strict: false,
              zone: 'UTC',
              now: NOW,
              base: 'http://x',
              pageSize: 5,
              pageSizeMax: 5,
            });
          } catch (error) {
            if (!(error instanceof IssuesError)) throw error;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('tokens', () => {
  const values = (query: string): unknown => {
    const [criterion] = parse('Slot', query).plan.criteria;
    return criterion?.kind === 'token' ? criterion.anyOf : criterion;
  };

  test('the four forms, alternatives and escapes', () => {
    assert.deepEqual(values('service-type=a'), [{ code: 'a' }]);
    assert.deepEqual(values('service-type=s|a,|b,t|'), [
      { system: 's', code: 'a' },
      { system: null, code: 'b' },
      { system: 't' },
    ]);
    assert.deepEqual(values('service-type=a\\,b,c\\|d'), [{ code: 'a,b' }, { code: 'c|d' }]);
    refused('Slot', 'service-type=a|b|c', /system\|code/);
    refused('Slot', 'service-type=|', /system\|code/);
  });

  test('a code that the binding does not have matches nothing, and the caller is told', () => {
    const { plan, warnings } = parse('Slot', 'status=frei');
    assert.equal(plan.criteria.length, 1);
    assert.match(warnings[0]?.diagnostics ?? '', /no code frei; the codes are busy, free/);
    assert.deepEqual(values('status=FREE'), [{ code: 'free' }]);
  });

  test('patients are found by whole identifiers, or by a system that they have any of', () => {
    refused('Patient', 'identifier:not=http://x|', /whole identifiers/);
    refused('Patient', 'phone=phone|', /whole identifiers/);
    assert.equal(parse('Patient', 'identifier=http://x|').plan.criteria.length, 1);
    refused('Schedule', 'active=perhaps', /true or false/);
  });
});

describe('dates', () => {
  const range = (text: string, zone = 'UTC'): readonly (string | undefined)[] | null => {
    const value = parseDateValue(text, zone, NOW);
    return value === null ? null : [value.prefix, ...[value.from, value.until].map((at) => new Date(at).toISOString())];
  };

  test('a value stands for the whole of its precision', () => {
    assert.deepEqual(range('2026'), ['eq', '2026-01-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
    assert.deepEqual(range('ge2026-12'), ['ge', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z']);
    assert.deepEqual(range('2028-02-28'), ['eq', '2028-02-28T00:00:00.000Z', '2028-02-29T00:00:00.000Z']);
    assert.deepEqual(range('2026-12-31T23:59Z'), ['eq', '2026-12-31T23:59:00.000Z', '2027-01-01T00:00:00.000Z']);
    assert.deepEqual(range('2026-12-31T23:59:59Z'), ['eq', '2026-12-31T23:59:59.000Z', '2027-01-01T00:00:00.000Z']);
    assert.deepEqual(range('2026-12-31T23:59:59.25Z'), ['eq', '2026-12-31T23:59:59.250Z', '2026-12-31T23:59:59.251Z']);
  });

  test('an offset counts, also when its plus sign became a blank', () => {
    const expected = ['eq', '2026-03-14T08:00:00.000Z', '2026-03-14T08:00:01.000Z'];
    assert.deepEqual(range('2026-03-14T10:00:00+02:00'), expected);
    assert.deepEqual(range('2026-03-14T10:00:00 02:00'), expected);
    assert.deepEqual(range('2026-03-14T02:30:00-05:30'), expected);
  });

  test('without a zone the value is read where the hub says, and a day may have 23 or 25 hours', () => {
    const chicago = (text: string): readonly (string | undefined)[] | null => range(text, 'America/Chicago');
    assert.deepEqual(chicago('2026-12-01'), ['eq', '2026-12-01T06:00:00.000Z', '2026-12-02T06:00:00.000Z']);
    assert.deepEqual(chicago('2026-03-08'), ['eq', '2026-03-08T06:00:00.000Z', '2026-03-09T05:00:00.000Z']);
    assert.deepEqual(chicago('2026-11-01'), ['eq', '2026-11-01T05:00:00.000Z', '2026-11-02T06:00:00.000Z']);
    assert.deepEqual(chicago('2026-12-01T09:00'), ['eq', '2026-12-01T15:00:00.000Z', '2026-12-01T15:01:00.000Z']);
  });

  test('days and times that do not exist are no dates', () => {
    for (const text of [
      '2026-13',
      '2026-02-29',
      '2026-04-31',
      '2026-00',
      '2026-01-01T24:00Z',
      '2026-01-01T10Z',
      '2026-01-01T10:60Z',
      '2026-01-01T10:00:60Z',
      '2026-01-01T10:00+15:00',
      '0000',
      '20260101',
      'xx2026',
      'ge',
      '',
      '2026-1-1',
      '99999',
      'GE2026',
    ]) {
      assert.equal(range(text), null, text);
    }
  });

  test('the first and last years that can be written stay within what the database holds', () => {
    assert.equal(range('0001')?.[1], '0001-01-02T00:00:00.000Z');
    assert.equal(range('9999')?.[2], '9999-12-31T00:00:00.000Z');
  });

  test('ap widens by a tenth of the distance from now', () => {
    assert.deepEqual(range('ap2026-12-02T12:00:00Z'), ['ap', '2026-12-01T12:00:00.000Z', '2026-12-03T12:00:01.000Z']);
  });
});

describe('references and chains', () => {
  test('a bare id may be any type that the parameter reaches', () => {
    const [criterion] = parse('Schedule', `actor=${ID}`).plan.criteria;
    assert.ok(criterion?.kind === 'reference');
    assert.deepEqual(
      criterion.anyOf.map(({ type }) => type),
      ['Practitioner', 'PractitionerRole', 'Location'],
    );
  });

  test('a type that the parameter cannot reach matches nothing, and the caller is told', () => {
    const { plan, warnings } = parse('Slot', `schedule=Patient/${ID}`);
    assert.deepEqual(plan.criteria, [{ kind: 'reference', param: 'schedule', anyOf: [] }]);
    assert.match(warnings[0]?.diagnostics ?? '', /never to Patient/);
  });

  test('a chain names the type where several are reached, or goes to all that have the parameter', () => {
    const [one] = parse('Slot', 'schedule.actor:Practitioner.identifier=a|b').plan.criteria;
    assert.ok(one?.kind === 'chain' && one.inner.kind === 'chain');
    assert.equal(one.inner.target, 'Practitioner');
    const [all] = parse('Schedule', 'actor.name=x').plan.criteria;
    assert.ok(all?.kind === 'any');
    assert.deepEqual(
      all.of.map((each) => (each.kind === 'chain' ? each.target : '')),
      ['Practitioner', 'Location'],
    );
  });

  test('a chain that leads nowhere is an unknown parameter', () => {
    for (const name of ['schedule.nothing', 'status.code', 'schedule:Patient.name', 'schedule.actor.partof.partof']) {
      refused('Slot', `${name}=x`, /./, true);
      assert.equal(parse('Slot', `${name}=x`).warnings.length, 1, name);
    }
  });

  test('a malformed value at the end of a chain is malformed', () => refused('Slot', 'schedule.date=x', /date like/));
});

describe('result parameters', () => {
  test('count is bounded, and 0 asks for the total only', () => {
    assert.equal(parse('Slot', '').plan.count, 50);
    assert.equal(parse('Slot', '_count=100000').plan.count, 500);
    for (const query of ['_count=0', '_summary=count']) {
      const { plan, countOnly } = parse('Slot', `${query}&_include=Slot:schedule`);
      assert.deepEqual([plan.count, plan.total, plan.includes.length, countOnly], [0, true, 0, true]);
    }
  });

  test('sorting is by what has an order and what every reader sees', () => {
    assert.deepEqual(parse('Appointment', '_sort=-date,status').plan.sort, [
      { param: 'date', descending: true },
      { param: 'status', descending: false },
    ]);
    refused('Slot', '_sort=status', /Slot sorts by _id, _lastUpdated, start/);
    refused('Slot', '_sort=service-type', /Slot sorts by/);
    refused('Slot', '_sort=start,start,start,start', /at most 3/);
  });

  test('a star includes every reference that is there', () => {
    const { plan } = parse('Appointment', '_include=Appointment:*');
    assert.deepEqual(
      plan.includes.map(({ param }) => param),
      ['patient', 'practitioner', 'location', 'actor', 'slot'],
    );
  });

  test('an include that is not there is named with those that are', () => {
    const { warnings } = parse('Slot', '_include=Slot:nothing&_include=Device:patient&_include=Slot:location');
    assert.equal(warnings.length, 3);
    assert.match(warnings[0]?.diagnostics ?? '', /Slot answers Slot:schedule\./);
  });

  test('formats other than JSON are refused', () => {
    refused('Slot', '_format=xml', /JSON/);
    assert.deepEqual(parse('Slot', '_format=application/fhir+json').used, []);
    assert.deepEqual(parse('Slot', '_format=application/fhir json').warnings, []);
  });
});

test('every parameter has a definition and reaches only types that are stored', () => {
  for (const type of STORED_TYPES) {
    for (const param of searchParams(type)) {
      assert.match(
        param.definition,
        /^(?:http:\/\/hl7\.org\/fhir\/SearchParameter\/|urn:slotwire:search-parameter:)[A-Za-z]+-[A-Za-z-]+$/,
      );
      assert.equal(param.type === 'reference', param.targets.length > 0, `${type}.${param.name}`);
      assert.equal(searchParam(type, param.name), param);
    }
  }
});
