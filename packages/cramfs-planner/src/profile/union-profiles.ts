import { ProfileBuilder } from './profile-builder.js';
import type { Profile, TouchKind } from './profile.js';
import { scaleRanges } from './ranges.js';

/**
 * Joins all profiles of a kind: counts of pages add up. The page size is the smallest of the profiles'.
 *
 * @param source the name of the new one.
 */
export function unionProfiles(
  profiles: readonly Profile[],
  kind: TouchKind,
  source: string,
): Profile {
  const builder = new ProfileBuilder(source, 'json', kind);
  const same = profiles.filter((profile) => profile.kind === kind);
  const pageSize = same.reduce((least, profile) => Math.min(least, profile.pageSize), Infinity);
  if (Number.isFinite(pageSize)) builder.pageSize = pageSize;
  for (const profile of same) {
    for (const [path, ranges] of profile.files) {
      for (const range of scaleRanges(ranges, profile.pageSize, pageSize))
        builder.touch(path, range);
    }
    for (const [path, pages] of profile.atLeast) {
      builder.atLeast(path, pages * (profile.pageSize / pageSize));
    }
    if (profile.faultAround !== undefined) {
      builder.faultAround = Math.max(profile.faultAround, builder.faultAround ?? 0);
    }
  }
  return builder.build();
}
