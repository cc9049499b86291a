import type { JSX } from 'preact';
import type { FileDetail } from '../../model/file-detail.js';
import { formatBytes, formatCount, formatHex } from '../shared/format.js';
import { Pair } from '../shared/pair.js';
import { STRINGS } from '../strings/index.js';

export function InodeFacts({ detail }: { readonly detail: FileDetail }): JSX.Element {
  const { mode, uid, gid, size, ino, entryOffset, dataOffset, target, device, format, tail } =
    detail;
  return (
    <section class="panel">
      <h2>{STRINGS.file.facts}</h2>
      <dl class="pairs padded">
        <Pair name={STRINGS.file.mode}>
          <span class="mono">{mode}</span>
        </Pair>
        <Pair name={STRINGS.file.owner}>
          {uid}:{gid}
        </Pair>
        {device === undefined ? (
          <Pair name={STRINGS.file.size}>
            {formatBytes(size)}{' '}
            <span class="dim">
              {formatCount(size)} {STRINGS.shell.bytes}
            </span>
          </Pair>
        ) : (
          <Pair name={STRINGS.file.device}>{device}</Pair>
        )}
        {target !== undefined && (
          <Pair name={STRINGS.file.target}>
            <span class="mono wrap">{target}</span>
          </Pair>
        )}
        <Pair name={STRINGS.file.ino}>{ino}</Pair>
        <Pair name={STRINGS.file.entry}>
          <span class="mono">{formatHex(entryOffset)}</span>
        </Pair>
        <Pair name={STRINGS.file.data}>
          {dataOffset === 0 ? (
            STRINGS.file.noData
          ) : (
            <span class="mono">{formatHex(dataOffset)}</span>
          )}
        </Pair>
        {format !== undefined && <Pair name={STRINGS.file.format}>{format}</Pair>}
        {tail !== undefined && size > 0 && (
          <Pair name={STRINGS.file.tail}>
            {STRINGS.file.tails[tail as keyof typeof STRINGS.file.tails]}
          </Pair>
        )}
      </dl>
    </section>
  );
}
