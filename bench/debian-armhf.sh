#!/bin/sh
# debian-armhf.sh DIR: makes DIR, the tree that `npm run bench -- --plan DIR` plans, from Debian packages for
# armhf: busybox, libc6, dropbear-bin, openssl and their dependencies. Apt works in a state directory of its own;
# nothing is installed. Exits with 1 if packages cannot be downloaded.
set -eu
into=$1
state=$(mktemp -d)
trap 'rm -rf "$state"' EXIT
mkdir -p "$into" "$state/lists/partial" "$state/cache/archives/partial" "$state/debs"
into=$(cd "$into" && pwd)
: >"$state/status"
# Words of options: no path of mktemp has blanks.
apt="-qq -o APT::Architecture=armhf -o APT::Architectures=armhf -o APT::Sandbox::User=root
  -o Dir::State=$state -o Dir::State::status=$state/status -o Dir::Cache=$state/cache"
# shellcheck disable=SC2086
(
  cd "$state/debs"
  apt-get $apt update || true # some of the lists may do
  apt-get $apt download busybox libc6 libgcc-s1 libcrypt1 zlib1g dropbear-bin libtomcrypt1 \
    libtommath1 libgmp10 openssl libssl3
) >&2
for deb in "$state"/debs/*.deb; do dpkg -x "$deb" "$into"; done
rm -rf "$into/usr/share" "$into"/lib/*/audit "$into"/usr/lib/*/audit "$into"/lib/*/gconv \
  "$into"/usr/lib/*/gconv
ln -sf busybox "$into/bin/sh"
