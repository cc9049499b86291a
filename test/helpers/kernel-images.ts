import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** One file of a manifest; see test/fixtures/kernel-images/README.md. */
export interface ManifestFile {
  readonly path: string;
  readonly size: number;
  readonly crc32: string;
  readonly mode: string;
  readonly offset: number;
  readonly ptrs: readonly string[];
  readonly layout: readonly (readonly [kind: string, offset: number, length: number])[];
}

export interface Manifest {
  readonly image_size: number;
  readonly image_crc32: string;
  readonly files: readonly ManifestFile[];
}

/** A mapping that a kernel was asked for, and what it did. */
export type RecordedMapping = {
  readonly image: KernelImageName;
  readonly path: string;
  readonly pgoff: number;
  readonly pages: number;
  readonly writable: boolean;
} & (
  | { readonly mode: 'mmu'; readonly rom: readonly number[] }
  | { readonly mode: 'nommu'; readonly result: number | 'copy' | 'EINVAL' }
);

export const KERNEL_IMAGES = ['basic', 'fuzz-a', 'paths'] as const;
export type KernelImageName = (typeof KERNEL_IMAGES)[number];

/** Bus address of the ROM in the recorded machine. */
export const ROM_ADDRESS = 0x22000000;

function fixture(name: string): Uint8Array {
  return gunzipSync(readFileSync(new URL(`../fixtures/kernel-images/${name}.gz`, import.meta.url)));
}

function json(name: string): unknown {
  return JSON.parse(new TextDecoder().decode(fixture(name)));
}

/** The bytes of an image that Linux mounted. */
export function kernelImage(name: KernelImageName): Uint8Array {
  return fixture(`${name}.img`);
}

export function kernelManifest(name: KernelImageName): Manifest {
  return json(`${name}.json`) as Manifest;
}

export function recordedMappings(): RecordedMapping[] {
  return json('mappings.json') as RecordedMapping[];
}
