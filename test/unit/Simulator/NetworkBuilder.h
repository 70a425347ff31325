//===- NetworkBuilder.h - Small networks as systolic programs ---*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules networks of convolutions, pools and additions for the tests of the
// simulator, without the compiler: tiles, bands, alternating buffers and the
// tokens that buffers demand. Every layer comes with a plain reference that
// works on whole tensors.
//
//===----------------------------------------------------------------------===//

#ifndef TEST_UNIT_SIMULATOR_NETWORKBUILDER_H
#define TEST_UNIT_SIMULATOR_NETWORKBUILDER_H

#include "PlainLayers.h"
#include "RandomTiles.h"
#include <functional>
#include <optional>

namespace colonnade::sim {

class NetworkBuilder {
public:
  NetworkBuilder(MachineDescription machine, uint64_t seed);

  /// An int8 tensor in data SRAM.
  struct Tensor {
    int64_t channels = 0, height = 0, width = 0;
    View view;
    /// Number of the reference tensor.
    size_t number = 0;
    int64_t getElements() const { return channels * height * width; }
  };

  /// The host's input, copied to data SRAM.
  Tensor addInput(int64_t channels, int64_t height, int64_t width,
                  const OperandPromises &promises);
  /// `window` without its input sizes; `rows` channels for each of `groups`
  /// groups of the input's channels. The result keeps promises.dataTerms terms
  /// per value.
  Tensor addConvolution(const Tensor &input, int64_t rows, Window window,
                        const OperandPromises &promises, int64_t groups = 1);
  /// For each of `groups` groups of channels, a 1x1 convolution of `input`
  /// whose filters are the positions of `stationary`, a tensor with as many
  /// channels; the fan-in is 1, and so are the weight terms if the slots of a
  /// cell keep promises.dataTerms each.
  Tensor addProduct(const Tensor &input, const Tensor &stationary,
                    OperandPromises promises, int64_t groups);
  Tensor addPool(const Tensor &input, Window window, Reduction reduction);
  Tensor addSum(const Tensor &a, const Tensor &b);
  /// A nest: a copy to another layout, or halves in f32, ties to even.
  Tensor addNest(const Tensor &input, bool isCopy);
  /// Copies `output` to the host and ends the program.
  Program finish(const Tensor &output);
  /// Lets later tensors reuse the bytes of `tensor`.
  void release(const Tensor &tensor) { free.push_back(tensor.view); }

  /// The program's output by plain loops.
  std::vector<uint8_t> getReference(llvm::ArrayRef<uint8_t> input) const;
  /// An input that keeps its promise.
  std::vector<uint8_t> makeInput();

  const MachineDescription &getMachine() const { return program.machine; }

  Random random;

private:
  /// A use of a buffer, remembered for the tokens of later instructions.
  struct Use {
    Memory memory;
    int64_t begin, end;
    bool isWrite;
    unsigned instruction;
  };
  struct Region {
    Memory memory;
    int64_t begin, end;
    bool isWrite;
  };

  unsigned append(Payload payload, llvm::ArrayRef<Region> regions);
  Tensor makeTensor(int64_t channels, int64_t height, int64_t width);
  int64_t allocateDram(int64_t bytes);
  void addLayer(const char *name);
  void addHostCopy(const Tensor &tensor, int64_t address, bool isInput);
  /// The tensor behind run-time weights, and how it is read.
  struct Stationary {
    View view;
    RunTimeMatrix matrix;
  };
  Tensor addContraction(const Tensor &input, const PackedWeights &packed,
                        const Window &window,
                        const std::optional<Stationary> &stationary,
                        RescaleParameters &parameters);
  void addTileRow(const StreamTile &stream, const Tensor &input,
                  const std::optional<Stationary> &stationary);
  void addVectorPass(VectorPass pass, llvm::ArrayRef<const Tensor *> inputs,
                     const Tensor &output);
  unsigned addWeights(const PackedWeights &weights);
  View addParameters(int64_t rows, RescaleParameters &parameters);
  View makeAccumulators(const Band &band);
  VectorPass makeRescalePass(const StreamTile &stream, View parameters,
                             int64_t rows, int64_t dataTerms);

  using Values = std::vector<std::vector<int8_t>>;
  Program program;
  std::vector<Use> uses;
  std::vector<View> free;
  std::vector<std::function<void(Values &)>> references;
  OperandPromises inputPromises;
  size_t outputNumber = 0, tensors = 0;
  int64_t dramEnd = 0, dataEnd = 0;
  int64_t tileCount = 0, passCount = 0;
  std::optional<unsigned> lastStream;
  unsigned lastLoad = 0;
};

/// A random network of `layers` layers with its input and output copies.
Program makeNetwork(NetworkBuilder &builder, int64_t layers);

} // namespace colonnade::sim

#endif // TEST_UNIT_SIMULATOR_NETWORKBUILDER_H
