import type { JSX } from 'preact';
import { pointerBits, pointerMeaning } from '../../model/fields.js';
import type { BlockTable } from '../../model/file-detail.js';
import { formatHex } from '../shared/format.js';
import { STRINGS } from '../strings/index.js';

/** The 32 bits of a block pointer, each explained. */
export function PointerDetail({
  blocks,
  index,
}: {
  readonly blocks: BlockTable;
  readonly index: number;
}): JSX.Element {
  const raw = blocks.raw[index]!;
  const problem = blocks.problems[index];
  return (
    <section class="panel">
      <h2>
        {STRINGS.file.pointerBits} {index}
        <span class="counts mono">{formatHex(raw, 8)}</span>
      </h2>
      <div class="bit-rows">
        {pointerBits(raw).map(({ name, high, low, value }) => {
          const words = STRINGS.file.bits[name as keyof typeof STRINGS.file.bits];
          return (
            <div key={name} class="bit-row">
              <span class="dim nowrap">
                {high === low ? STRINGS.file.bit(high) : STRINGS.file.bitRange(high, low)}
              </span>
              <span>{words.name}</span>
              <span class="mono">{high === low ? value : formatHex(value)}</span>
              <span class="bit-says dim">{value === 0 ? words.clear : words.set}</span>
            </div>
          );
        })}
        <p class={problem === undefined ? '' : 'bad'}>{problem ?? pointerMeaning(raw)}</p>
      </div>
    </section>
  );
}
