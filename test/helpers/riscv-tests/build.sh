#!/bin/sh
# Builds the user-mode tests of riscv-tests (github.com/riscv-software-src/riscv-tests) as programs without a libc:
#   build.sh SOURCES TARGET
# SOURCES is a checkout or a bare repository, TARGET a directory. Needs Debian's gcc-riscv64-linux-gnu.
set -eu
sources=$1 target=$2 here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$target"
if [ ! -d "$sources/isa" ]; then
  mkdir -p "$target/sources"
  git -C "$sources" archive HEAD isa | tar -x -C "$target/sources"
  sources=$target/sources
fi
for xlen in 64 32; do
  abi=lp64 && [ "$xlen" = 64 ] || abi=ilp32
  for group in ui um ua uf ud uc uzba uzbb uzbs; do
    for source in "$sources/isa/rv$xlen$group"/*.S; do
      name=rv$xlen$group-$(basename "$source" .S)
      # Theirs builds it neither: it moves doubles to registers of 32 bits.
      if [ "$name" = rv32ud-move ]; then continue; fi
      riscv64-linux-gnu-gcc -march=rv${xlen}gc_zba_zbb_zbs -mabi=$abi -static -nostdlib -w \
        -Wl,-m,elf${xlen}lriscv,-Ttext-segment=0x10000,-N,--no-relax,--no-warn-rwx-segments \
        -I"$here" -I"$sources/isa/macros/scalar" "$source" -o "$target/$name"
    done
  done
done
