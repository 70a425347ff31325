//===- GeneratedNetworks.h - Large networks with random weights -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shapes of networks that are too large to ship, for benchmarks: how long
// tools take depends on shapes and sparsity, not on what was learned.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TEST_LIB_GENERATEDNETWORKS_H
#define COLONNADE_TEST_LIB_GENERATEDNETWORKS_H

#include "OnnxWriter.h"

namespace colonnade::test {

/// ResNet-50 (He et al. 2015, stride in the 3x3 convolutions) on one image of
/// 3x224x224, with its batch normalizations: 25.5 million weights.
llvm::Error writeResNet50(OnnxWriter &writer);

/// Sizes of a decoder layer; the default is a network's of 7 billion
/// parameters.
struct DecoderShape {
  int64_t tokens = 128;
  int64_t width = 4096;
  int64_t heads = 32;
  int64_t hidden = 11008;
};

/// One layer of a LLaMA-like decoder (Touvron et al. 2023) on a sequence, as
/// exporters write it: RMS norms of single operators, causal attention by an
/// added mask, a gated MLP. Positions are not encoded.
llvm::Error writeDecoderLayer(OnnxWriter &writer,
                              const DecoderShape &shape = {});

} // namespace colonnade::test

#endif // COLONNADE_TEST_LIB_GENERATEDNETWORKS_H
