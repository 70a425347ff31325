//===- FigureTable.h - Figures in rows and named columns -------*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a run reports goes to spreadsheets, to scripts and into checkpoints; all
// its tables do so alike.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_TRAINING_FIGURETABLE_H
#define COLONNADE_TRAINING_FIGURETABLE_H

#include "colonnade/Support/NpyFile.h"
#include "llvm/ADT/STLFunctionalExtras.h"
#include <string>

namespace colonnade {

struct FigureTable {
  std::vector<std::string> columns;
  /// Each of one figure for every column; NaN where there is none.
  std::vector<std::vector<double>> rows;
};

/// As CSV with a line of names, nothing for NaN; and as a JSON array of an
/// object for each row, null for NaN.
void printCsv(llvm::raw_ostream &stream, const FigureTable &table);
void printJson(llvm::raw_ostream &stream, const FigureTable &table);

/// Writes a file: JSON if it ends with .json, by `printCurves` if with .svg, else
/// CSV.
llvm::Error
writeFigures(llvm::StringRef path, const FigureTable &table,
             llvm::function_ref<void(llvm::raw_ostream &)> printCurves);

/// The rows as float64 [rows, columns] and back, for checkpoints. The second
/// takes the columns of `like` and fails for arrays of another type or shape.
NpyArray packFigures(const FigureTable &table);
llvm::Expected<FigureTable> unpackFigures(const NpyArray &array,
                                          const FigureTable &like);

} // namespace colonnade

#endif // COLONNADE_TRAINING_FIGURETABLE_H
