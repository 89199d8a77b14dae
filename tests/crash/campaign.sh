#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the long crash tests, which no build runs by itself, and prints what they counted.
#   tests/crash/campaign.sh             10 000 kills, 10 000 beside collections, 1 000 power cuts and more,
#                                       1 000 bit flips, 1 000 collections beside writers, 10 000 power cuts of promotion and
#                                       10 000 operations of sixteen clients on one stage,
#                                       10 000 edits of an audit trail, those of the catalogue,
#                                       1 000 times all hostile requests, and 1 000 slow clients whatever CYCLES says
#   tests/crash/campaign.sh CYCLES      so many of each
#   tests/crash/campaign.sh --catalogue [CYCLES]
#                                       the catalogue's alone: a kill and a failure at every operation of every use case,
#                                       10 000 power cuts of them, those of recovery and of upgrades, 300 kills of a server
#                                       under eight clients, 20 backups under load
# BUILD=build/tsan chooses another build than build/dev.
set -euo pipefail
cd "$(dirname "$0")/../.."
build="${BUILD:-build/dev}"
what=all
if [ "${1:-}" = --catalogue ]; then
  what=catalogue
  shift
fi
if [ $# -gt 0 ]; then export ASSAY_CAMPAIGN_CYCLES="$1"; fi
"$build/tests/crash/catalogue_crash_test" "[campaign]" --durations yes
"$build/tests/crash/server_crash_test" "[campaign]" --durations yes
if [ "$what" = catalogue ]; then exit; fi
"$build/tests/crash/crash_test" "[campaign]" --durations yes
"$build/tests/crash/promotion_crash_test" "[campaign]" --durations yes
"$build/tests/unit/catalog/catalog_test" "[campaign]" --durations yes
"$build/tests/unit/promotion/promotion_test" "[campaign]" --durations yes
"$build/tests/unit/promotion/promotion_server_test" "[campaign]" --durations yes
"$build/tests/unit/storage_keeping/storage_keeping_test" "[campaign]" --durations yes
"$build/tests/e2e/e2e_hostile" "[campaign]" --durations yes
"$build/tests/e2e/e2e_slow_clients" "[campaign]" --durations yes
