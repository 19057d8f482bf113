#!/usr/bin/env bash
# Makes what is installed: a static program for Linux, its manual pages and completions, and a Debian package.
#
#   scripts/package.sh
#
# Needs rustup, musl-gcc (apt-get install musl-tools), gzip and cargo-deb (cargo install cargo-deb --locked); writes
# target/package/. The container is built from there: packaging/Containerfile.
set -euo pipefail
cd "$(dirname "$0")/.."
target=x86_64-unknown-linux-musl
out=target/package
most_bytes=$((30 * 1000 * 1000))

rustup target add "$target"
cargo fetch --locked --target "$target"

# Rust's own linker: functions that came out alike are one (identical code folding), and what is adjusted when the program is loaded is packed (RELR).
# Unwinding a function that keeps a frame pointer takes fewer bytes to say.
export CARGO_TARGET_X86_64_UNKNOWN_LINUX_MUSL_LINKER=rust-lld
flags=(-C linker-flavor=ld.lld -C link-arg=--icf=all -C link-arg=--pack-dyn-relocs=relr -C link-arg=-O2
  -C force-frame-pointers=yes)
# Messages do not say where this machine keeps its sources.
for folder in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/ "$PWD/"; do
  [[ -d $folder ]] || continue
  flags+=("--remap-path-prefix=$folder=")
done
CARGO_ENCODED_RUSTFLAGS=$(IFS=$'\x1f' && echo "${flags[*]}")
export CARGO_ENCODED_RUSTFLAGS

cargo build --profile dist --locked --target "$target" -p vibelux-cli
program=target/$target/dist/vibelux
bytes=$(stat -c %s "$program")
if ((bytes > most_bytes)); then
  echo "!!! the program has $bytes bytes, and was to have at most $most_bytes" >&2
fi
if ldd "$program" 2>/dev/null | grep -q '=>'; then
  echo "the program is not static" >&2
  exit 1
fi

rm -rf "$out"
mkdir -p "$out/man" "$out/completions" "$out/tmp"
cp "$program" "$out/vibelux"
"$program" man "$out/man"
gzip -9n "$out"/man/*.1
for shell in bash zsh fish; do
  "$program" completions "$shell" >"$out/completions/vibelux.$shell"
done
cargo deb --no-build --no-strip --profile dist --target "$target" -p vibelux-cli --output "$out/"
echo "$bytes bytes; $(ls "$out"/*.deb)"
