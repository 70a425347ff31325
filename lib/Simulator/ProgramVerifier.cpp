//===- ProgramVerifier.cpp - Checks of a program's parts ------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The machine and the DRAM layout; and the order in which all checks run.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Simulator/ProgramVerifier.h"
#include "HostMemory.h"
#include "Violations.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"

using namespace colonnade;
using namespace colonnade::sim;

namespace {

class PartChecker {
public:
  PartChecker(const Program &program, Violations &violations)
      : program(program), violations(violations) {}
  void run();

private:
  bool checkMachine();
  void checkHostTensors(llvm::ArrayRef<HostTensor> tensors,
                        llvm::StringRef kind);
  void checkDram();

  const Program &program;
  Violations &violations;
};

} // namespace

void PartChecker::run() {
  if (!checkMachine())
    return;
  if (program.targetHash != program.machine.hash)
    violations.report(
        kWholeProgram,
        "the schedule was made for a target with hash {0}, but target '{1}' "
        "has hash {2}: schedule it again",
        program.targetHash, program.machine.name, program.machine.hash);
  for (auto [i, instruction] : llvm::enumerate(program.instructions))
    if (instruction.layer >= program.layers.size())
      violations.report(kWholeProgram, "instruction {0} names layer {1} of {2}",
                        i, instruction.layer, program.layers.size());
  if (!violations.isEmpty())
    return;
  for (unsigned i = 0; i < program.weights.size(); ++i)
    checkWeights(program, i, violations);
  checkHostTensors(program.inputs, "input");
  checkHostTensors(program.outputs, "output");
  if (violations.isEmpty())
    checkDram();
}

bool PartChecker::checkMachine() {
  const MachineDescription &machine = program.machine;
  if (!machine.cell) {
    violations.report(kWholeProgram, "target '{0}' has no cell type",
                      machine.name);
    return false;
  }
  std::pair<const char *, int64_t> sizes[] = {
      {"rows", machine.rows},
      {"columns", machine.columns},
      {"DRAM bytes per cycle", machine.dramBytesPerCycle},
      {"data SRAM banks", machine.dataSramBanks},
      {"weight loader bytes per cycle", machine.weightLoaderBytesPerCycle},
      {"vector lanes", machine.vectorLanes},
      {"vector stages", machine.vectorStages},
      {"slots of a division", machine.vectorDivideSlots}};
  for (auto [name, value] : sizes)
    if (value < 1)
      violations.report(kWholeProgram,
                        "target '{0}': expected at least 1 {1}, got {2}",
                        machine.name, name, value);
  return violations.isEmpty();
}

//===----------------------------------------------------------------------===//
// DRAM
//===----------------------------------------------------------------------===//

void PartChecker::checkHostTensors(llvm::ArrayRef<HostTensor> tensors,
                                   llvm::StringRef kind) {
  if (tensors.empty())
    violations.report(kWholeProgram, "expected at least one {0}, got none",
                      kind);
  for (const HostTensor &tensor : tensors) {
    bool isPositive =
        llvm::all_of(tensor.shape, [](int64_t extent) { return extent >= 1; });
    std::string name = getHostRegion(tensor, kind).name;
    if (!isPositive || !isNestType(tensor.type) || tensor.address < 0)
      violations.report(
          kWholeProgram,
          "{0} must have positive extents, elements of type i8, i32, i64 or "
          "f32 and an address of at least 0",
          name);
    if (!llvm::isInt<8>(tensor.zeroPoint))
      violations.report(kWholeProgram,
                        "the zero point of {0} must be in [-128, 127], got {1}",
                        name, tensor.zeroPoint);
  }
}

void PartChecker::checkDram() {
  std::vector<HostRegion> regions;
  for (const HostTensor &input : program.inputs)
    regions.push_back(getHostRegion(input, "input"));
  for (const HostTensor &output : program.outputs)
    regions.push_back(getHostRegion(output, "output"));
  for (const ConstantBytes &constant : program.constants)
    regions.push_back(getConstantRegion(constant));
  for (unsigned i = 0; i < program.weights.size(); ++i)
    if (!program.weights[i].isRunTime)
      regions.push_back(getWeightsRegion(program, i));
  llvm::sort(regions, [](const HostRegion &a, const HostRegion &b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  if (regions.front().begin < 0)
    violations.report(kWholeProgram, "{0} starts at DRAM byte {1}",
                      regions.front().name, regions.front().begin);
  for (size_t i = 1; i < regions.size(); ++i)
    if (regions[i].begin < regions[i - 1].end)
      violations.report(
          kWholeProgram,
          "{0} at DRAM bytes [{1}, {2}) overlaps {3} at [{4}, {5})",
          regions[i].name, regions[i].begin, regions[i].end,
          regions[i - 1].name, regions[i - 1].begin, regions[i - 1].end);
}

void sim::checkParts(const Program &program, Violations &violations) {
  PartChecker(program, violations).run();
}

std::vector<Violation> sim::verifyProgram(const Program &program) {
  Violations violations;
  for (auto *check : {checkParts, checkInstructions, checkOrder}) {
    check(program, violations);
    if (!violations.isEmpty())
      break;
  }
  return violations.take();
}
