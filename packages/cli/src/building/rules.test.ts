import { describe, expect, test } from 'vitest';
import { parseModeRule, parseOwnerRule } from './rules.js';

describe('parseOwnerRule', () => {
  test('takes a glob or means everything', () => {
    const all = parseOwnerRule('0:65534');
    expect([all.uid, all.gid, all.matches('/any'), all.matches('/')]).toEqual([
      0,
      65534,
      true,
      true,
    ]);
    const some = parseOwnerRule('/a=b/*=4294967295:1');
    expect([some.uid, some.matches('/a=b/c'), some.matches('/a')]).toEqual([
      0xffffffff,
      true,
      false,
    ]);
  });

  test.each(['', '0', '0:', ':0', 'root:root', '/a=0', '-1:0', '0x1:0', '4294967296:0', '1:2:3'])(
    'refuses %j',
    (text) => {
      expect(() => parseOwnerRule(text)).toThrow(`--owner cannot be '${text}': use [GLOB=]UID:GID`);
    },
  );

  test('refuses an empty glob', () => {
    expect(() => parseOwnerRule('=1:2')).toThrow(
      expect.objectContaining({ name: 'CramfsError', code: 'BAD_REQUEST' }),
    );
  });
});

describe('parseModeRule', () => {
  test('takes permission bits in octal', () => {
    const rule = parseModeRule('/bin/su=4755');
    expect([rule.permissions, rule.matches('/bin/su'), rule.matches('/bin')]).toEqual([
      0o4755,
      true,
      false,
    ]);
  });

  test.each(['755', '/a=', '/a=8', '/a=10000', '/a=u+s'])('refuses %j', (text) => {
    expect(() => parseModeRule(text)).toThrow(`--mode cannot be '${text}': use GLOB=OCTAL`);
  });

  test.each(['/a[=755', '=755'])('refuses the glob of %j', (text) => {
    expect(() => parseModeRule(text)).toThrow(
      expect.objectContaining({ name: 'CramfsError', code: 'BAD_REQUEST' }),
    );
  });
});
