#!/usr/bin/env bash
# Puts a portcullis binary into place for action.yaml and tells where: output `binary`.
#
# In the environment:
#   VERSION   a release as 0.1.0; `source`: build this checkout; empty: the release of this checkout
#   SHA256    what the archive must hash to; empty: what the release's SHA256SUMS says
#   RELEASES  where releases lie: RELEASES/vVERSION/FILE
#   SOURCE    this action's checkout
set -euo pipefail

fail() { echo "::error title=portcullis::$*"; exit 1; }

if [ "$VERSION" = source ]; then
    command -v cargo >/dev/null || fail "version 'source' needs cargo, which this runner doesn't have"
    # From within the checkout, so that its rust-toolchain.toml counts.
    (cd "$SOURCE" && cargo build --release --locked --package portcullis --target-dir target)
    binary="$SOURCE/target/release/portcullis"
    [ "$RUNNER_OS" != Windows ] || binary="$binary.exe"
    echo "binary=$binary" >>"$GITHUB_OUTPUT"
    exit 0
fi

release=${VERSION#v}
if [ -z "$release" ]; then
    release=$(sed -n '/^\[workspace\.package\]/,/^\[/s/^version = "\(.*\)"$/\1/p' "$SOURCE/Cargo.toml")
fi
[[ $release =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.-]+)?$ ]] || fail "not a version: '$release'"
[[ -z $SHA256 || $SHA256 =~ ^[0-9a-f]{64}$ ]] || fail "not a SHA-256 in lower case: '$SHA256'"

case $RUNNER_OS-$RUNNER_ARCH in
    Linux-X64) target=x86_64-unknown-linux-musl ;;
    Linux-ARM64) target=aarch64-unknown-linux-musl ;;
    macOS-X64) target=x86_64-apple-darwin ;;
    macOS-ARM64) target=aarch64-apple-darwin ;;
    Windows-X64) target=x86_64-pc-windows-msvc ;;
    *) fail "no release for $RUNNER_OS on $RUNNER_ARCH: use version 'source'" ;;
esac

folder=$(mktemp -d "$RUNNER_TEMP/portcullis.XXXXXX")
archive=portcullis-$release-$target.tar.gz
fetch() {
    curl --fail --silent --show-error --location --retry 3 --proto '=https,file' \
        --output "$folder/$1" "$RELEASES/v$release/$1" ||
        fail "$RELEASES/v$release/$1 can't be fetched: is $release released? ('source' builds it)"
}
fetch "$archive"
if [ -z "$SHA256" ]; then
    fetch SHA256SUMS
    SHA256=$(awk -v name="$archive" '$2 == name || $2 == "*" name {print $1}' "$folder/SHA256SUMS")
    [ -n "$SHA256" ] || fail "SHA256SUMS of $release doesn't name $archive"
fi
if command -v sha256sum >/dev/null; then
    actual=$(sha256sum <"$folder/$archive")
else
    actual=$(shasum -a 256 <"$folder/$archive")
fi
actual=${actual%% *}
[ "$actual" = "$SHA256" ] || fail "$archive has SHA-256 $actual, not $SHA256"

(cd "$folder" && tar -xzf "$archive")
binary="$folder/portcullis"
[ "$RUNNER_OS" != Windows ] || binary="$binary.exe"
[ -f "$binary" ] || fail "$archive has no portcullis"
echo "binary=$binary" >>"$GITHUB_OUTPUT"
