//===- Labels.h - The classes of images ------------------------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Simulation and training judge a network by the same labels in the same way.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_SUPPORT_LABELS_H
#define COLONNADE_SUPPORT_LABELS_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include <cstdint>
#include <vector>

namespace colonnade {

/// The first `count` labels of a .npy or IDX file of uint8. Fails when there
/// are fewer.
llvm::Expected<std::vector<uint8_t>> readLabels(llvm::StringRef path,
                                                int64_t count);

/// How many inputs have their largest logit at the label, of equal ones the
/// first; `logits` holds as many for each label.
int64_t countCorrect(llvm::ArrayRef<float> logits,
                     llvm::ArrayRef<uint8_t> labels);

} // namespace colonnade

#endif // COLONNADE_SUPPORT_LABELS_H
