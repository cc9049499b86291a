#!/bin/sh
# collect-profile.sh: which pages of files running programs have touched
#
# Usage: collect-profile.sh [PID...] >FILE
#
# Run it as root on the target while the programs run; without PIDs it reads all processes. FILE is for
# `cramfs plan --profile FILE` on the host; README.md beside this script describes it. Needs a POSIX shell
# with cat, dd, od and wc, such as BusyBox has, and a kernel with CONFIG_PROC_PAGE_MONITOR.

LC_ALL=C
export LC_ALL
tab=$(printf '\t')
# Where procfs is mounted.
proc=${PROC:-/proc}
faultaroundfile=/sys/kernel/debug/fault_around_bytes

warn() {
	printf 'collect-profile: %s\n' "$*" >&2
}

# The entries of pagemap have 64 bits; od prints words of 16 bits in the byte order of the CPU.
case $(printf '\001\000' | od -x) in
*0001*) littleendian=1 ;;
*) littleendian= ;;
esac

# page_size: from smaps, so that getconf is not needed
page_size() {
	while read -r name value unit; do
		case $name in
		KernelPageSize:)
			echo $((value * 1024))
			return
			;;
		esac
	done
	echo 4096
}

# present_pages PID FIRST COUNT: of COUNT pages from page FIRST of the address space those that are
# present and of a file, as "PAGES WINDOWS 0-3,7". A window is what one fault can map.
# Prints nothing if pagemap could not be read.
present_pages() {
	last=$(($2 + $3 - 1))
	index=$(($2 / 32 * 32))
	# 32 entries at a time: one by one would take a system call each.
	dd if="$proc/$1/pagemap" bs=256 skip=$(($2 / 32)) count=$((last / 32 - $2 / 32 + 1)) 2>/dev/null |
		od -v -x | {
		pages=0 windows=0 window=-1 list= start= lines=
		while read -r position a b c d e f g h; do
			[ -n "$a" ] || continue
			lines=1
			if [ -n "$littleendian" ]; then
				tops="$d $h"
			else
				tops="$a $e"
			fi
			for top in $tops; do
				if [ $index -ge $2 ] && [ $index -le $last ]; then
					# Bits 63, 62 and 61: present, swapped, of a file.
					case $top in
					[ab]???)
						[ -n "$start" ] || start=$((index - $2))
						pages=$((pages + 1))
						if [ $((index / around)) -ne $window ]; then
							window=$((index / around))
							windows=$((windows + 1))
						fi
						;;
					*)
						[ -z "$start" ] || list=$list,$start-$((index - $2 - 1))
						start=
						;;
					esac
				fi
				index=$((index + 1))
			done
		done
		[ $index -le $last ] || index=$((last + 1))
		[ -z "$start" ] || list=$list,$start-$((index - $2 - 1))
		[ -z "$lines" ] || echo "$pages $windows ${list#,}"
	}
}

# is_program_file LINE: of a read-only mapping of a file that an image may have
is_program_file() {
	case $1 in
	*\ ?w??\ *) return 1 ;;
	*\ /dev/* | *\ /memfd:* | *\ /SYSV* | *\ /anon_hugepage*) return 1 ;;
	*\ [r-][w-][x-][ps]\ *\ /*) return 0 ;;
	esac
	return 1
}

# from_pagemap PID MAPS: the areas of a process, and their pages
from_pagemap() {
	while IFS= read -r line; do
		is_program_file "$line" || continue
		range=${line%% *}
		# Addresses are multiples of 4096, and so fit the arithmetic of shells with 32 bits.
		first=${range%-*}
		end=${range#*-}
		first=$((0x${first%000} / (pagesize / 4096)))
		end=$((0x${end%000} / (pagesize / 4096)))
		found=$(present_pages "$1" $first $((end - first)))
		[ -n "$found" ] || continue
		touched=$((touched + ${found%% *}))
		found=${found#* }
		atleast=$((atleast + ${found%% *}))
		found=${found#* }
		[ -n "$found" ] || continue
		printf 'area %s\npages %s\n' "$line" "$found"
	done <<EOF
$2
EOF
}

# kilobytes LINE: the number of a line of smaps
kilobytes() {
	number=${1% kB}
	number=${number##*[ $tab]}
}

# print_rss AREA KILOBYTES: prints the Rss of an area; nothing if it has no file, or is not in RAM
print_rss() {
	[ -z "$1" ] || [ "$2" -eq 0 ] || printf 'area %s\nrss %s kB\n' "$1" "$2"
}

# from_smaps PID: the areas of a process, and how much of each is in RAM, without private copies
from_smaps() {
	cat "$proc/$1/smaps" 2>/dev/null | {
		area= rss=0
		while IFS= read -r line; do
			case $line in
			Rss:*)
				kilobytes "$line"
				rss=$number
				;;
			Anonymous:*)
				kilobytes "$line"
				rss=$((rss - number))
				;;
			[0-9a-f]*-[0-9a-f]*)
				print_rss "$area" "$rss"
				area= rss=0
				if is_program_file "$line"; then area=$line; fi
				;;
			esac
		done
		print_rss "$area" "$rss"
	}
}

case $1 in
-*)
	warn 'usage: collect-profile.sh [PID...] >FILE'
	exit 2
	;;
esac

[ -r "$proc/self/maps" ] || {
	warn "$proc/self/maps cannot be read: mount -t proc proc /proc"
	exit 1
}
pagesize=$(cat "$proc/self/smaps" 2>/dev/null | page_size)
faultaround=$(cat $faultaroundfile 2>/dev/null)
# The default of Linux.
around=$((${faultaround:-65536} / pagesize))
[ $around -gt 0 ] || around=1

printf 'cramfs-touched 1\n'
printf 'page-size %s\nfault-around %s\n' "$pagesize" "${faultaround:-unknown}"

if [ $# -eq 0 ]; then
	for directory in "$proc"/[0-9]*; do
		pid=${directory##*/}
		[ "$pid" = $$ ] || set -- "$@" "$pid"
	done
fi

processes=0
touched=0
atleast=0
hidden=0
for pid in "$@"; do
	# Kernel threads have no maps, and processes may be gone by now.
	maps=$(cat "$proc/$pid/maps" 2>/dev/null)
	[ -n "$maps" ] || continue
	name=
	read -r name 2>/dev/null <"$proc/$pid/comm"
	processes=$((processes + 1))
	printf 'process %s %s\n' "$pid" "$name"
	if [ "$(dd if="$proc/$pid/pagemap" bs=8 count=1 2>/dev/null | od -v -x | wc -l)" -gt 1 ]; then
		from_pagemap "$pid" "$maps"
	else
		hidden=$((hidden + 1))
		from_smaps "$pid"
	fi
done
printf 'end\n'

if [ $processes -eq 0 ]; then
	warn 'no process could be read: run it as root'
	exit 1
fi
warn "$processes processes, $touched pages of files that they have mapped"
if [ $hidden -gt 0 ]; then
	warn "$hidden of them without pagemap, so that only whole mappings count: run it as root"
fi
if [ $around -gt 1 ] && [ $touched -gt $atleast ]; then
	warn "at least $atleast of these pages were touched; the others may be neighbours of those, since" \
		"fault_around_bytes is ${faultaround:-65536 if nobody has changed it}"
	warn "for exact profiles: mount -t debugfs none /sys/kernel/debug;" \
		"echo $pagesize >$faultaroundfile; then start the programs again"
fi
