//===- FigureTable.cpp - Figures in rows and named columns ----------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Training/FigureTable.h"
#include "colonnade/Support/FileOutput.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"
#include <cmath>

using namespace colonnade;

void colonnade::printCsv(llvm::raw_ostream &stream, const FigureTable &table) {
  llvm::interleave(table.columns, stream, ",");
  stream << '\n';
  for (const std::vector<double> &row : table.rows) {
    llvm::interleave(
        row, stream,
        [&](double figure) {
          if (!std::isnan(figure))
            stream << llvm::format("%.9g", figure);
        },
        ",");
    stream << '\n';
  }
}

void colonnade::printJson(llvm::raw_ostream &stream, const FigureTable &table) {
  llvm::json::OStream json(stream, /*IndentSize=*/2);
  json.array([&] {
    for (const std::vector<double> &row : table.rows)
      json.object([&] {
        for (auto [name, figure] : llvm::zip_equal(table.columns, row))
          json.attribute(name, std::isnan(figure) ? llvm::json::Value(nullptr)
                                                  : llvm::json::Value(figure));
      });
  });
  stream << '\n';
}

llvm::Error colonnade::writeFigures(
    llvm::StringRef path, const FigureTable &table,
    llvm::function_ref<void(llvm::raw_ostream &)> printCurves) {
  return writeFile(path, [&](llvm::raw_ostream &stream) {
    if (path.ends_with(".json"))
      printJson(stream, table);
    else if (path.ends_with(".svg"))
      printCurves(stream);
    else
      printCsv(stream, table);
  });
}

NpyArray colonnade::packFigures(const FigureTable &table) {
  std::vector<double> figures;
  for (const std::vector<double> &row : table.rows)
    llvm::append_range(figures, row);
  return NpyArray::get<double>(figures,
                               {static_cast<int64_t>(table.rows.size()),
                                static_cast<int64_t>(table.columns.size())});
}

llvm::Expected<FigureTable> colonnade::unpackFigures(const NpyArray &array,
                                                     const FigureTable &like) {
  auto figures = array.getValues<double>();
  if (!figures)
    return figures.takeError();
  size_t columns = like.columns.size();
  if (array.shape.size() != 2 ||
      array.shape[1] != static_cast<int64_t>(columns))
    return llvm::createStringError("expected a log of %zu columns", columns);
  FigureTable table{like.columns, {}};
  for (; !figures->empty(); *figures = figures->drop_front(columns))
    table.rows.push_back(figures->take_front(columns).vec());
  return table;
}
