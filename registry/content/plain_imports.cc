// SPDX-License-Identifier: Apache-2.0
// Before adding a name: calling it with any arguments, and setting any state on what it returns, must neither run nor
// load anything. torch.storage._load_from_bytes, for one, unpickles its argument.
#include "registry/content/plain_imports.h"

#include <algorithm>
#include <iterator>

namespace assay {
namespace {

constexpr PlainImport kPlain[] = {
    {"__builtin__", "bool"},
    {"__builtin__", "bytearray"},
    {"__builtin__", "bytes"},
    {"__builtin__", "complex"},
    {"__builtin__", "dict"},
    {"__builtin__", "float"},
    {"__builtin__", "frozenset"},
    {"__builtin__", "int"},
    {"__builtin__", "list"},
    {"__builtin__", "long"},
    {"__builtin__", "object"},
    {"__builtin__", "set"},
    {"__builtin__", "slice"},
    {"__builtin__", "str"},
    {"__builtin__", "tuple"},
    {"__builtin__", "unicode"},
    {"_codecs", "encode"},
    {"builtins", "bool"},
    {"builtins", "bytearray"},
    {"builtins", "bytes"},
    {"builtins", "complex"},
    {"builtins", "dict"},
    {"builtins", "float"},
    {"builtins", "frozenset"},
    {"builtins", "int"},
    {"builtins", "list"},
    {"builtins", "object"},
    {"builtins", "range"},
    {"builtins", "set"},
    {"builtins", "slice"},
    {"builtins", "str"},
    {"builtins", "tuple"},
    {"collections", "Counter"},
    {"collections", "OrderedDict"},
    {"collections", "defaultdict"},
    {"collections", "deque"},
    {"copy_reg", "_reconstructor"},
    {"copyreg", "_reconstructor"},
    {"datetime", "date"},
    {"datetime", "datetime"},
    {"datetime", "time"},
    {"datetime", "timedelta"},
    {"datetime", "timezone"},
    {"decimal", "Decimal"},
    {"numpy", "dtype"},
    {"numpy", "ndarray"},
    {"numpy._core.multiarray", "_reconstruct"},
    {"numpy._core.multiarray", "scalar"},
    {"numpy._core.numeric", "_frombuffer"},
    {"numpy.core.multiarray", "_reconstruct"},
    {"numpy.core.multiarray", "scalar"},
    {"numpy.core.numeric", "_frombuffer"},
    {"torch", "BFloat16Storage"},
    {"torch", "BoolStorage"},
    {"torch", "ByteStorage"},
    {"torch", "CharStorage"},
    {"torch", "ComplexDoubleStorage"},
    {"torch", "ComplexFloatStorage"},
    {"torch", "DoubleStorage"},
    {"torch", "FloatStorage"},
    {"torch", "HalfStorage"},
    {"torch", "IntStorage"},
    {"torch", "LongStorage"},
    {"torch", "ShortStorage"},
    {"torch", "Size"},
    {"torch", "Tensor"},
    {"torch", "bfloat16"},
    {"torch", "bool"},
    {"torch", "complex128"},
    {"torch", "complex64"},
    {"torch", "device"},
    {"torch", "float16"},
    {"torch", "float32"},
    {"torch", "float64"},
    {"torch", "int16"},
    {"torch", "int32"},
    {"torch", "int64"},
    {"torch", "int8"},
    {"torch", "uint8"},
    {"torch._utils", "_rebuild_parameter"},
    {"torch._utils", "_rebuild_tensor"},
    {"torch._utils", "_rebuild_tensor_v2"},
    {"torch._utils", "_rebuild_tensor_v3"},
    {"torch.nn.parameter", "Parameter"},
    {"torch.storage", "UntypedStorage"},
};

}  // namespace

std::span<const PlainImport> plain_imports() {
  return kPlain;
}

bool is_plain_import(std::string_view module, std::string_view name) {
  return std::any_of(std::begin(kPlain), std::end(kPlain),
                     [&](const PlainImport& plain) { return plain.module == module && plain.name == name; });
}

}  // namespace assay
