//===- RecurrentActivations.cpp - Activations of recurrent layers ---------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See RecurrentActivations.h.
//
//===----------------------------------------------------------------------===//

#include "RecurrentActivations.h"
#include "ActivationBodies.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;

namespace colonnade::onnximport {

using Kind = RecurrentActivation::Kind;

namespace {
/// What ONNX says of one activation: whether it has parameters, and those it
/// takes if the node names none.
struct KindInfo {
  Kind kind;
  bool hasAlpha = false, hasBeta = false;
  std::optional<double> alpha, beta;
};
} // namespace

/// Names are matched without regard to case, as ONNX demands.
static std::optional<KindInfo> lookup(StringRef name) {
  return llvm::StringSwitch<std::optional<KindInfo>>(name)
      .CaseLower("affine", KindInfo{Kind::Affine, true, true, {}, {}})
      .CaseLower("elu", KindInfo{Kind::Elu, true, false, 1.0, {}})
      .CaseLower("hardsigmoid",
                 KindInfo{Kind::HardSigmoid, true, true, 0.2, 0.5})
      .CaseLower("leakyrelu", KindInfo{Kind::LeakyRelu, true, false, 0.01, {}})
      .CaseLower("relu", KindInfo{Kind::Relu, false, false, {}, {}})
      .CaseLower("scaledtanh", KindInfo{Kind::ScaledTanh, true, true, {}, {}})
      .CaseLower("sigmoid", KindInfo{Kind::Sigmoid, false, false, {}, {}})
      .CaseLower("softplus", KindInfo{Kind::Softplus, false, false, {}, {}})
      .CaseLower("softsign", KindInfo{Kind::Softsign, false, false, {}, {}})
      .CaseLower("tanh", KindInfo{Kind::Tanh, false, false, {}, {}})
      .CaseLower("thresholdedrelu",
                 KindInfo{Kind::ThresholdedRelu, true, false, 1.0, {}})
      .Default(std::nullopt);
}

/// Takes the next parameter from the list, else the default.
static FailureOr<double> takeParameter(NodeImporter &node, StringRef activation,
                                       StringRef list,
                                       ArrayRef<float> &parameters,
                                       std::optional<double> otherwise) {
  if (!parameters.empty()) {
    double parameter = parameters.front();
    parameters = parameters.drop_front();
    return parameter;
  }
  if (otherwise)
    return *otherwise;
  return node.reject("activation '" + activation + "' needs a value in '" +
                     list + "'");
}

static FailureOr<RecurrentActivation> readActivation(NodeImporter &node,
                                                     StringRef name,
                                                     ArrayRef<float> &alphas,
                                                     ArrayRef<float> &betas) {
  std::optional<KindInfo> info = lookup(name);
  if (!info)
    return node.reject("does not know activation '" + name + "'");
  RecurrentActivation activation{info->kind};
  if (info->hasAlpha) {
    FailureOr<double> alpha =
        takeParameter(node, name, "activation_alpha", alphas, info->alpha);
    if (failed(alpha))
      return failure();
    activation.alpha = *alpha;
  }
  if (info->hasBeta) {
    FailureOr<double> beta =
        takeParameter(node, name, "activation_beta", betas, info->beta);
    if (failed(beta))
      return failure();
    activation.beta = *beta;
  }
  return activation;
}

/// The default activations need no parameters.
static SmallVector<RecurrentActivation> repeat(ArrayRef<Kind> kinds,
                                               unsigned directions) {
  SmallVector<RecurrentActivation> activations;
  for (unsigned direction = 0; direction < directions; ++direction)
    for (Kind kind : kinds)
      activations.push_back({kind});
  return activations;
}

FailureOr<SmallVector<RecurrentActivation>>
readRecurrentActivations(NodeImporter &node, ArrayRef<Kind> defaults,
                         unsigned directions) {
  SmallVector<std::string> names = node.getStrings("activations");
  if (names.empty())
    return repeat(defaults, directions);
  if (names.size() != defaults.size() * directions)
    return node.reject("expected " + Twine(defaults.size() * directions) +
                       " activations, got " + Twine(names.size()));
  SmallVector<float> alphaList = node.getFloats("activation_alpha");
  SmallVector<float> betaList = node.getFloats("activation_beta");
  ArrayRef<float> alphas(alphaList), betas(betaList);
  SmallVector<RecurrentActivation> activations;
  for (StringRef name : names) {
    FailureOr<RecurrentActivation> activation =
        readActivation(node, name, alphas, betas);
    if (failed(activation))
      return failure();
    activations.push_back(*activation);
  }
  return activations;
}

/// alpha * x + beta
static Value createAffine(ImplicitLocOpBuilder &builder, Value x, double alpha,
                          double beta) {
  Value scaled =
      arith::MulFOp::create(builder, x, createLike(builder, x, alpha));
  return arith::AddFOp::create(builder, scaled, createLike(builder, x, beta));
}

/// alpha * tanh(beta * x)
static Value createScaledTanh(ImplicitLocOpBuilder &builder, Value x,
                              double alpha, double beta) {
  Value scaled =
      arith::MulFOp::create(builder, x, createLike(builder, x, beta));
  return arith::MulFOp::create(builder, createLike(builder, x, alpha),
                               math::TanhOp::create(builder, scaled));
}

/// x from alpha on, else 0
static Value createThresholdedRelu(ImplicitLocOpBuilder &builder, Value x,
                                   double alpha) {
  Value isBelow = arith::CmpFOp::create(builder, arith::CmpFPredicate::OLT, x,
                                        createLike(builder, x, alpha));
  return arith::SelectOp::create(builder, isBelow, createLike(builder, x, 0),
                                 x);
}

Value createActivation(ImplicitLocOpBuilder &builder, Value x,
                       const RecurrentActivation &activation) {
  auto [kind, alpha, beta] = activation;
  switch (kind) {
  case Kind::Affine:
    return createAffine(builder, x, alpha, beta);
  case Kind::Elu:
    return createElu(builder, x, alpha);
  case Kind::HardSigmoid:
    return createHardSigmoid(builder, x, alpha, beta);
  case Kind::LeakyRelu:
    return createLeakyRelu(builder, x, alpha);
  case Kind::Relu:
    return arith::MaximumFOp::create(builder, x, createLike(builder, x, 0));
  case Kind::ScaledTanh:
    return createScaledTanh(builder, x, alpha, beta);
  case Kind::Sigmoid:
    return createSigmoid(builder, x);
  case Kind::Softplus:
    return createSoftplus(builder, x);
  case Kind::Softsign:
    return createSoftsign(builder, x);
  case Kind::Tanh:
    return math::TanhOp::create(builder, x);
  case Kind::ThresholdedRelu:
    return createThresholdedRelu(builder, x, alpha);
  }
  llvm_unreachable("unknown activation");
}

} // namespace colonnade::onnximport
