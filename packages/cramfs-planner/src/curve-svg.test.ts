import { expect, test } from 'vitest';
import { curveSvg } from './curve-svg.js';

const curve = [
  { flash: 0x100000, ram: 0x80000 },
  { flash: 0x110000, ram: 0x40000 },
  { flash: 0x140000, ram: 0x20000 },
];
const named = [
  { ...curve[0]!, name: 'smallest image' },
  { ...curve[1]!, name: 'knee' },
];

/** Places of labels, by what they say. */
function labels(svg: string): Map<string, { x: number; y: number }> {
  const found = [...svg.matchAll(/<text x="([^"]+)" y="([^"]+)"[^>]*>([^<]*)</g)];
  return new Map(found.map(([, x, y, text]) => [text!, { x: Number(x), y: Number(y) }]));
}

test('axes are labelled in bytes, and points are where their figures say', () => {
  const svg = curveSvg({ title: 'a < b & c', curve, named, chosen: curve[1] });
  expect(svg).toContain('a &lt; b &amp; c');
  const at = labels(svg);
  expect([...at.keys()]).toEqual(
    expect.arrayContaining(['flash: bytes of the image', 'RAM: bytes of the workload']),
  );
  for (const text of ['smallest image', 'knee']) expect(at.has(text)).toBe(true);
  // More flash is further right, more RAM further up; ticks are bytes in round steps.
  expect(at.get('1048576')!.x).toBeLessThan(at.get('1310720')!.x);
  expect(at.get('131072')!.y).toBeGreaterThan(at.get('524288')!.y);
  expect(at.has(`chosen: 1114112 flash, 262144 RAM`)).toBe(true);
  expect(svg.match(/<circle/g)).toHaveLength(1);
  const colours = new Set(
    [...svg.matchAll(/(?:fill|stroke)="([^"]+)"/g)].map(([, value]) => value),
  );
  expect([...colours].sort()).toEqual(['#ccc', 'black', 'none', 'white']);
});

test('every label is inside, also of a curve of one point', () => {
  for (const points of [curve, [curve[0]!]]) {
    const own = named.filter(({ flash }) => points.some((point) => point.flash === flash));
    for (const chosen of points) {
      for (const { x, y } of labels(
        curveSvg({ title: 't', curve: points, named: own, chosen }),
      ).values()) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(720);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(480);
      }
    }
  }
});
