import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, parseNetwork } from '../../src/core/network.ts';

const cases: readonly (readonly [network: string, inside: readonly string[], outside: readonly string[]])[] = [
  ['10.1.2.3', ['10.1.2.3', '::ffff:10.1.2.3'], ['10.1.2.4', '::a01:203', '']],
  ['10.1.0.0/16', ['10.1.0.0', '10.1.255.255'], ['10.2.0.0', '2001:db8::1']],
  ['10.1.2.128/25', ['10.1.2.128', '10.1.2.255'], ['10.1.2.127']],
  ['0.0.0.0/0', ['1.2.3.4'], ['::1']],
  ['2001:db8::/32', ['2001:db8::1', '2001:DB8:ffff:1:2:3:4:5', '2001:db8::1%eth0'], ['2001:db9::', '32.1.13.184']],
  ['2001:db8:8000::/33', ['2001:db8:8000::1'], ['2001:db8:7fff::1']],
  ['::1', ['::1', '0:0:0:0:0:0:0:1'], ['::2', '127.0.0.1']],
  ['::ffff:10.1.2.3', ['10.1.2.3'], ['10.1.2.4']],
];

for (const [network, inside, outside] of cases) {
  test(`${network} holds ${inside.join(' ')} and nothing beside it`, () => {
    const parsed = parseNetwork(network);
    assert.ok(parsed !== null);
    for (const address of inside) assert.ok(isWithin(parsed, address), address);
    for (const address of outside) assert.ok(!isWithin(parsed, address), address);
  });
}

test('what is no address and no range is told from one', () => {
  const wrong = [
    '',
    '10.1.2',
    '10.1.2.256',
    '10.1.2.03',
    '10.0.0.0/33',
    '10.0.0.0/',
    '::1/129',
    'host',
    '1::2::3',
    '/8',
  ];
  for (const text of wrong) assert.equal(parseNetwork(text), null, text);
});
