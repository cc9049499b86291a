import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { RecordedScenario } from './kernel-records.js';

/** See test/fixtures/damaged/README.md. */
export interface DamagedRecords extends RecordedScenario {
  readonly mmu: boolean;
}

function fixture(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`../fixtures/damaged/${name}.gz`, import.meta.url)));
}

export function damagedImage(name: string): Uint8Array {
  return fixture(`${name}.img`);
}

/** What kernels did with the damaged images, named by the image. */
export function damagedRecords(): DamagedRecords[] {
  return JSON.parse(new TextDecoder().decode(fixture('records.json'))) as DamagedRecords[];
}
