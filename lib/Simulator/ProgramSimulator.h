//===- ProgramSimulator.h - Executing a verified program --------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What both fidelities share: memories, DMA, vector unit and activity. They
// differ in who computes a stream's sums.
//
//===----------------------------------------------------------------------===//

#ifndef LIB_SIMULATOR_PROGRAMSIMULATOR_H
#define LIB_SIMULATOR_PROGRAMSIMULATOR_H

#include "ArrayKernels.h"
#include "VectorUnit.h"
#include "colonnade/Simulator/Simulator.h"

namespace colonnade::sim {

class ProgramSimulator : public Simulator {
public:
  ProgramSimulator(Program program, ProgramTiming timing, CountedRuns counted);

  using Simulator::run;
  llvm::Error
  run(llvm::ArrayRef<llvm::ArrayRef<uint8_t>> inputs,
      llvm::ArrayRef<llvm::MutableArrayRef<uint8_t>> outputs) override;
  const Program &getProgram() const override { return program; }
  const ProgramTiming &getTiming() const override { return timing; }
  const Activity &getActivity() const override { return activity; }

protected:
  virtual llvm::Error beginRun() { return llvm::Error::success(); }
  /// Runs a StreamTile: computes its sums and stores them.
  virtual llvm::Error stream(unsigned index, const StreamTile &tile) = 0;
  /// Runs a BlockPass: multiplies the blocks and stores the sums.
  virtual llvm::Error multiply(unsigned index, const BlockPass &pass) = 0;
  /// Sees every other instruction.
  virtual llvm::Error observe(unsigned index) { return llvm::Error::success(); }
  virtual llvm::Error endRun() { return llvm::Error::success(); }

  bool isCounting() const;
  void addWork(unsigned layer, int64_t work) { layerWork[layer] += work; }

  Program program;
  ProgramTiming timing;
  MachineState state;
  /// Values of the last tile of run-time weights that was loaded.
  std::vector<int8_t> loadedTile;

private:
  void sizeMemories();
  llvm::Error execute(unsigned index);
  llvm::Error runInstructions();
  void copy(const DmaCopy &copy);
  void updateActivity();

  CountedRuns counted;
  int64_t runs = 0;
  Activity activity;
  /// Work units by layer, summed over the counted runs.
  std::vector<int64_t> layerWork;
  std::vector<TermLookupTable> tables;
  VectorScratch scratch;
};

std::unique_ptr<Simulator> createTimingSimulator(Program program,
                                                 ProgramTiming timing);
std::unique_ptr<Simulator> createMachineSimulator(Program program,
                                                  ProgramTiming timing,
                                                  CountedRuns counted);
std::unique_ptr<Simulator>
createCellSimulator(Program program, ProgramTiming timing, CountedRuns counted);

} // namespace colonnade::sim

#endif // LIB_SIMULATOR_PROGRAMSIMULATOR_H
