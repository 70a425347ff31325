//===- SystolicAttributes.cpp - Attributes of the systolic dialect -*- C++
//-*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verification of target, cells, windows and layouts, and the bridge from the
// target attribute to the simulator's machine description.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "colonnade/Simulator/BlockCell.h"
#include "colonnade/Simulator/Cells.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"
#include "llvm/Support/xxhash.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

#include "colonnade/Dialect/Systolic/IR/SystolicCellInterface.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "colonnade/Dialect/Systolic/IR/SystolicAttributes.cpp.inc"

void SystolicDialect::registerAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "colonnade/Dialect/Systolic/IR/SystolicAttributes.cpp.inc"
      >();
}

using EmitError = function_ref<InFlightDiagnostic()>;

static LogicalResult checkRange(EmitError emitError, StringRef field,
                                int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high)
    return success();
  return emitError() << "expected '" << field << "' in [" << low << ", " << high
                     << "], got " << value;
}

static constexpr int64_t kLargestFanIn = 255;
static constexpr int64_t kLargest = int64_t(1) << 40;

//===----------------------------------------------------------------------===//
// Cells
//===----------------------------------------------------------------------===//

LogicalResult MacCellAttr::verify(EmitError emitError, int64_t fanIn) {
  return checkRange(emitError, "fan_in", fanIn, 1, kLargestFanIn); // (M1)
}

std::shared_ptr<const sim::CellModel> MacCellAttr::getCellModel() const {
  return sim::createMacCell(getFanIn());
}

LogicalResult BitSerialCellAttr::verify(EmitError emitError, int64_t bits,
                                        int64_t fanIn) {
  if (failed(checkRange(emitError, "bits", bits, 8, 8))) // (B1)
    return failure();
  return checkRange(emitError, "fan_in", fanIn, 1, kLargestFanIn); // (B2)
}

std::shared_ptr<const sim::CellModel> BitSerialCellAttr::getCellModel() const {
  return sim::createBitSerialCell(getBits(), getFanIn());
}

LogicalResult TermCellAttr::verify(EmitError emitError, int64_t group,
                                   int64_t fanIn) {
  if (failed(checkRange(emitError, "group", group, 1, 64))) // (T1)
    return failure();
  return checkRange(emitError, "fan_in", fanIn, 1, kLargestFanIn); // (T2)
}

std::shared_ptr<const sim::CellModel> TermCellAttr::getCellModel() const {
  return sim::createTermCell(getGroup(), getFanIn());
}

LogicalResult BlockCellAttr::verify(EmitError emitError, int64_t group,
                                    int64_t exponent, int64_t mantissa) {
  if (failed(checkRange(emitError, "group", group, 1,
                        sim::BlockCell::kMaxGroup))) // (K1)
    return failure();
  if (failed(checkRange(emitError, "exponent", exponent,
                        BlockFormat::kMinExponentBits,
                        BlockFormat::kMaxExponentBits))) // (K2)
    return failure();
  return checkRange(emitError, "mantissa", mantissa,
                    BlockFormat::kMinMantissaBits,
                    BlockFormat::kMaxMantissaBits); // (K3)
}

std::shared_ptr<const sim::CellModel> BlockCellAttr::getCellModel() const {
  return sim::createBlockCell({getGroup(), getExponent(), getMantissa()});
}

//===----------------------------------------------------------------------===//
// Target
//===----------------------------------------------------------------------===//

/// (G5): the events every machine charges, besides the cell's own.
static constexpr StringLiteral kEvents[] = {
    "register_hop", "weight_sram_byte", "data_sram_byte",  "accumulator_byte",
    "dram_byte",    "vector_op",        "vector_float_op", "idle_cell_cycle"};

/// (G7): those of embedded DRAM, in place of the data SRAM's.
static constexpr StringLiteral kDataSramEvent = "data_sram_byte";
static constexpr StringLiteral kEdramEvents[] = {"edram_byte",
                                                 "edram_refresh_row"};

static SmallVector<StringRef> getEvents(const sim::CellModel &cell,
                                        EdramAttr edram) {
  SmallVector<StringRef> events = {cell.getWorkEvent()};
  llvm::append_range(events, cell.getOtherEvents());
  llvm::append_range(events, kEvents);
  if (!edram)
    return events;
  llvm::erase(events, StringRef(kDataSramEvent));
  llvm::append_range(events, kEdramEvents);
  return events;
}

static LogicalResult verifyEnergy(EmitError emitError,
                                  const sim::CellModel &cell, EdramAttr edram,
                                  DictionaryAttr energy) {
  SmallVector<StringRef> events = getEvents(cell, edram);
  for (NamedAttribute entry : energy) {
    StringRef event = entry.getName();
    if (!llvm::is_contained(events, event))
      return emitError() << "unknown energy event '" << event << "'; expected "
                         << llvm::join(events, ", ");
    auto value = dyn_cast<FloatAttr>(entry.getValue());
    if (!value || !std::isfinite(value.getValueAsDouble()) ||
        value.getValueAsDouble() < 0)
      return emitError() << "expected the energy of '" << event
                         << "' to be a finite, nonnegative f64 in picojoules, "
                            "got "
                         << entry.getValue();
  }
  for (StringRef event : events)
    if (!energy.contains(event))
      return emitError() << "expected an energy for event '" << event
                         << "', got none";
  return success();
}

LogicalResult EdramAttr::verify(EmitError emitError, int64_t banks,
                                int64_t rowBytes, int64_t retentionNanoseconds,
                                int64_t refreshCycles) {
  std::pair<StringRef, int64_t> fields[] = {
      {"banks", banks},                                // (E1)
      {"row_bytes", rowBytes},                         // (E1)
      {"retention_nanoseconds", retentionNanoseconds}, // (E2)
      {"refresh_cycles", refreshCycles}};              // (E3)
  for (auto [field, value] : fields)
    if (failed(checkRange(emitError, field, value, 1, kLargest)))
      return failure();
  return success();
}

/// (G7): whole rows in every bank, and a retention that the clock can tell.
static LogicalResult verifyEdram(EmitError emitError, EdramAttr edram,
                                 int64_t bytes, int64_t clockMegahertz) {
  if (!edram)
    return success();
  // Both are in [1, 2^40], and a product that large holds no memory.
  __int128 across = __int128(edram.getBanks()) * edram.getRowBytes();
  if (across > bytes || bytes % int64_t(across))
    return emitError() << "expected 'data_sram_bytes' to be a multiple of "
                       << edram.getBanks() << " banks x " << edram.getRowBytes()
                       << " bytes of a row, got " << bytes
                       << ": change data_sram_bytes, banks or row_bytes";
  if (__int128(edram.getRetentionNanoseconds()) * clockMegahertz < 1000)
    return emitError() << "expected a retention of at least one cycle, "
                       << "got " << edram.getRetentionNanoseconds() << " ns at "
                       << clockMegahertz
                       << " MHz: raise retention_nanoseconds or "
                          "clock_megahertz";
  return success();
}

LogicalResult TargetAttr::verify(
    EmitError emitError, StringRef name, int64_t rows, int64_t columns,
    Attribute cell, int64_t dramBytesPerCycle, int64_t dramLatency,
    int64_t weightSramBytes, int64_t dataSramBytes, int64_t dataSramBanks,
    int64_t accumulatorBytes, int64_t weightLoaderBytesPerCycle,
    int64_t vectorLanes, int64_t vectorLatency, int64_t vectorStages,
    int64_t vectorDivideSlots, int64_t clockMegahertz, DictionaryAttr energy,
    int64_t converterValuesPerCycle, EdramAttr dataEdram,
    int64_t leakageMicrowatts) {
  struct Field {
    StringRef name;
    int64_t value, low, high;
  };
  const Field fields[] = {
      {"rows", rows, 1, 4096},                                     // (G1)
      {"columns", columns, 1, 4096},                               // (G1)
      {"dram_bytes_per_cycle", dramBytesPerCycle, 1, kLargest},    // (G3)
      {"dram_latency", dramLatency, 0, kLargest},                  // (G3)
      {"weight_sram_bytes", weightSramBytes, 1, kLargest},         // (G3)
      {"data_sram_bytes", dataSramBytes, 1, kLargest},             // (G3)
      {"data_sram_banks", dataSramBanks, 1, kLargest},             // (G3)
      {"accumulator_bytes", accumulatorBytes, 8 * rows, kLargest}, // (G4)
      {"weight_loader_bytes_per_cycle", weightLoaderBytesPerCycle, 1,
       kLargest},                                              // (G3)
      {"vector_lanes", vectorLanes, 1, kLargest},              // (G3)
      {"vector_latency", vectorLatency, 0, kLargest},          // (G3)
      {"vector_stages", vectorStages, 1, kLargest},            // (G3)
      {"vector_divide_slots", vectorDivideSlots, 1, kLargest}, // (G3)
      {"clock_megahertz", clockMegahertz, 1, kLargest},        // (G3)
      {"leakage_microwatts", leakageMicrowatts, 0, kLargest}}; // (G8)
  for (const Field &field : fields)
    if (failed(checkRange(emitError, field.name, field.value, field.low,
                          field.high)))
      return failure();
  auto cellInterface = dyn_cast_or_null<CellAttrInterface>(cell);
  if (!cellInterface) // (G2)
    return emitError() << "expected 'cell' to be a cell type such as "
                          "#systolic.term<group = 8, fan_in = 8>, got "
                       << cell;
  std::shared_ptr<const sim::CellModel> model = cellInterface.getCellModel();
  bool takesBlocks = model->getBlockCell();
  if (failed(checkRange(emitError, "converter_values_per_cycle",
                        converterValuesPerCycle, takesBlocks ? 1 : 0,
                        takesBlocks ? kLargest : 0))) // (G6)
    return failure();
  if (failed(verifyEdram(emitError, dataEdram, dataSramBytes, clockMegahertz)))
    return failure();
  return verifyEnergy(emitError, *model, dataEdram, energy);
}

std::string TargetAttr::getHash() const {
  std::string text;
  llvm::raw_string_ostream stream(text);
  Attribute(*this).print(stream);
  return llvm::utohexstr(llvm::xxh3_64bits(text), /*LowerCase=*/true,
                         /*Width=*/16);
}

std::shared_ptr<const sim::CellModel> TargetAttr::getCellModel() const {
  return cast<CellAttrInterface>(getCell()).getCellModel();
}

sim::MachineDescription TargetAttr::getMachineDescription() const {
  sim::MachineDescription machine;
  machine.name = getName().str();
  machine.rows = getRows();
  machine.columns = getColumns();
  machine.cell = getCellModel();
  machine.dramBytesPerCycle = getDramBytesPerCycle();
  machine.dramLatency = getDramLatency();
  machine.weightSramBytes = getWeightSramBytes();
  machine.dataSramBytes = getDataSramBytes();
  machine.accumulatorBytes = getAccumulatorBytes();
  machine.dataSramBanks = getDataSramBanks();
  machine.weightLoaderBytesPerCycle = getWeightLoaderBytesPerCycle();
  machine.vectorLanes = getVectorLanes();
  machine.vectorLatency = getVectorLatency();
  machine.vectorStages = getVectorStages();
  machine.vectorDivideSlots = getVectorDivideSlots();
  machine.converterValuesPerCycle = getConverterValuesPerCycle();
  machine.clockMegahertz = static_cast<double>(getClockMegahertz());
  machine.leakageMicrowatts = static_cast<double>(getLeakageMicrowatts());
  if (EdramAttr edram = getDataEdram()) {
    machine.dataEdram = sim::EmbeddedDram();
    machine.dataEdram->banks = edram.getBanks();
    machine.dataEdram->rowBytes = edram.getRowBytes();
    machine.dataEdram->retentionCycles =
        edram.getRetentionNanoseconds() * getClockMegahertz() / 1000;
    machine.dataEdram->refreshCycles = edram.getRefreshCycles();
  }
  for (NamedAttribute entry : getEnergy())
    machine.energy[entry.getName().str()] =
        cast<FloatAttr>(entry.getValue()).getValueAsDouble();
  machine.hash = getHash();
  return machine;
}

//===----------------------------------------------------------------------===//
// Geometry
//===----------------------------------------------------------------------===//

static LogicalResult checkSizes(EmitError emitError, StringRef field,
                                ArrayRef<int64_t> values, size_t count,
                                int64_t low) {
  if (values.size() != count)
    return emitError() << "expected " << count << " values of '" << field
                       << "', got " << values.size();
  for (int64_t value : values)
    if (failed(checkRange(emitError, field, value, low, kLargest)))
      return failure();
  return success();
}

LogicalResult WindowAttr::verify(EmitError emitError, ArrayRef<int64_t> input,
                                 ArrayRef<int64_t> kernel,
                                 ArrayRef<int64_t> strides,
                                 ArrayRef<int64_t> dilations,
                                 ArrayRef<int64_t> padding,
                                 ArrayRef<int64_t> output) {
  // (W1)
  if (failed(checkSizes(emitError, "input", input, 3, 1)) ||
      failed(checkSizes(emitError, "kernel", kernel, 2, 1)) ||
      failed(checkSizes(emitError, "strides", strides, 2, 1)) ||
      failed(checkSizes(emitError, "dilations", dilations, 2, 1)) ||
      failed(checkSizes(emitError, "padding", padding, 2, 0)) ||
      failed(checkSizes(emitError, "output", output, 2, 1)))
    return failure();
  return success();
}

sim::Window WindowAttr::getWindow() const {
  sim::Window window;
  window.channels = getInput()[0];
  window.height = getInput()[1];
  window.width = getInput()[2];
  window.kernelHeight = getKernel()[0];
  window.kernelWidth = getKernel()[1];
  window.strideHeight = getStrides()[0];
  window.strideWidth = getStrides()[1];
  window.dilationHeight = getDilations()[0];
  window.dilationWidth = getDilations()[1];
  window.padTop = getPadding()[0];
  window.padLeft = getPadding()[1];
  window.outHeight = getOutput()[0];
  window.outWidth = getOutput()[1];
  return window;
}

WindowAttr WindowAttr::get(MLIRContext *context, const sim::Window &window) {
  return get(context, {window.channels, window.height, window.width},
             {window.kernelHeight, window.kernelWidth},
             {window.strideHeight, window.strideWidth},
             {window.dilationHeight, window.dilationWidth},
             {window.padTop, window.padLeft},
             {window.outHeight, window.outWidth});
}

LogicalResult LayoutAttr::verify(EmitError emitError, ArrayRef<int64_t> pitches,
                                 Type elementType, bool, int64_t offset) {
  if (failed(checkSizes(emitError, "pitches", pitches, 3, 0))) // (L1)
    return failure();
  if (offset < 0) // (L3)
    return emitError() << "expected 'offset' of at least 0, got " << offset;
  if (!isStoredType(elementType) || elementType.isInteger(64)) // (L2)
    return emitError() << "expected 'element_type' to be i8, i32 or f32, got "
                       << elementType;
  return success();
}

sim::ScalarType LayoutAttr::getScalarType() const {
  return *systolic::getScalarType(getElementType());
}

LayoutAttr LayoutAttr::get(MLIRContext *context, ArrayRef<int64_t> pitches,
                           sim::ScalarType type, bool banded, int64_t offset) {
  return get(context, pitches, getType(context, type), banded, offset);
}
