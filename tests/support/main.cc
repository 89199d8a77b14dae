// SPDX-License-Identifier: Apache-2.0
// The test runner's main. Catch2 v3 brings its own (Catch2::Catch2WithMain).
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
