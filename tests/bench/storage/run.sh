#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The storage benchmark, whole: installs the peers, builds, makes the data once, measures, judges, plots.
#   tests/bench/storage/run.sh                     everything; about half an hour on 2 cores, 15 GB of disk, 8 GB of packages
#   tests/bench/storage/run.sh --quick             small data: does it all work?
#   tests/bench/storage/run.sh --only store,ranges some of limits,peers,store,ranges,memory,tree,http; other figures stay
#   --fresh makes the data anew; --repeat N; --peers restic,borg; --no-zipnn spares 6 GB of its dependencies
# Results are in build/bench/storage: results.md, results.json, ratio-speed.svg. STORAGE_BENCH_DIR=DIR puts them elsewhere.
# ASSAY_PREFIX=DIR measures an installed Assay over HTTP instead of building one.
set -euo pipefail
cd "$(dirname "$0")/../../.."
. examples/setup.sh

here=tests/bench/storage
folder=${STORAGE_BENCH_DIR:-$PWD/build/bench/storage}
envs=$PWD/build/bench
fresh="" quick="" zipnn=1 pass=()
while [ $# -gt 0 ]; do
  case $1 in
    --fresh) fresh=1 ;;
    --quick) quick=--quick ;;
    --no-zipnn) zipnn="" ;;
    --only|--repeat|--peers) pass+=("$1" "$2"); shift ;;
    *) echo "$0: $1: see the head of this file" >&2; exit 2 ;;
  esac
  shift
done
folder=$folder${quick:+-quick}

install_missing $ASSAY_BUILD_PACKAGES $ASSAY_STORY_PACKAGES python3-dev time diffutils openssl \
  zstd restic borgbackup casync git git-lfs docker-registry libacl1-dev liblz4-dev libxxhash-dev
mkdir -p "$folder"
say "Python packages into build/bench"
python_env "$envs/venv" jax==0.10.2 numpy==2.4.6 ml_dtypes==0.6.0 safetensors==0.8.0 zstandard==0.25.0 matplotlib==3.11.2
python_env "$envs/hf_xet" hf_xet==1.8.0
tools=(--tool "hf_xet=$envs/hf_xet/bin/python")
# What fails to install is a peer the less, and is reported so.
if python_env "$envs/borg" borgbackup==1.4.5; then tools+=(--tool "borg=$envs/borg/bin/borg"); fi
if [ -n "$zipnn" ] && python_env "$envs/zipnn" zipnn==0.5.4; then tools+=(--tool "zipnn=$envs/zipnn/bin/python"); fi

say "building (preset release)"
cmake --preset release -DASSAY_BENCH=ON >"$folder/configure.log" || { cat "$folder/configure.log"; exit 1; }
if [ -z "${ASSAY_PREFIX:-}" ]; then
  ASSAY_PREFIX=$PWD/build/prefix
  cmake --build --preset release
  cmake --install build/release --prefix "$ASSAY_PREFIX" >/dev/null
else
  cmake --build --preset release --target store_bench
fi

[ -z "$fresh" ] || rm -rf "$folder/data"
if [ ! -f "$folder/data/MANIFEST.json" ]; then
  say "making the data, once"
  rm -rf "$folder/data"
  "$envs/venv/bin/python" $here/make_data.py "$folder/data" $quick
fi

say "measuring"
exec "$envs/venv/bin/python" $here/bench.py --data "$folder/data" --work "$folder/work" --results "$folder" \
  --prefix "$ASSAY_PREFIX" --store-bench "$PWD/build/release/tests/bench/storage/store_bench" \
  $quick "${tools[@]}" "${pass[@]}"
