#!/bin/sh
# Installs what `npm run dist` has made: npm run install-files, with PREFIX (/usr/local) and DESTDIR.
set -eu
cd "$(dirname "$0")/.."
root=${DESTDIR:-}${PREFIX:-/usr/local}
[ -f dist/man/man1/cramfs.1 ] || { echo "install: nothing to install: run npm run dist" >&2; exit 1; }

install -d "$root/bin" "$root/sbin" "$root/lib/cramfs" "$root/share/doc/cramfs" \
  "$root/share/man/man1" "$root/share/man/man8" "$root/share/bash-completion/completions" \
  "$root/share/zsh/site-functions" "$root/share/fish/vendor_completions.d"
install -m 755 dist/cramfs.cjs "$root/lib/cramfs/cramfs.cjs"
for name in cramfs xip-emu; do ln -sf ../lib/cramfs/cramfs.cjs "$root/bin/$name"; done
for name in mkcramfs mkfs.cramfs fsck.cramfs cramfsck; do
  ln -sf ../lib/cramfs/cramfs.cjs "$root/sbin/$name"
done
for section in 1 8; do
  for page in dist/man/man$section/*; do install -m 644 "$page" "$root/share/man/man$section/"; done
done
install -m 644 dist/completion/cramfs.bash "$root/share/bash-completion/completions/cramfs"
install -m 644 dist/completion/_cramfs "$root/share/zsh/site-functions/_cramfs"
install -m 644 dist/completion/cramfs.fish "$root/share/fish/vendor_completions.d/cramfs.fish"
install -m 644 LICENSE dist/THIRD-PARTY-LICENSES.txt docs/*.md "$root/share/doc/cramfs/"
