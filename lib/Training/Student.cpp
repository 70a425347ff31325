//===- Student.cpp - The student inside a training step -------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "Student.h"
#include "LayerProducts.h"
#include "colonnade/Dialect/Colonnade/IR/ColonnadeOps.h"
#include "colonnade/Differentiation/OutlineParameters.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace colonnade;

SmallVector<unsigned> colonnade::findStudentWeights(func::FuncOp network) {
  llvm::SetVector<unsigned> found;
  for (const LayerProduct &product : collectLayerProducts(network)) {
    auto weights =
        dyn_cast<BlockArgument>(product.op->getOperand(product.weights));
    if (weights &&
        network.getArgAttr(weights.getArgNumber(), kParameterAttribute))
      found.insert(weights.getArgNumber());
  }
  SmallVector<unsigned> students = found.takeVector();
  llvm::sort(students);
  return students;
}

Value colonnade::cloneStudent(ImplicitLocOpBuilder &builder,
                              func::FuncOp network, IRMapping &mapping,
                              Value limit) {
  Block &body = network.getBody().front();
  for (Operation &op : body.without_terminator()) {
    builder.clone(op, mapping)->walk([&](FakeQuantizeOp quantize) {
      if (quantize.getTerms())
        quantize.getLimitMutable().assign(limit);
    });
  }
  return mapping.lookup(body.getTerminator()->getOperand(0));
}

void colonnade::createStudentFunction(func::FuncOp network) {
  ImplicitLocOpBuilder builder(network.getLoc(), network.getContext());
  SmallVector<Type> types(network.getArgumentTypes());
  types.insert(std::prev(types.end()),
               RankedTensorType::get(1, builder.getI32Type()));
  builder.setInsertionPointAfter(network);
  auto student = func::FuncOp::create(
      builder, "student",
      builder.getFunctionType(types, network.getResultTypes()));
  builder.setInsertionPointToStart(student.addEntryBlock());
  ArrayRef<BlockArgument> arguments = student.getArguments();
  IRMapping mapping;
  mapping.map(network.getArguments().drop_back(), arguments.drop_back(2));
  mapping.map(network.getArguments().back(), arguments.back());
  Value zero = arith::ConstantIndexOp::create(builder, 0);
  Value limit =
      tensor::ExtractOp::create(builder, *std::prev(arguments.end(), 2), zero);
  func::ReturnOp::create(builder,
                         cloneStudent(builder, network, mapping, limit));
}
