//===- NetworkMapper.h - Maps one function of linalg -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks a function in program order and builds mapped layers beside the linalg
// ops, which die with their last use.
//
//===----------------------------------------------------------------------===//

#ifndef COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H
#define COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H

#include "ArrayOperands.h"
#include "DepthwiseCost.h"
#include "colonnade/Conversion/LinalgToSystolic/Passes.h"
#include "colonnade/Conversion/LinalgToSystolic/WeightPacking.h"
#include "colonnade/Dialect/Colonnade/IR/BlockProducts.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Dialect/Systolic/Analysis/TensorViews.h"
#include "colonnade/Dialect/Systolic/IR/Systolic.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Remarks.h"

namespace colonnade {

/// What a layer reads: the tensor before padding and term selection.
struct LayerData {
  mlir::Value source;
  int64_t padTop = 0, padLeft = 0;
  /// The promise about each value, or null.
  TermsAttr terms;

  /// Terms per value; 0 when nothing is promised.
  int64_t getDataTerms() const { return terms ? terms.getBudget() : 0; }
};

/// Sizes and padding of a 1x1 window from data to result, in blocks if they
/// have a dimension for them.
sim::Window getWindow(const LayerData &data, mlir::Type dataType,
                      mlir::Type resultType);

/// Whether the accumulators of a contraction start at zero.
bool isZeroFilled(mlir::Value value);

/// The one value that all elements of a constant or filled tensor have, or
/// null.
mlir::TypedAttr getUniformValue(mlir::Value value);

/// The dimensions of a result of that rank that count its channels: a dimension
/// for blocks comes before the channels of one.
llvm::ArrayRef<unsigned> getChannelDims(unsigned rank);

/// The constant behind an operand of which `map` reads one value per channel
/// (of a block, or of all blocks) and nothing else, as a vector; or null.
mlir::ElementsAttr getChannelConstant(mlir::Value value, mlir::AffineMap map,
                                      llvm::ArrayRef<unsigned> channels);

bool isPooling(mlir::Operation *op);

/// Whether `op` multiplies and adds f32.
bool isFloatContraction(mlir::linalg::LinalgOp op);

/// The reshape behind a grouped convolution that only merges groups and
/// channels, or null: the layer can make its result right away.
mlir::tensor::CollapseShapeOp getMergedChannels(mlir::Value result);

class NetworkMapper {
public:
  NetworkMapper(mlir::func::FuncOp function, systolic::TargetAttr target,
                DepthwisePlace depthwisePlace,
                BlockDataflowChoice blockDataflow)
      : function(function), target(target), depthwisePlace(depthwisePlace),
        blockDataflow(blockDataflow), builder(function.getContext()) {}
  /// A trial: makes the depthwise convolution of a function as `trial` says,
  /// and no remarks.
  NetworkMapper(mlir::func::FuncOp function, systolic::TargetAttr target,
                const DepthwiseChoice &trial)
      : function(function), target(target),
        depthwisePlace(DepthwisePlace::Cheaper), trial(trial),
        builder(function.getContext()) {}

  void run();

private:
  // One legality function per kind of op, used by the rewrite and the remark.
  Objection checkPooling(mlir::linalg::LinalgOp op) const;
  Objection checkNest(mlir::linalg::GenericOp op) const;
  Objection checkEpilogue(mlir::linalg::GenericOp op,
                          mlir::OpOperand &accumulators) const;
  Objection checkMovement(mlir::Operation *op) const;

  void mapOp(mlir::Operation *op);
  /// What the array needs to know of a contraction.
  struct Contraction {
    ArrayOperands operands;
    LayerData data, stationary;
    /// Of stored weights; none for depthwise ones that the vector unit takes.
    PackingPlan packing;
    /// Why the array cannot run a depthwise convolution, if it cannot.
    Objection whyNotArray;
    /// Of weights computed at run time.
    sim::OperandPromises promises;
  };
  /// Fills `contraction`, or says why the array cannot run `op`.
  Objection planContraction(mlir::linalg::LinalgOp op,
                            Contraction &contraction);
  Objection planDepthwise(mlir::linalg::LinalgOp op, Contraction &contraction);
  Objection mapContraction(mlir::linalg::LinalgOp op);
  Objection mapFloatContraction(mlir::linalg::LinalgOp op);
  /// What an array of block cells needs to know of a product.
  struct BlockContraction {
    /// Before rounding; with the conversions, by input of the op.
    std::array<mlir::Value, 2> sources;
    std::array<systolic::ConversionAttr, 2> conversions;
    /// A tensor<i64>, if a conversion takes one.
    mlir::Value counter;
    /// Input of the op that the array holds.
    unsigned held = 1;
    systolic::BlockDataflow dataflow =
        systolic::BlockDataflow::OutputStationary;
  };
  /// Fills both, or says why an array of block cells cannot run `op`.
  Objection planBlockProduct(mlir::linalg::LinalgOp op, BlockProduct &product,
                             BlockContraction &contraction);
  Objection planConversion(const BlockOrigin &origin,
                           BlockContraction &contraction, unsigned number);
  /// Parameters are held: as a forward pass does, or turned if another product
  /// holds them along another axis. Where there is none, sums stay.
  void chooseDataflow(const BlockProduct &product,
                      BlockContraction &contraction);
  /// Of both operands and all dataflows the one that takes fewest cycles; the
  /// one that is chosen already if none takes fewer.
  void chooseCheapest(mlir::linalg::LinalgOp op, const BlockProduct &product,
                      BlockContraction &contraction);
  systolic::BlockContractOp
  createBlockContract(mlir::linalg::LinalgOp op, const BlockProduct &product,
                      const BlockContraction &contraction,
                      llvm::StringRef name);
  Objection mapBlockProduct(mlir::linalg::LinalgOp op);
  /// Rounds to blocks by nests where others than the array's converter need the
  /// values.
  Objection mapBlockQuantize(BlockQuantizeOp op);
  bool isConverted(mlir::Value rounded);
  bool converts(mlir::OpOperand &operand);
  bool hasBlockCells() const;
  void mapToArray(mlir::linalg::LinalgOp op, const Contraction &contraction);
  mlir::Value createWeights(llvm::StringRef name,
                            const Contraction &contraction, mlir::Location loc);
  mlir::Value createRunTimeWeights(llvm::StringRef name,
                                   const Contraction &contraction,
                                   mlir::Location loc);
  void reportArrayLayer(mlir::linalg::LinalgOp op, llvm::StringRef name,
                        const sim::PackedWeights &weights);
  /// Where a depthwise convolution runs; decided once.
  const DepthwiseChoice &chooseDepthwise(mlir::linalg::LinalgOp op);
  void reportChoice(mlir::linalg::LinalgOp op, const DepthwiseChoice &choice,
                    const Objection &whyNotArray);
  void mapDepthwiseToNest(mlir::linalg::LinalgOp op);
  mlir::Value createPadded(mlir::linalg::LinalgOp op);
  Objection mapPooling(mlir::linalg::LinalgOp op);
  Objection mapGeneric(mlir::linalg::GenericOp op);
  Objection mapFill(mlir::linalg::FillOp op);
  Objection mapMovement(mlir::Operation *op);
  Objection mapPad(mlir::tensor::PadOp op);
  /// Whether the layers that read a padded tensor pad it themselves.
  bool isAbsorbed(mlir::tensor::PadOp op);
  bool absorbs(mlir::Operation *reader, mlir::tensor::PadOp pad);
  /// The padding of a tensor; constants around it, dimension by dimension.
  mlir::Value createBorders(mlir::tensor::PadOp op, mlir::Value inner);
  mlir::Value createBorder(mlir::tensor::PadOp op, mlir::Value inner,
                           int64_t dimension);

  /// The elementwise op that may become the epilogue of the layer that makes
  /// `result`, or null.
  mlir::linalg::GenericOp findEpilogue(mlir::Value result) const;
  /// Moves what makes the result of a layer to the epilogue, behind whatever
  /// else the epilogue reads.
  void moveToEpilogues();
  /// The same if it comes right behind what makes `result`. Of two layers that
  /// one op could be the epilogue of, the second is moved there last.
  mlir::linalg::GenericOp getEpilogue(mlir::Value result) const;
  /// Fills `body` with the epilogue's code; `first` is the value that the first
  /// argument stands for. Returns the other inputs.
  llvm::SmallVector<mlir::Value>
  buildBody(mlir::Region &body, mlir::linalg::GenericOp epilogue,
            mlir::Value first, mlir::Type firstType, mlir::Location loc);

  mlir::Value getEpilogueOperand(mlir::OpOperand &input, mlir::AffineMap map,
                                 mlir::Location loc);

  LayerData getLayerData(mlir::Value value,
                         mlir::linalg::LinalgOp reader) const;
  /// The mapped value of `source`, with its terms selected if asked for.
  mlir::Value getMappedData(const LayerData &data, mlir::Location loc);
  mlir::Value selectTerms(mlir::Value value, TermsAttr terms,
                          mlir::Location loc);
  mlir::Value lookup(mlir::Value value) const {
    return mapping.lookupOrDefault(value);
  }

  std::string makeLayerName(llvm::StringRef kind);
  /// A remark about a layer; none in a trial.
  mlir::remark::detail::InFlightRemark passed(mlir::Location loc,
                                              llvm::StringRef name) const;
  void accept(mlir::Operation *op, llvm::StringRef layer);
  void reject(mlir::Operation *op, llvm::StringRef reason);
  void generalizeNamedOps();
  void fuseTermSelection();
  void eraseDeadOps();

  /// Clones scalar code and the constants that it takes from outside.
  void cloneScalars(mlir::Block &from, mlir::IRMapping &scalars);
  /// A nest that runs over its result's elements, without a body yet.
  systolic::NestOp createNest(llvm::StringRef kind, mlir::Location loc,
                              mlir::RankedTensorType type,
                              mlir::ValueRange inputs = {});
  void buildNestBody(systolic::NestOp nest, mlir::linalg::GenericOp op);
  mlir::Value createFill(mlir::RankedTensorType type, mlir::TypedAttr value,
                         mlir::Location loc);
  mlir::Value createCopy(mlir::Value source, mlir::Location loc);

  /// Inserts copies where a view or a concatenation in place is impossible.
  void resolveMovement();
  bool resolveView(mlir::Operation *op, const systolic::TensorViews &views);
  bool resolveConcat(mlir::tensor::ConcatOp op,
                     const systolic::TensorViews &views);
  bool resolveInsertion(mlir::tensor::InsertSliceOp op,
                        const systolic::TensorViews &views);
  bool resolveReturn(mlir::Operation *op, const systolic::TensorViews &views);
  void copyOperand(mlir::OpOperand &operand, mlir::Location loc,
                   llvm::StringRef reason);

  mlir::func::FuncOp function;
  systolic::TargetAttr target;
  DepthwisePlace depthwisePlace;
  BlockDataflowChoice blockDataflow = BlockDataflowChoice::Roles;
  std::optional<DepthwiseChoice> trial;
  mlir::OpBuilder builder;
  mlir::IRMapping mapping;
  llvm::SmallPtrSet<mlir::Operation *, 8> fused;
  llvm::StringMap<int64_t> layerCounts;
  llvm::DenseMap<std::pair<mlir::Value, TermsAttr>, mlir::Value> selected;
  llvm::DenseMap<mlir::Operation *, DepthwiseChoice> depthwiseChoices;
  /// Along which axis the first product that holds a parameter has its blocks.
  llvm::DenseMap<mlir::Value, int64_t> heldAxes;
};

} // namespace colonnade

#endif // COLONNADE_LIB_CONVERSION_LINALGTOSYSTOLIC_NETWORKMAPPER_H
