//===- PromisesTest.cpp - Laws of the promises ----------------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Establishing a promise makes the check on it succeed, breaking it makes the
// check fail, and the promises that an op carries along really survive it.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Colonnade/IR/Promises.h"
#include "../../../Support/RandomCases.h"
#include "colonnade/Dialect/Colonnade/IR/MatrixView.h"
#include "colonnade/Numerics/TermSelection.h"
#include "colonnade/Packing/ConflictPruning.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/MLIRContext.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"
#include <set>

using namespace colonnade;
using namespace mlir;

namespace {

/// A tensor type with promises and values that need not keep them.
struct Case {
  RankedTensorType type;
  std::vector<int8_t> values;
};

class PromisesTest : public testing::Test {
protected:
  PromisesTest() {
    context.loadDialect<ColonnadeDialect>();
    context.getDiagEngine().registerHandler([](Diagnostic &) {});
  }

  SmallVector<int64_t> getShape(int64_t rank) {
    SmallVector<int64_t> shape;
    for (int64_t i = 0; i < rank; ++i)
      shape.push_back(random.getInteger(1, 7));
    return shape;
  }

  /// Values of the type, about a third of them nonzero.
  std::vector<int8_t> getValues(RankedTensorType type) {
    std::vector<int8_t> values(type.getNumElements());
    for (int8_t &value : values)
      if (random.getUniform() < 0.35)
        value = random.getInteger(-128, 127);
    return values;
  }

  /// Another axis than `rowAxis`, or none.
  std::optional<int64_t> getBlockAxis(int64_t rank, int64_t rowAxis) {
    int64_t axis = random.getInteger(0, rank - 1);
    return axis == rowAxis ? std::nullopt : std::optional(axis);
  }

  /// A random assignment of the columns that are not zero in `values`, block by
  /// block.
  ColumnsAttr getColumns(RankedTensorType type, ArrayRef<int8_t> values) {
    int64_t rowAxis = random.getInteger(0, type.getRank() - 1);
    std::optional<int64_t> blockAxis = getBlockAxis(type.getRank(), rowAxis);
    MatrixView view(type.getShape(), rowAxis, blockAxis);
    std::vector<int8_t> matrix = view.toMatrix(values);
    GroupingOptions options{random.getInteger(1, 8), random.getUniform() * 2};
    ColumnGroups groups;
    for (int64_t block = 0; block < view.getBlocks(); ++block) {
      std::vector<int8_t> own = matrix;
      for (int64_t i = 0, e = own.size(); i < e; ++i)
        if (view.getBlock(i % view.getColumns()) != block)
          own[i] = 0;
      // All-zero columns are in no group.
      llvm::append_range(
          groups, getGroupingAlgorithms().front()->group(
                      NonzeroPattern::get(ArrayRef<int8_t>(own), view.getRows(),
                                          view.getColumns()),
                      options));
    }
    return ColumnsAttr::get(&context, rowAxis, blockAxis, options.fanIn,
                            getAssignment(groups, view.getColumns()));
  }

  TermsAttr getTerms(int64_t axis) {
    int64_t group = random.getInteger(1, 9);
    ArrayRef<DigitSet> digits = getAllDigitSets();
    return TermsAttr::get(&context, axis, group,
                          random.getInteger(1, 2 * group + 1),
                          digits[random.getInteger(0, digits.size() - 1)]);
  }

  /// Calls `check` on generated cases: columns promised, and terms along a
  /// dimension or, if `packed`, along the packed columns.
  template <typename CheckFn> void forEachCase(bool packed, CheckFn check) {
    for (int round = 0; round < 150; ++round) {
      auto plain = RankedTensorType::get(getShape(random.getInteger(2, 4)),
                                         Builder(&context).getI8Type());
      std::vector<int8_t> values = getValues(plain);
      ColumnsAttr columns = getColumns(plain, values);
      int64_t axis = packed ? int64_t(TermsAttr::kPackedAxis)
                            : random.getInteger(0, plain.getRank() - 1);
      check(Case{withPromises(plain, columns, getTerms(axis)), values});
    }
  }

  bool keeps(RankedTensorType type, ArrayRef<int8_t> values) {
    return succeeded(checkPromises(
        type, values, [&] { return emitError(UnknownLoc::get(&context)); }));
  }

  RankedTensorType onlyColumns(RankedTensorType type) {
    return withPromises(type, getColumnsPromise(type), nullptr);
  }
  RankedTensorType onlyTerms(RankedTensorType type) {
    return withPromises(type, nullptr, getTermsPromise(type));
  }

  MLIRContext context;
  RandomCases random{47};
};

} // namespace

TEST_F(PromisesTest, PruningEstablishesColumns) {
  forEachCase(false, [&](Case test) {
    ASSERT_TRUE(succeeded(checkUnassignedColumns(test.type, test.values)));
    pruneToColumns(test.type, test.values);
    EXPECT_TRUE(keeps(onlyColumns(test.type), test.values));
  });
}

TEST_F(PromisesTest, SelectionEstablishesTerms) {
  forEachCase(false, [&](Case test) {
    selectToTerms(test.type, test.values);
    EXPECT_TRUE(keeps(onlyTerms(test.type), test.values));
  });
}

TEST_F(PromisesTest, SelectionAfterPruningEstablishesPackedTerms) {
  forEachCase(true, [&](Case test) {
    pruneToColumns(test.type, test.values);
    selectToTerms(test.type, test.values);
    EXPECT_TRUE(keeps(test.type, test.values));
  });
}

// What lets combine_columns carry terms along (CC4).
TEST_F(PromisesTest, PruningKeepsTerms) {
  forEachCase(false, [&](Case test) {
    selectToTerms(test.type, test.values);
    pruneToColumns(test.type, test.values);
    EXPECT_TRUE(keeps(test.type, test.values));
  });
}

// What lets term_quantize carry columns along (TQ3).
TEST_F(PromisesTest, SelectionKeepsColumns) {
  forEachCase(false, [&](Case test) {
    pruneToColumns(test.type, test.values);
    selectToTerms(test.type, test.values);
    EXPECT_TRUE(keeps(test.type, test.values));
  });
}

TEST_F(PromisesTest, KeptPromisesChangeNothing) {
  forEachCase(true, [&](Case test) {
    pruneToColumns(test.type, test.values);
    std::vector<int8_t> pruned = test.values;
    pruneToColumns(test.type, test.values);
    EXPECT_EQ(test.values, pruned);
    if (!keeps(test.type, test.values))
      return;
    // Where the digit set's own encodings are the shortest, a kept budget is
    // a budget within which selection leaves a run alone.
    if (getTermsPromise(test.type).getDigits() != DigitSet::Naf)
      return;
    selectToTerms(test.type, test.values);
    EXPECT_EQ(test.values, pruned);
  });
}

TEST_F(PromisesTest, RunsCoverEveryValueOnce) {
  forEachCase(false, [&](Case test) {
    std::vector<int64_t> positions;
    int64_t group = getTermsPromise(test.type).getGroup();
    walkTermRuns(test.type, test.values, [&](const TermRun &run) {
      EXPECT_EQ(run.start % group, 0);
      EXPECT_LE(static_cast<int64_t>(run.positions.size()), group);
      llvm::append_range(positions, run.positions);
    });
    llvm::sort(positions);
    EXPECT_TRUE(llvm::equal(positions,
                            llvm::seq<int64_t>(0, test.type.getNumElements())));
  });
}

/// A cell holds a run: it cannot hold values of two matrices.
TEST_F(PromisesTest, PackedRunsStayInOneBlock) {
  forEachCase(true, [&](Case test) {
    pruneToColumns(test.type, test.values);
    ColumnsAttr columns = getColumnsPromise(test.type);
    MatrixView view(test.type.getShape(), columns.getRowAxis(),
                    columns.getBlockAxis());
    DenseMap<int64_t, int64_t> blockOfPosition;
    for (int64_t row = 0; row < view.getRows(); ++row)
      for (int64_t column = 0; column < view.getColumns(); ++column)
        blockOfPosition[view.getPosition(row, column)] = view.getBlock(column);
    walkTermRuns(test.type, test.values, [&](const TermRun &run) {
      std::set<int64_t> blocks;
      for (int64_t position : run.positions)
        if (position >= 0)
          blocks.insert(blockOfPosition[position]);
      EXPECT_LE(blocks.size(), 1u);
    });
  });
}

TEST_F(PromisesTest, PackedRunsCoverEveryNonzeroOnce) {
  forEachCase(true, [&](Case test) {
    pruneToColumns(test.type, test.values);
    std::vector<int64_t> positions, nonzeros;
    walkTermRuns(test.type, test.values, [&](const TermRun &run) {
      llvm::append_range(positions, llvm::make_filter_range(
                                        run.positions, [](int64_t position) {
                                          return position >= 0;
                                        }));
    });
    for (auto [position, value] : llvm::enumerate(test.values))
      if (value != 0)
        nonzeros.push_back(position);
    llvm::sort(positions);
    EXPECT_EQ(positions, nonzeros);
  });
}

/// Kill rate: a second nonzero in a row of a group, wherever it is put, is
/// noticed.
TEST_F(PromisesTest, EveryConflictIsNoticed) {
  forEachCase(false, [&](Case test) {
    RankedTensorType type = onlyColumns(test.type);
    ColumnsAttr columns = getColumnsPromise(type);
    MatrixView view(type.getShape(), columns.getRowAxis());
    pruneToColumns(type, test.values);
    ArrayRef<int32_t> assignment = columns.getAssignment();
    for (int64_t column = 0; column < view.getColumns(); ++column) {
      int64_t row = random.getInteger(0, view.getRows() - 1);
      bool breaks = assignment[column] < 0;
      for (int64_t other = 0; other < view.getColumns(); ++other)
        breaks |= other != column && assignment[other] == assignment[column] &&
                  test.values[view.getPosition(row, other)] != 0;
      std::vector<int8_t> corrupt = test.values;
      corrupt[view.getPosition(row, column)] = 1;
      EXPECT_EQ(keeps(type, corrupt), !breaks);
    }
  });
}

/// Kill rate: a run with more terms than its budget is noticed, whichever it
/// is.
TEST_F(PromisesTest, EveryTermTooManyIsNoticed) {
  forEachCase(false, [&](Case test) {
    RankedTensorType type = onlyTerms(test.type);
    TermsAttr terms = getTermsPromise(type);
    selectToTerms(type, test.values);
    walkTermRuns(type, test.values, [&](const TermRun &run) {
      std::vector<int8_t> corrupt = test.values;
      // 85 = 64 + 16 + 4 + 1 has four terms in every digit set.
      for (int64_t position : run.positions)
        corrupt[position] = 85;
      bool fits =
          4 * static_cast<int64_t>(run.positions.size()) <= terms.getBudget();
      EXPECT_EQ(keeps(type, corrupt), fits);
    });
  });
}

TEST_F(PromisesTest, TypesWithoutPromisesAreAlwaysKept) {
  auto plain = RankedTensorType::get({2, 3}, Builder(&context).getI8Type());
  EXPECT_FALSE(getEncoding(plain));
  EXPECT_EQ(dropEncoding(plain), plain);
  EXPECT_TRUE(keeps(plain, {1, 2, 3, 4, 5, 6}));
  forEachCase(false, [&](Case test) {
    EXPECT_EQ(withPromises(test.type, nullptr, nullptr),
              dropEncoding(test.type));
    EXPECT_EQ(withPromises(dropEncoding(test.type),
                           getColumnsPromise(test.type),
                           getTermsPromise(test.type)),
              test.type);
  });
}
