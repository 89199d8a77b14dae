// SPDX-License-Identifier: Apache-2.0
// Catch2 by one name: v3 where the distribution has it, v2 otherwise (Debian 12).
#pragma once

#if __has_include(<catch2/catch_all.hpp>)
#include <catch2/catch_all.hpp>
using Catch::Approx;
#else
#include <catch2/catch.hpp>
#endif
