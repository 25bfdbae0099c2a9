/** Composed histories of requests by HL7 v2, each with one thing wrong, and what is to be left alone. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { check } from './check.ts';
import { struckIn } from './coverage.ts';
import type { Event, Happened, Outcome } from './history.ts';

const NINE = { start: 32_400_000, end: 35_400_000 };

function events(...happened: readonly Happened[]): readonly Event[] {
  return happened.map((one, n): Event => ({ n, at: (n + 1) * 1_000, ...one }));
}
function violations(...happened: readonly Happened[]): readonly string[] {
  return check(events(...happened)).map(({ rule, what }) => `${rule}: ${what}`);
}

const asked: Happened = {
  ...{ kind: 'call', call: 1, action: 'book', key: 'srm:a^HIS^', via: 'srm' },
  ...{ site: 'midtown', practitioner: 'rao', slot: 'slot', ...NINE },
};
function said(message: string, outcome: Outcome, name?: string): Happened {
  const named = name === undefined ? {} : { appointment: `A-${name}` };
  return { kind: 'answer', call: 1, outcome, status: null, message, ...named };
}
function stands(name: string): readonly Happened[] {
  const facts = { site: 'midtown', siteKey: name, status: 'booked', ...NINE };
  return [
    { kind: 'truth', ...facts, practitioner: 'rao', correlation: `B-${name}` },
    { kind: 'copy', ...facts, appointment: `A-${name}`, version: 1, lastUpdated: 0, practitioners: ['rao'] },
    {
      ...{ kind: 'booking', booking: `B-${name}`, key: 'srm:a^HIS^', action: 'place', state: 'booked' },
      appointment: `A-${name}`,
    },
  ];
}

describe('a request by HL7 v2', () => {
  it('may be stored, lost, sent again and answered twice alike', () => {
    const answers = [said('1', 'heard'), said('1', 'lost'), said('1', 'pending', 'a'), said('1', 'booked', 'a')];
    assert.deepEqual(violations(asked, ...answers, said('1', 'booked', 'a'), ...stands('a')), []);
  });

  it('that was booked is at the site, known by the Appointment alone', () => {
    const [, copy, row] = stands('a');
    assert.ok(copy !== undefined && row !== undefined);
    const news: Happened = { kind: 'answer', call: 1, outcome: 'booked', status: null, appointment: 'A-a' };
    for (const answer of [said('1', 'booked', 'a'), news]) {
      const [first] = violations(asked, answer, copy, row);
      assert.equal(first, '2: srm:a^HIS^: booked was said, and midtown/a is not at the site');
    }
    assert.deepEqual(violations(asked, news, ...stands('a')), []);
  });

  it('that was accepted is answered', () => {
    assert.deepEqual(violations(asked, said('1', 'heard')), ['3: srm:a^HIS^: never answered']);
  });

  it('has one answer, however often the message is sent', () => {
    const two = [said('1', 'taken'), said('1', 'booked', 'a'), ...stands('a')];
    assert.deepEqual(violations(asked, ...two), ['3: srm:a^HIS^: message 1 was answered taken, then booked A-a']);
    assert.deepEqual(violations(asked, said('1', 'taken'), said('2', 'booked', 'a'), ...stands('a')), []);
  });

  it('may be answered yes after no where another message about it was booked, which had gone out before', () => {
    const [no, yes] = [said('1', 'taken'), said('1', 'booked', 'a')];
    const stood = stands('a');
    assert.deepEqual(violations(asked, no, said('2', 'booked', 'a'), yes, ...stood), []);
    assert.deepEqual(violations(asked, no, said('2', 'heard'), yes, said('2', 'booked', 'a'), ...stood), []);
    const wrong = ['3: srm:a^HIS^: message 1 was answered taken, then booked A-a'];
    assert.deepEqual(violations(asked, no, yes, said('2', 'booked', 'a'), ...stood), wrong, 'nobody asked anew before');
    assert.deepEqual(
      violations(asked, no, said('2', 'taken'), yes, ...stood).slice(0, 1),
      wrong,
      'the other was refused',
    );
  });

  it('may be answered another no where another message about it was, since the first', () => {
    const [declined, taken] = [said('1', 'refused'), said('1', 'taken')];
    assert.deepEqual(violations(asked, declined, said('2', 'taken'), taken), []);
    const wrong = ['3: srm:a^HIS^: message 1 was answered refused, then taken'];
    assert.deepEqual(violations(asked, declined, taken), wrong);
    assert.deepEqual(violations(asked, said('2', 'taken'), declined, taken), wrong, 'it had been answered before');
    assert.deepEqual(violations(asked, declined, said('2', 'refused'), taken), wrong, 'its answer is another one');
  });

  it('that was refused is not at the site, unless another message about it was still under way', () => {
    const [was] = violations(asked, said('1', 'taken'), ...stands('a'));
    assert.equal(was, '2: srm:a^HIS^: taken was said, and midtown/a is at the site');
    assert.deepEqual(violations(asked, said('1', 'taken'), said('2', 'heard'), ...stands('a')), []);
    for (const not of [
      [said('2', 'heard'), said('1', 'taken')],
      [said('1', 'taken'), said('1', 'heard')],
      [said('1', 'taken'), said('2', 'heard'), said('2', 'taken')],
    ]) {
      assert.equal(violations(asked, ...not, ...stands('a')).length, 1);
    }
  });

  it('is not refused under another id once it was booked', () => {
    const found = violations(asked, said('1', 'booked', 'a'), said('2', 'refused'), ...stands('a'));
    assert.ok(found.includes('3: srm:a^HIS^: refused was said after booked'));
  });
});

it('a kill counts for those who had asked and had no answer yet', () => {
  const kill: Happened = { kind: 'trouble', what: 'kill', site: null, begins: true };
  const times = (...happened: readonly Happened[]): number | undefined =>
    struckIn(events(...happened))['srm killed while asked'];
  assert.equal(times(asked, said('1', 'heard'), kill), 1);
  assert.equal(times(asked, said('1', 'booked', 'a'), kill), undefined);
});
