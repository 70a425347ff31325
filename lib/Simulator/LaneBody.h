//===- LaneBody.h - Scalar bodies on many lanes -----------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Runs a body one operation at a time over all lanes, in loops that compilers
// vectorise, and traps where a result does not fit its type. Window passes and
// nests differ only in how they fill the arguments and store the result.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_LANEBODY_H
#define LIB_SIMULATOR_LANEBODY_H

#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Simulator/Program.h"
#include "llvm/Support/Error.h"
#include <vector>

namespace colonnade::sim {

/// A body's values by lane. A lane holds integers sign-extended, an I1 as 0 or
/// 1 and the bits of an F32. Lanes are as wide as the widest value: `Value` is
/// int32_t, or int64_t for bodies that isWide() holds for.
template <typename Value> class LaneBody {
public:
  /// The values of `capacity` lanes are kept in `storage`; `tables` are the
  /// program's term tables.
  LaneBody(const ScalarBody &body, unsigned arguments, int64_t capacity,
           llvm::ArrayRef<TermLookupTable> tables, std::vector<Value> &storage);

  /// Lanes of a value: an argument or the result of an operation.
  Value *getValues(unsigned number) {
    return storage.data() + number * capacity;
  }
  Value *getResult() { return getValues(body.result); }

  /// Declares that an argument is always the same in all lanes.
  void setUniform(unsigned argument) { uniform[argument] = true; }

  /// Computes the first `count` lanes of the result.
  llvm::Error run(int64_t count);

private:
  llvm::Error compute(unsigned index);
  llvm::Error computeInteger(const ScalarOperation &operation, Value *out);
  void computeFloat(const ScalarOperation &operation, Value *out);
  void compareIntegers(const ScalarOperation &operation, Value *out);
  void compareFloats(const ScalarOperation &operation, Value *out);
  llvm::Error scale(const ScalarOperation &operation, Value *out);
  llvm::Error encode(const ScalarOperation &operation, Value *out);
  llvm::Error convertToInteger(const ScalarOperation &operation, Value *out);

  template <typename Combine>
  void map(const ScalarOperation &operation, Value *out, Combine combine);
  template <typename Combine>
  void mapFloats(const ScalarOperation &operation, Value *out, Combine combine);
  template <typename Combine>
  llvm::Error apply(const ScalarOperation &operation, Value *out,
                    Combine combine);

  const ScalarBody &body;
  unsigned arguments;
  int64_t capacity, lanes = 0;
  llvm::ArrayRef<TermLookupTable> tables;
  std::vector<Value> &storage;
  /// By value number.
  std::vector<bool> uniform;
};

/// An immediate as a lane holds it: the bits of an F32 may be given with or
/// without their sign extended.
inline int64_t getLaneBits(ScalarType type, int64_t immediate) {
  return type == ScalarType::F32 ? static_cast<int32_t>(immediate) : immediate;
}

/// Whether some value of the body has 64 bits.
bool isWide(const ScalarBody &body);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_LANEBODY_H
