/**
 * The user helpers of Linux in the page of the vectors, at 0xffff0000: our own instructions at the
 * addresses that the kernel promises (Documentation/arch/arm/kernel_user_helpers.rst).
 */
const HELPERS: Readonly<Record<number, readonly number[]>> = {
  /* cmpxchg64(old, new, pointer): r0 and carry say whether it was exchanged. */
  0xf60: [
    0xe92d00f0, // push {r4-r7}
    0xe1c040d0, // ldrd r4, r5, [r0]
    0xe1b26f9f, // ldrexd r6, r7, [r2]
    0xe1560004, // cmp r6, r4
    0x01570005, // cmpeq r7, r5
    0x01c140d0, // ldrdeq r4, r5, [r1]
    0x01a23f94, // strexdeq r3, r4, r5, [r2]
    0x13a03001, // movne r3, #1
    0xe2730000, // rsbs r0, r3, #0
    0xe8bd00f0, // pop {r4-r7}
    0xe12fff1e, // bx lr
  ],
  /* memory_barrier() */
  0xfa0: [
    0xf57ff05b, // dmb ish
    0xe12fff1e, // bx lr
  ],
  /* cmpxchg(old, new, pointer) */
  0xfc0: [
    0xe1923f9f, // ldrex r3, [r2]
    0xe1530000, // cmp r3, r0
    0x01823f91, // strexeq r3, r1, [r2]
    0x13a03001, // movne r3, #1
    0xe2730000, // rsbs r0, r3, #0
    0xe12fff1e, // bx lr
  ],
  /* get_tls() */
  0xfe0: [
    0xee1d0f70, // mrc p15, 0, r0, c13, c0, 3
    0xe12fff1e, // bx lr
  ],
  /* The version: 5 is the one with cmpxchg64. */
  0xffc: [5],
};

/** Writes the helpers to their page. */
export function kernelHelpers(page: DataView): void {
  for (const [place, words] of Object.entries(HELPERS)) {
    words.forEach((word, index) => {
      page.setUint32(Number(place) + index * 4, word, true);
    });
  }
}
