/* Words in memory, and the lanes of a vector. */

@inline
export function word(table: usize, index: u32): u32 {
  return load<u32>(table + ((<usize>index) << 2));
}

@inline
export function setWord(table: usize, index: u32, value: u32): void {
  store<u32>(table + ((<usize>index) << 2), value);
}

@inline
export function sumOfLanes(v: v128): u32 {
  return (
    i32x4.extract_lane(v, 0) +
    i32x4.extract_lane(v, 1) +
    i32x4.extract_lane(v, 2) +
    i32x4.extract_lane(v, 3)
  );
}
