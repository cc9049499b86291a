#!/usr/bin/env bash
# Rebuilds the programs and tables of samples/rootfs from samples/src.
#
# They are kept in the repository, so nobody needs this script to use the toolkit. On Debian 12:
#   apt-get install gcc gzip gcc-i686-linux-gnu gcc-arm-linux-gnueabihf gcc-powerpc-linux-gnu \
#     gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu
# These compilers (gcc 12.2, binutils 2.40) reproduce the bytes in the repository.
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

# Programs for Cortex-M without an MMU. No linker of Debian makes FDPIC or bFLT, so it makes ordinary ELF of
# two segments, and the rest of these formats is added here.
cc -O1 -Wall -o "$work/make-flat" src/make-flat.c
arm=arm-linux-gnueabihf
thumb=(-mcpu=cortex-m3 -mthumb -mfloat-abi=soft -O2 -std=gnu11 -Wall -Wextra -Werror -ffreestanding
  -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables
  -fno-tree-loop-distribute-patterns -fno-ident -I "$work" -fpic -msingle-pic-base
  -mpic-register=r9 -mno-pic-data-is-text-relative)

# link OUTPUT TEXT DATA_ALIGN HEADERS OBJECT...
link() {
  sed -e "s/TEXT/$2/" -e "s/DATA_ALIGN/$3/" -e "s/HEADERS/$4/" src/nommu.ld >"$work/nommu.ld"
  "$arm-ld" -T "$work/nommu.ld" -e _start -s -z max-page-size=4096 --build-id=none \
    -o "$1" "${@:5}"
}

nommu() {
  local fdpic=rootfs/cortex-m/fdpic flat=rootfs/cortex-m/flat name=$1
  mkdir -p "$fdpic" "$flat"
  "$arm-gcc" "${thumb[@]}" -c -o "$work/program.o" "src/$name.c"
  "$arm-gcc" "${thumb[@]}" -c -o "$work/load-map.o" src/load-map.c
  "$arm-gcc" "${thumb[@]}" -c -o "$work/start-fdpic.o" src/start-nommu.S
  "$arm-gcc" "${thumb[@]}" -DFLAT -c -o "$work/start-flat.o" src/start-nommu.S

  # FDPIC: data on a page of its own, ELFOSABI_ARM_FDPIC in e_ident, and a stack of 16 KiB instead of
  # the kernel's 128 KiB, in the third program header.
  link "$fdpic/$name" 0x100 4096 "FILEHDR PHDRS" "$work/start-fdpic.o" "$work/load-map.o" "$work/program.o"
  printf '\x41' | dd of="$fdpic/$name" bs=1 seek=7 conv=notrunc status=none
  printf '\x00\x40' | dd of="$fdpic/$name" bs=1 seek=136 conv=notrunc status=none

  # bFLT: addresses count from the end of its header, and data follows text.
  link "$work/flat.elf" 0 4 "" "$work/start-flat.o" "$work/program.o"
  "$arm-objcopy" -O binary -j .text "$work/flat.elf" "$work/text"
  "$arm-objcopy" -O binary -j .data "$work/flat.elf" "$work/data"
  local bss
  bss=$("$arm-size" -A "$work/flat.elf" | awk '$1 == ".bss" { print $2 }')
  "$work/make-flat" "$work/text" "$work/data" "$bss" 4096 2 >"$flat/$name"
  # A program with compressed data, for which the kernel needs CONFIG_BINFMT_ZFLAT.
  if [ "$name" = hello ]; then
    gzip -9nc "$work/data" >"$work/data.gz"
    "$work/make-flat" "$work/text" "$work/data" "$bss" 4096 10 "$work/data.gz" >"$flat/$name.z"
  fi
  chmod 755 "$fdpic"/* "$flat"/*
}

nommu hello
nommu crc32sum

tables=rootfs/usr/share/tables
mkdir -p "$tables"
"$work/make-tables" sine >"$tables/sine.tab"
"$work/make-tables" logarithm >"$tables/logarithm.tab"
"$work/make-tables" primes >"$tables/primes.txt"
