#!/usr/bin/env bash
# Rebuilds the programs and tables of samples/rootfs from samples/src.
#
# They are kept in the repository, so nobody needs this script to use the toolkit. On Debian 12:
#   apt-get install gcc gcc-i686-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc-linux-gnu \
#     gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu
# With these compilers (gcc 12.2, binutils 2.40) the bytes come out as they are in the repository.
set -euo pipefail
cd "$(dirname "$0")"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Freestanding: no C library, no start files, nothing of libgcc; the same bytes on every machine.
cflags=(-O2 -std=gnu11 -Wall -Wextra -Werror -ffreestanding -fno-builtin -fno-stack-protector
  -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-tree-loop-distribute-patterns
  -fno-ident -fcf-protection=none -I "$work" -nostdlib -Wl,--build-id=none -Wl,-s
  # Segments begin on pages of 4096 bytes and share none of them.
  -Wl,-z,max-page-size=4096 -Wl,-z,common-page-size=4096 -Wl,-z,noexecstack)
separate=(-Wl,-z,separate-code)

cc -O1 -Wall -o "$work/make-tables" src/make-tables.c -lm
"$work/make-tables" crc32 >"$work/crc32-table.h"

# build ARCH COMPILER INTERPRETER [FLAG...]
build() {
  local arch=$1 compiler=$2 interpreter=$3
  local bin=rootfs/$arch/bin lib=rootfs/$arch/lib
  local cc=("$compiler" "${cflags[@]}" "${@:4}")
  mkdir -p "$bin" "$lib"

  # Smaller than a page: headers and code in one segment.
  "${cc[@]}" -fno-pic -no-pie -static -Wl,-z,noseparate-code -o "$bin/true" src/start.S src/true.c
  # PowerPC's PIC code needs relocations at run time, which a static PIE of ours does not do.
  local pie=(-fPIE -static-pie -Wl,--no-dynamic-linker)
  [ "$arch" = powerpc ] && pie=(-fno-pic -no-pie -static)
  "${cc[@]}" "${pie[@]}" "${separate[@]}" -Wl,-z,norelro -o "$bin/hello" src/start.S src/hello.c
  "${cc[@]}" -fno-pic -no-pie -static "${separate[@]}" -o "$bin/cat" src/start.S src/cat.c
  # One program of whole pages, as a flash tool pads them.
  [ "$arch" = riscv64 ] && truncate -s %4096 "$bin/cat"
  "${cc[@]}" -fno-pic -no-pie -static "${separate[@]}" -o "$bin/crc32sum" src/start.S src/crc32sum.c
  "${cc[@]}" -fPIC -shared "${separate[@]}" -Wl,-soname,libgreet.so -o "$lib/libgreet.so" src/libgreet.c
  "${cc[@]}" -fPIE -pie "${separate[@]}" -Wl,--dynamic-linker="$interpreter" \
    -Wl,-rpath,'$ORIGIN/../lib' -o "$bin/greet" src/start.S src/greet.c "$lib/libgreet.so"
  chmod 755 "$bin"/* "$lib"/*
}

build x86_64 x86_64-linux-gnu-gcc /lib64/ld-linux-x86-64.so.2
build i386 i686-linux-gnu-gcc /lib/ld-linux.so.2
build armhf arm-linux-gnueabihf-gcc /lib/ld-linux-armhf.so.3
build powerpc powerpc-linux-gnu-gcc /lib/ld.so.1
build aarch64 aarch64-linux-gnu-gcc /lib/ld-linux-aarch64.so.1
build riscv64 riscv64-linux-gnu-gcc /lib/ld-linux-riscv64-lp64d.so.1

tables=rootfs/usr/share/tables
mkdir -p "$tables"
"$work/make-tables" sine >"$tables/sine.tab"
"$work/make-tables" logarithm >"$tables/logarithm.tab"
"$work/make-tables" primes >"$tables/primes.txt"
