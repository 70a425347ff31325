//===- NetworkBuilder.cpp - Small networks as systolic programs -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header. Weight SRAM holds two tiles from 0 on and two parameter
// blocks behind them; the accumulators are two halves; all of them alternate.
//
//===----------------------------------------------------------------------===//

#include "NetworkBuilder.h"
#include "PlainLayers.h"
#include "colonnade/Simulator/InstructionCosts.h"
#include <cmath>

using namespace colonnade;
using namespace colonnade::sim;

static constexpr int64_t kTileBytes = 1 << 16;
static constexpr int64_t kParameterBytes = 1 << 14;
/// Bytes of bias, multiplier and shift of one channel.
static constexpr int64_t kChannelBytes = 9;

NetworkBuilder::NetworkBuilder(MachineDescription machine, uint64_t seed)
    : random(seed) {
  program.name = "network";
  program.machine = std::move(machine);
  program.targetHash = program.machine.hash;
}

//===----------------------------------------------------------------------===//
// Bookkeeping
//===----------------------------------------------------------------------===//

/// Appends an instruction that waits for all conflicting uses of its buffers.
unsigned NetworkBuilder::append(Payload payload,
                                llvm::ArrayRef<Region> regions) {
  Instruction instruction;
  instruction.payload = std::move(payload);
  instruction.layer = program.layers.size() - 1;
  Queue queue = instruction.getQueue();
  unsigned index = program.instructions.size();
  for (const Region &region : regions)
    for (const Use &use : uses) {
      bool conflicts = use.memory == region.memory && use.begin < region.end &&
                       region.begin < use.end &&
                       (use.isWrite || region.isWrite);
      if (conflicts &&
          program.instructions[use.instruction].getQueue() != queue)
        instruction.after.push_back({use.instruction});
    }
  if (std::holds_alternative<LoadWeights>(instruction.payload) && lastStream)
    instruction.after.push_back({*lastStream, /*swapped=*/true});
  if (queue == Queue::Array) {
    instruction.after.push_back({lastLoad});
    lastStream = index;
  } else if (queue == Queue::WeightLoader) {
    lastLoad = index;
  }
  program.instructions.push_back(std::move(instruction));
  for (const Region &region : regions)
    uses.push_back(
        {region.memory, region.begin, region.end, region.isWrite, index});
  return index;
}

void NetworkBuilder::addLayer(const char *name) {
  Layer layer;
  layer.name = name + std::to_string(program.layers.size());
  layer.location =
      "network.mlir:" + std::to_string(program.layers.size()) + ":1";
  program.layers.push_back(layer);
}

int64_t NetworkBuilder::allocateDram(int64_t bytes) {
  int64_t address = dramEnd + random.between(0, 3);
  dramEnd = address + bytes;
  return address;
}

/// Channel-major or channel-minor, with a little slack in the pitches.
NetworkBuilder::Tensor
NetworkBuilder::makeTensor(int64_t channels, int64_t height, int64_t width) {
  Tensor tensor = {channels, height, width, View(), tensors++};
  View &view = tensor.view;
  int64_t slack = random.between(0, 2);
  if (random.chance(50)) {
    view.columnPitch = 1;
    view.rowPitch = width;
    view.channelPitch = height * width + slack;
    view.bufferBytes = channels * view.channelPitch;
  } else {
    view.channelPitch = 1;
    view.columnPitch = channels + slack;
    view.rowPitch = width * view.columnPitch;
    view.bufferBytes = height * view.rowPitch;
  }
  auto it = llvm::find_if(free, [&](const View &region) {
    return region.bufferBytes >= view.bufferBytes;
  });
  if (it != free.end()) {
    view.address = it->address;
    free.erase(it);
  } else {
    view.address = dataEnd;
    dataEnd += view.bufferBytes;
  }
  view.bufferAddress = view.address;
  return tensor;
}

std::vector<uint8_t> NetworkBuilder::makeInput() {
  std::vector<uint8_t> bytes(llvm::product_of(program.inputs.front().shape));
  for (uint8_t &byte : bytes)
    byte = static_cast<uint8_t>(makeData(random, inputPromises));
  return bytes;
}

std::vector<uint8_t>
NetworkBuilder::getReference(llvm::ArrayRef<uint8_t> input) const {
  Values values(tensors);
  values[0].assign(input.begin(), input.end());
  for (const auto &reference : references)
    reference(values);
  const std::vector<int8_t> &output = values[outputNumber];
  return std::vector<uint8_t>(output.begin(), output.end());
}

//===----------------------------------------------------------------------===//
// Input and output
//===----------------------------------------------------------------------===//

void NetworkBuilder::addHostCopy(const Tensor &tensor, int64_t address,
                                 bool isInput) {
  const View &view = tensor.view;
  int64_t positions = tensor.height * tensor.width;
  DmaCopy copy;
  // The host's tensors are channel-major without slack.
  llvm::SmallVector<int64_t, 4> host, device;
  if (view.columnPitch == 1) {
    copy.counts = {tensor.channels};
    copy.runBytes = positions;
    host = {positions};
    device = {view.channelPitch};
  } else {
    copy.counts = {tensor.channels, positions};
    host = {positions, 1};
    device = {1, view.columnPitch};
  }
  copy.sourceMemory = isInput ? Memory::Dram : Memory::DataSram;
  copy.destinationMemory = isInput ? Memory::DataSram : Memory::Dram;
  copy.sourceAddress = isInput ? address : view.address;
  copy.destinationAddress = isInput ? view.address : address;
  copy.sourcePitches = isInput ? host : device;
  copy.destinationPitches = isInput ? device : host;
  append(copy,
         {{Memory::Dram, address, address + tensor.getElements(), !isInput},
          {Memory::DataSram, view.address, view.address + view.bufferBytes,
           isInput}});
}

NetworkBuilder::Tensor
NetworkBuilder::addInput(int64_t channels, int64_t height, int64_t width,
                         const OperandPromises &promises) {
  addLayer("input");
  inputPromises = promises;
  Tensor tensor = makeTensor(channels, height, width);
  HostTensor &input = program.inputs.emplace_back();
  input.shape = {1, channels, height, width};
  input.address = allocateDram(tensor.getElements());
  addHostCopy(tensor, input.address, /*isInput=*/true);
  return tensor;
}

Program NetworkBuilder::finish(const Tensor &output) {
  addLayer("output");
  HostTensor &result = program.outputs.emplace_back();
  result.shape = {1, output.channels, output.height, output.width};
  result.address = allocateDram(output.getElements());
  addHostCopy(output, result.address, /*isInput=*/false);
  outputNumber = output.number;
  return program;
}

//===----------------------------------------------------------------------===//
// Convolutions
//===----------------------------------------------------------------------===//

unsigned NetworkBuilder::addWeights(const PackedWeights &weights) {
  program.weights.push_back(weights);
  PackedWeights &added = program.weights.back();
  added.name += std::to_string(program.weights.size());
  int64_t bits = program.machine.cell->getWeightBits(weights.promises);
  // At most one byte of rounding per tile.
  if (!weights.isRunTime)
    added.address = allocateDram(weights.blocks * weights.rows *
                                 weights.arrayColumns * (bits / 8 + 2));
  return program.weights.size() - 1;
}

/// Random parameters for `rows` channels: bias (4 bytes), multiplier (4) and
/// shift (1), interleaved. Returns their view in weight SRAM.
View NetworkBuilder::addParameters(int64_t rows,
                                   RescaleParameters &parameters) {
  ConstantBytes constant;
  constant.name = program.layers.back().name;
  for (int64_t row = 0; row < rows; ++row) {
    parameters.bias.push_back(random.between(-5000, 5000));
    parameters.multiplier.push_back(random.between(1 << 30, INT32_MAX));
    parameters.shift.push_back(random.between(36, 42));
    for (int32_t word : {parameters.bias.back(), parameters.multiplier.back()})
      for (int i = 0; i < 4; ++i)
        constant.bytes.push_back(static_cast<uint8_t>(word >> (8 * i)));
    constant.bytes.push_back(static_cast<uint8_t>(parameters.shift.back()));
  }
  int64_t bytes = constant.bytes.size();
  constant.address = allocateDram(bytes);
  View view;
  view.memory = Memory::WeightSram;
  view.address = 2 * kTileBytes + passCount++ % 2 * kParameterBytes;
  view.bufferAddress = view.address;
  view.bufferBytes = bytes;
  view.channelPitch = kChannelBytes;
  DmaCopy copy;
  copy.destinationMemory = Memory::WeightSram;
  copy.sourceAddress = constant.address;
  copy.destinationAddress = view.address;
  copy.runBytes = bytes;
  append(copy,
         {{Memory::Dram, constant.address, constant.address + bytes, false},
          {Memory::WeightSram, view.address, view.address + bytes, true}});
  program.constants.push_back(std::move(constant));
  return view;
}

/// The half of the accumulators that is not in use, for the stream's band.
View NetworkBuilder::makeAccumulators(const Band &band) {
  View sums;
  sums.memory = Memory::Accumulators;
  sums.type = ScalarType::I32;
  sums.bufferBytes = program.machine.rows * band.height * band.width * 4;
  sums.address = sums.bufferAddress = passCount++ % 2 * sums.bufferBytes;
  sums.columnPitch = 4;
  sums.rowPitch = 4 * band.width;
  sums.channelPitch = sums.rowPitch * band.height;
  sums.originRow = band.row;
  sums.originColumn = band.column;
  return sums;
}

/// Loads and streams all array columns of one row of tiles.
void NetworkBuilder::addTileRow(const StreamTile &stream, const Tensor &input,
                                const std::optional<Stationary> &stationary) {
  const PackedWeights &weights = program.weights[stream.tile.weights];
  for (int64_t column = 0; column < weights.arrayColumns;
       column += program.machine.columns) {
    StreamTile tile = stream;
    tile.tile.column = column;
    tile.accumulate = column != 0;
    tile.stepCycles =
        TileStreams(program).getRequiredStepCycles(tile) + random.between(0, 1);
    int64_t address = tileCount++ % 2 * kTileBytes;
    int64_t end = address + program.getTileBytes(tile.tile);
    DmaWeights dma{tile.tile, address, std::nullopt};
    llvm::SmallVector<Region> regions = {
        {Memory::WeightSram, address, end, true}};
    if (stationary) {
      dma.source = stationary->matrix;
      const View &view = stationary->view;
      regions.push_back({view.memory, view.bufferAddress,
                         view.bufferAddress + view.bufferBytes, false});
    }
    append(dma, regions);
    append(LoadWeights{tile.tile, address},
           {{Memory::WeightSram, address, end, false}});
    const View &sums = tile.accumulators;
    append(tile, {{Memory::DataSram, input.view.address,
                   input.view.address + input.view.bufferBytes, false},
                  {Memory::Accumulators, sums.bufferAddress,
                   sums.bufferAddress + sums.bufferBytes, true}});
  }
}

/// Rescales the sums of one row of tiles to int8, with a ReLU.
VectorPass NetworkBuilder::makeRescalePass(const StreamTile &stream,
                                           View parameters, int64_t rows,
                                           int64_t dataTerms) {
  VectorPass pass;
  pass.channel = stream.tile.row;
  pass.channels = program.getTileRows(stream.tile);
  pass.band = stream.band;
  pass.window.channels = rows;
  pass.window.outHeight = pass.window.height = stream.window.outHeight;
  pass.window.outWidth = pass.window.width = stream.window.outWidth;
  View sums = stream.accumulators;
  sums.address -= pass.channel * sums.channelPitch;
  View bias = parameters, multiplier = parameters, shift = parameters;
  bias.type = multiplier.type = ScalarType::I32;
  multiplier.address += 4;
  shift.address += 8;
  pass.inputs = {sums, bias, multiplier, shift};
  using enum ScalarOpcode;
  using enum ScalarType;
  pass.body.operations = {
      {Add, I32, {0, 1}},       {ApplyScale, I32, {4, 2, 3}},
      {Constant, I32, {}, 0},   {Maximum, I32, {5, 6}},
      {Constant, I32, {}, 127}, {Minimum, I32, {7, 8}},
      {Truncate, I8, {9}}};
  if (dataTerms) {
    pass.body.operations.push_back(
        {EncodeTerms,
         I8,
         {10},
         static_cast<int64_t>(program.termTables.size())});
    program.termTables.push_back({DigitSet::Naf, dataTerms});
  }
  pass.body.result = 3 + pass.body.operations.size();
  return pass;
}

/// The part of `view` that starts at `channel`.
static View dropChannels(View view, int64_t channel) {
  view.address += channel * view.channelPitch;
  return view;
}

NetworkBuilder::Tensor
NetworkBuilder::addContraction(const Tensor &input, const PackedWeights &packed,
                               const Window &window,
                               const std::optional<Stationary> &stationary,
                               RescaleParameters &parameters) {
  int64_t rows = packed.rows;
  View parameterView = addParameters(packed.blocks * rows, parameters);
  Tensor output =
      makeTensor(packed.blocks * rows, window.outHeight, window.outWidth);
  StreamTile stream;
  stream.tile.weights = addWeights(packed);
  stream.window = window;
  stream.band.height = random.between(1, window.outHeight);
  stream.band.width = random.between(1, window.outWidth);
  Band &band = stream.band;
  int64_t &block = stream.tile.block, &row = stream.tile.row;
  for (; band.row < window.outHeight; band.row += band.height)
    for (band.column = 0; band.column < window.outWidth;
         band.column += band.width)
      for (block = 0; block < packed.blocks; ++block) {
        stream.data = dropChannels(input.view, block * window.channels);
        for (row = 0; row < rows; row += program.machine.rows) {
          stream.accumulators = makeAccumulators(band);
          addTileRow(stream, input, stationary);
          VectorPass pass =
              makeRescalePass(stream, dropChannels(parameterView, block * rows),
                              rows, packed.promises.dataTerms);
          pass.output = dropChannels(output.view, block * rows);
          addVectorPass(std::move(pass), {}, output);
        }
      }
  return output;
}

/// convolve() of each group with its rows of the matrix.
static std::vector<int8_t> convolveGroups(llvm::ArrayRef<int8_t> input,
                                          const Window &window,
                                          llvm::ArrayRef<int8_t> matrix,
                                          const RescaleParameters &parameters,
                                          int64_t groups, int64_t dataTerms) {
  std::vector<int8_t> output;
  int64_t size = input.size() / groups, rows = parameters.bias.size() / groups;
  for (int64_t group = 0; group < groups; ++group) {
    auto part = [&](const auto &values, int64_t count) {
      auto first = values.begin() + group * count;
      return std::decay_t<decltype(values)>(first, first + count);
    };
    RescaleParameters ofGroup = {part(parameters.bias, rows),
                                 part(parameters.multiplier, rows),
                                 part(parameters.shift, rows)};
    llvm::append_range(output, convolve(part(input, size), window,
                                        part(matrix, matrix.size() / groups),
                                        ofGroup, dataTerms));
  }
  return output;
}

static Window withInput(Window window, const NetworkBuilder::Tensor &input,
                        int64_t groups) {
  window.channels = input.channels / groups;
  window.height = input.height;
  window.width = input.width;
  return window;
}

NetworkBuilder::Tensor
NetworkBuilder::addConvolution(const Tensor &input, int64_t rows, Window kernel,
                               const OperandPromises &promises,
                               int64_t groups) {
  addLayer("conv");
  Window window = withInput(kernel, input, groups);
  int64_t matrixColumns =
      window.channels * window.kernelHeight * window.kernelWidth;
  PackedWeights packed =
      makeWeights(random, rows, matrixColumns, promises, groups);
  RescaleParameters parameters;
  Tensor output =
      addContraction(input, packed, window, std::nullopt, parameters);
  references.push_back([=, dense = llvm::cantFail(unpackWeights(packed)),
                        from = input.number, to = output.number,
                        terms = promises.dataTerms](Values &values) {
    values[to] =
        convolveGroups(values[from], window, dense, parameters, groups, terms);
  });
  return output;
}

NetworkBuilder::Tensor NetworkBuilder::addProduct(const Tensor &input,
                                                  const Tensor &stationary,
                                                  OperandPromises promises,
                                                  int64_t groups) {
  addLayer("product");
  Window window;
  window.outHeight = input.height;
  window.outWidth = input.width;
  window = withInput(window, input, groups);
  int64_t rows = stationary.height * stationary.width;
  promises.fanIn = 1;
  promises.weightTerms = promises.slots * promises.dataTerms;
  const View &view = stationary.view;
  RunTimeMatrix matrix = {
      view.memory,      view.address,      window.channels * view.channelPitch,
      view.columnPitch, view.channelPitch, view.bufferAddress,
      view.bufferBytes};
  RescaleParameters parameters;
  Tensor output = addContraction(
      input, makeRunTimeWeights(rows, window.channels, promises, groups),
      window, Stationary{view, matrix}, parameters);
  references.push_back([=, weights = stationary.number, from = input.number,
                        to = output.number,
                        terms = promises.dataTerms](Values &values) {
    // [group][channel][position] -> [group][position][channel]
    std::vector<int8_t> matrix;
    for (int64_t group = 0; group < groups; ++group)
      for (int64_t row = 0; row < rows; ++row)
        for (int64_t k = 0; k < window.channels; ++k)
          matrix.push_back(
              values[weights][(group * window.channels + k) * rows + row]);
    values[to] =
        convolveGroups(values[from], window, matrix, parameters, groups, terms);
  });
  return output;
}

//===----------------------------------------------------------------------===//
// Vector layers
//===----------------------------------------------------------------------===//

void NetworkBuilder::addVectorPass(VectorPass pass,
                                   llvm::ArrayRef<const Tensor *> inputs,
                                   const Tensor &output) {
  std::vector<Region> regions;
  for (const Tensor *input : inputs)
    pass.inputs.push_back(input->view);
  for (const View &view : pass.inputs)
    regions.push_back({view.memory, view.bufferAddress,
                       view.bufferAddress + view.bufferBytes, false});
  regions.push_back({Memory::DataSram, output.view.bufferAddress,
                     output.view.bufferAddress + output.view.bufferBytes,
                     true});
  append(std::move(pass), regions);
}

NetworkBuilder::Tensor NetworkBuilder::addPool(const Tensor &input,
                                               Window window,
                                               Reduction reduction) {
  addLayer("pool");
  window.channels = input.channels;
  window.height = input.height;
  window.width = input.width;
  Tensor output = makeTensor(input.channels, window.outHeight, window.outWidth);
  VectorPass pass;
  pass.channels = input.channels;
  pass.window = window;
  pass.band.height = window.outHeight;
  pass.band.width = window.outWidth;
  pass.reduction = reduction;
  pass.output = output.view;
  using enum ScalarOpcode;
  using enum ScalarType;
  if (reduction == Reduction::Sum) {
    pass.body.operations = {
        {Constant, I32, {}, 1},       {Constant, I8, {}, 3},
        {ApplyScale, I32, {0, 1, 2}}, {Constant, I32, {}, -128},
        {Maximum, I32, {3, 4}},       {Constant, I32, {}, 127},
        {Minimum, I32, {5, 6}},       {Truncate, I8, {7}}};
    pass.body.result = 8;
  }
  addVectorPass(std::move(pass), {&input}, output);
  references.push_back(
      [=, from = input.number, to = output.number](Values &values) {
        values[to] = pool(values[from], window, reduction);
      });
  return output;
}

NetworkBuilder::Tensor NetworkBuilder::addSum(const Tensor &a,
                                              const Tensor &b) {
  addLayer("sum");
  Tensor output = makeTensor(a.channels, a.height, a.width);
  VectorPass pass;
  pass.channels = pass.window.channels = a.channels;
  pass.window.height = pass.window.outHeight = pass.band.height = a.height;
  pass.window.width = pass.window.outWidth = pass.band.width = a.width;
  pass.output = output.view;
  using enum ScalarOpcode;
  using enum ScalarType;
  pass.body.operations = {{ExtendSign, I32, {0}}, {ExtendSign, I32, {1}},
                          {Add, I32, {2, 3}},     {Constant, I32, {}, 127},
                          {Minimum, I32, {4, 5}}, {Constant, I32, {}, -128},
                          {Maximum, I32, {6, 7}}, {Truncate, I8, {8}}};
  pass.body.result = 9;
  addVectorPass(std::move(pass), {&a, &b}, output);
  references.push_back([first = a.number, second = b.number,
                        to = output.number](Values &values) {
    for (auto [x, y] : llvm::zip_equal(values[first], values[second]))
      values[to].push_back(
          static_cast<int8_t>(std::clamp(int(x) + y, -128, 127)));
  });
  return output;
}

/// A tensor as a nest over channels, rows and columns sees it.
static NestOperand makeNestOperand(const View &view) {
  NestOperand operand;
  operand.address = view.address;
  operand.pitches = {view.channelPitch, view.rowPitch, view.columnPitch};
  operand.bufferAddress = view.bufferAddress;
  operand.bufferBytes = view.bufferBytes;
  return operand;
}

NetworkBuilder::Tensor NetworkBuilder::addNest(const Tensor &input,
                                               bool isCopy) {
  addLayer("nest");
  Tensor output = makeTensor(input.channels, input.height, input.width);
  NestPass nest;
  nest.extents = {input.channels, input.height, input.width};
  nest.inputs = {makeNestOperand(input.view)};
  nest.output = makeNestOperand(output.view);
  using enum ScalarOpcode;
  using enum ScalarType;
  static constexpr int64_t kHalf = 0x3f000000;
  if (!isCopy) {
    nest.body.operations = {{IntegerToFloat, F32, {0}},
                            {Constant, F32, {}, kHalf},
                            {MultiplyFloat, F32, {1, 2}},
                            {RoundEven, F32, {3}},
                            {FloatToInteger, I8, {4}}};
    nest.body.result = 5;
  }
  auto getRegion = [](const View &view, bool isWrite) {
    return Region{view.memory, view.bufferAddress,
                  view.bufferAddress + view.bufferBytes, isWrite};
  };
  append(std::move(nest),
         {getRegion(input.view, false), getRegion(output.view, true)});
  references.push_back([isCopy, from = input.number,
                        to = output.number](Values &values) {
    for (int8_t value : values[from])
      values[to].push_back(
          isCopy ? value : static_cast<int8_t>(std::nearbyint(value * 0.5)));
  });
  return output;
}

//===----------------------------------------------------------------------===//
// Random networks
//===----------------------------------------------------------------------===//

/// Output positions of a window over `extent` elements with `padding` more.
static int64_t getOutput(int64_t extent, int64_t padding, int64_t kernel,
                         int64_t dilation, int64_t stride) {
  return (extent + padding - (kernel - 1) * dilation - 1) / stride + 1;
}

/// A window that fits a tensor of the given size, padded by less than itself.
static Window makeWindow(Random &random, int64_t height, int64_t width,
                         int64_t most) {
  Window w;
  auto choose = [&](int64_t extent, int64_t &kernel, int64_t &dilation,
                    int64_t &stride, int64_t &padding, int64_t &output) {
    kernel = random.between(1, std::min(most, extent));
    dilation = kernel > 1 ? random.between(1, (extent - 1) / (kernel - 1)) : 1;
    dilation = std::min<int64_t>(dilation, 3);
    stride = random.between(1, 3);
    int64_t reach = (kernel - 1) * dilation;
    padding = random.between(0, reach);
    output = getOutput(extent, padding + random.between(0, reach), kernel,
                       dilation, stride);
  };
  choose(height, w.kernelHeight, w.dilationHeight, w.strideHeight, w.padTop,
         w.outHeight);
  choose(width, w.kernelWidth, w.dilationWidth, w.strideWidth, w.padLeft,
         w.outWidth);
  return w;
}

/// A divisor of the number of channels, at most 4.
static int64_t chooseGroups(Random &random, int64_t channels) {
  int64_t groups = random.between(1, std::min<int64_t>(channels, 4));
  return channels % groups == 0 ? groups : 1;
}

Program sim::makeNetwork(NetworkBuilder &builder, int64_t layers) {
  Random &random = builder.random;
  const CellModel &cell = *builder.getMachine().cell;
  OperandPromises promises = makePromises(random, cell);
  NetworkBuilder::Tensor tensor =
      builder.addInput(random.between(1, 4), random.between(1, 8),
                       random.between(1, 8), promises);
  for (int64_t i = 0; i < layers; ++i) {
    NetworkBuilder::Tensor before = tensor;
    // Only a convolution's result keeps a promise about the data.
    OperandPromises next = promises;
    Window window = makeWindow(random, tensor.height, tensor.width, 3);
    int64_t kind = random.between(0, 5);
    if (kind == 0) {
      tensor = builder.addPool(tensor, window,
                               random.chance(50) ? Reduction::Maximum
                                                 : Reduction::Sum);
      promises.dataTerms = 0;
    } else if (kind == 1) {
      window = Window();
      window.outHeight = tensor.height;
      window.outWidth = tensor.width;
      NetworkBuilder::Tensor branch =
          builder.addConvolution(tensor, tensor.channels, window, next);
      tensor = builder.addSum(tensor, branch);
      builder.release(branch);
      promises.dataTerms = 0;
    } else if (kind == 5) {
      tensor = builder.addNest(tensor, random.chance(50));
      promises.dataTerms = 0;
    } else {
      int64_t groups = chooseGroups(random, tensor.channels);
      // Positions become channels: products of large tensors grow too fast.
      bool isProduct = kind == 2 && tensor.height * tensor.width <= 12;
      tensor = isProduct ? builder.addProduct(tensor, tensor, next, groups)
                         : builder.addConvolution(tensor,
                                                  random.between(1, 9 / groups),
                                                  window, next, groups);
    }
    builder.release(before);
  }
  return builder.finish(tensor);
}
