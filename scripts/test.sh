#!/usr/bin/env bash
# The test command: installs what the tests need, runs every check, stops at the first that fails.
#
#   scripts/test.sh
#
# Installs apt packages where it may (root or passwordless sudo), a Python environment under target/ and,
# beside the tests of the page, what checks its types. What cannot be installed is named, and the tests
# that need it say SKIPPED; nothing else is ever left out. Everything else that is written goes under target/.
#
# Environment: VIBELUX_DATA, the research data (default ../shared/data); tests on real faces and music
# are skipped without it. CHROMIUM, the browser (default: Chromium or Chrome, as installed).
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

# A heading with the seconds since the start and the disk that is taken, so that what is slow or large shows.
step() { printf '\n=== [%s s, %s] %s\n' "$SECONDS" "$(du -sh target 2>/dev/null | cut -f1)" "$*"; }
skipped() { printf '!!! SKIPPED: %s\n' "$*" >&2; }

have() { command -v "$1" >/dev/null 2>&1; }

# A PostgreSQL server that tests can start, as crates/vibelux-test-server finds it.
have_postgres() { have initdb || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }

# One package per tool that is missing. python3 counts as present only if it can make an environment.
missing_packages() {
  have ffmpeg || echo ffmpeg
  have zstd || echo zstd
  have cc || echo gcc libc6-dev
  have c++ || echo g++
  have git || echo git
  have_postgres || echo postgresql
  [[ -x /usr/sbin/apache2 ]] || echo apache2-bin
  have mpd || echo mpd
  have dbus-daemon || echo dbus-daemon
  [[ -x /usr/sbin/mosquitto ]] && have mosquitto_sub || echo mosquitto mosquitto-clients
  have vlc || echo vlc-bin vlc-plugin-base
  have mpv && [[ -e /etc/mpv/scripts/mpris.so || -e /usr/share/mpv/scripts/mpris.so ]] || echo mpv mpv-mpris
  python3 -c 'import ensurepip, venv' 2>/dev/null || echo python3 python3-venv
}

# The browser that the page is tested in, if there is one.
browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [[ -n $name ]] && have "$name"; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

missing_page_packages() {
  have node && have npm || echo nodejs npm
  browser >/dev/null || echo chromium
}

# Installs the packages that it is given.
install_packages() {
  local packages=("$@") as_root=()
  ((${#packages[@]})) || return 0
  if ! have apt-get; then
    skipped "no apt-get; install these by hand: ${packages[*]}"
    return 0
  fi
  if ((EUID != 0)); then
    if ! sudo -n true 2>/dev/null; then
      skipped "no root here; install these by hand: sudo apt-get install ${packages[*]}"
      return 0
    fi
    as_root=(sudo -n)
  fi
  export DEBIAN_FRONTEND=noninteractive
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null ||
    skipped "apt-get could not install ${packages[*]}"
}

# onnxruntime, which checks the ONNX files that the program writes. $PYTHON, if it is set, is taken as
# it is.
prepare_python() {
  [[ -z ${PYTHON:-} ]] || return 0
  local venv=target/test-venv stamp=target/test-venv/requirements.txt
  if ! cmp -s scripts/checks/requirements.txt "$stamp"; then
    if ! { python3 -m venv "$venv" &&
      "$venv/bin/pip" install -q --disable-pip-version-check -r scripts/checks/requirements.txt; }; then
      skipped "no Python environment with onnxruntime; the ONNX files are not checked by it"
      return 0
    fi
    cp scripts/checks/requirements.txt "$stamp"
  fi
  export PYTHON=$root/$venv/bin/python
  export VIBELUX_SUPYSONIC=${VIBELUX_SUPYSONIC:-$PYTHON}
}

# The faces come packed; the tests read files.
unpack_faces() {
  export VIBELUX_DATA=${VIBELUX_DATA:-$root/../shared/data}
  [[ -z ${VIBELUX_FER2013:-} ]] || return 0
  local packed=$VIBELUX_DATA/fer2013 unpacked=$root/target/test-data/fer2013
  if [[ ! -f $packed/validation.tar.zst ]]; then
    skipped "no research data in $VIBELUX_DATA (set VIBELUX_DATA); no tests on real faces and music"
    return 0
  fi
  if [[ ! -d $unpacked ]]; then
    if ! have zstd; then
      skipped "no zstd to unpack the faces with; no tests on real faces"
      return 0
    fi
    # Complete or absent: a run that is stopped here leaves no half data set.
    rm -rf "$unpacked.part"
    mkdir -p "$unpacked.part"
    zstd -dc --long=27 "$packed/validation.tar.zst" | tar -x -C "$unpacked.part"
    cp "$packed/labels.csv" "$unpacked.part/"
    mv "$unpacked.part" "$unpacked"
  fi
  export VIBELUX_FER2013=$unpacked
}

run_tests() {
  # A test runs them.
  cargo build --workspace --examples --locked
  if cargo nextest --version >/dev/null 2>&1; then
    # Passing tests are shown too where they say SKIPPED.
    cargo nextest run --workspace --all-targets --success-output final 2>&1 | tee "$log"
  else
    cargo test --workspace --all-targets -- --show-output 2>&1 | tee "$log"
  fi
  cargo test --workspace --doc
}

# The types and the arithmetic of the page; the program as a server of music players; then with its page in a browser.
test_page() {
  local tests=crates/vibelux-server/web-tests chromium
  if ! have node || ! have npm; then
    skipped "no node and npm; the page is not tested"
    return 0
  fi
  if npm --prefix "$tests" ci --no-audit --no-fund --loglevel=error; then
    npm --prefix "$tests" run --silent check
  else
    skipped "npm could not install TypeScript; the types of the page are not checked"
  fi
  npm --prefix "$tests" run --silent units
  if have ffmpeg; then
    node "$tests/players.mjs" --program target/debug/vibelux
  else
    skipped "no ffmpeg; the server is not asked as music players do"
  fi
  if ! chromium=$(browser) || ! have ffmpeg; then
    skipped "no Chromium or no ffmpeg; the page is not tested in a browser"
    return 0
  fi
  CHROMIUM=$chromium node "$tests/browser.mjs" --program target/debug/vibelux
  CHROMIUM=$chromium node "$tests/first_song.mjs" --program target/debug/vibelux
  CHROMIUM=$chromium node "$tests/first_run.mjs" --program target/debug/vibelux
  CHROMIUM=$chromium node "$tests/phone.mjs" --program target/debug/vibelux
  if [[ -x /usr/sbin/mosquitto ]] && have mosquitto_sub; then
    CHROMIUM=$chromium node "$tests/home.mjs" --program target/debug/vibelux
  else
    skipped "no mosquitto; the page is not tested with home automation"
  fi
  if have dbus-daemon; then
    CHROMIUM=$chromium node "$tests/media_keys.mjs" --program target/debug/vibelux
  else
    skipped "no dbus-daemon; the page is not tested with the media keys of a desktop"
  fi
}

# The wheel as it is built and installed, in the environment of the tests.
test_python_package() {
  local python=${PYTHON:-}
  if [[ -z $python ]] || ! "$python" -c 'import maturin' 2>/dev/null; then
    skipped "no maturin; the package for Python is not tested"
    return 0
  fi
  rm -rf target/wheels
  "$python" -m maturin build --quiet --locked --profile dev --interpreter "$python" \
    --manifest-path crates/vibelux-python/Cargo.toml --target-dir target --out target/wheels
  "$python" -m pip install -q --disable-pip-version-check --force-reinstall --no-deps target/wheels/*.whl
  "$python" -m unittest discover -v crates/vibelux-python/tests
}

step "what the tests need"
if ! have cargo; then
  echo "no cargo on this machine; install Rust 1.95 or newer with rustup, then run this again" >&2
  exit 2
fi
# rustup's minimal profile leaves these two out.
if ! cargo fmt --version >/dev/null 2>&1 || ! cargo clippy --version >/dev/null 2>&1; then
  rustup component add rustfmt clippy
fi
mkdir -p target
log=target/test.log
# Apart, as one package that a system does not have would keep all others away.
mapfile -t missing < <(missing_packages | tr ' ' '\n')
install_packages "${missing[@]}"
mapfile -t missing < <(missing_page_packages | tr ' ' '\n')
install_packages "${missing[@]}"
prepare_python
unpack_faces

step "format"
cargo fmt --all --check
step "lints"
cargo clippy --workspace --all-targets --locked -- -D warnings
step "tests"
run_tests
step "fuzz targets, with the inputs that were kept"
# They are run by hand for longer (fuzz/README.md), but they must not fall behind the code, nor what they
# found come back. In the same folder, since most of their dependencies are compiled there.
cargo clippy --manifest-path fuzz/Cargo.toml --target-dir target --locked -- -D warnings
cargo test --manifest-path fuzz/Cargo.toml --target-dir target --locked --lib
step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
step "licences"
if cargo deny --version >/dev/null 2>&1; then
  cargo deny --offline check bans licenses sources
else
  python3 scripts/checks/check_licences.py
fi
step "source tree and documented commands"
cargo build --package vibelux-cli --locked
python3 scripts/checks/check_tree.py --program target/debug/vibelux
python3 scripts/checks/test_module_circles.py
step "the page"
test_page 2>&1 | tee -a "$log"
step "the package for Python"
test_python_package 2>&1 | tee -a "$log"
step "the demo, as the README starts it"
cargo run --locked --quiet -- demo --dir target/test-data/demo --why

step "done"
# Once more at the end, where it is read.
grep -h 'SKIPPED' "$log" | sort -u || echo "no test was skipped"
