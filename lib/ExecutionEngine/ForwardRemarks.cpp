//===- ForwardRemarks.cpp - Remarks from one context to another -----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See the header.
//
//===----------------------------------------------------------------------===//

#include "ForwardRemarks.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Remarks.h"

using namespace mlir;
using namespace colonnade;
using remark::detail::InFlightRemark;
using remark::detail::Remark;

/// The same location in another context: text is what contexts share.
static Location translate(Location location, MLIRContext &to) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  location->print(stream);
  auto translated = dyn_cast_or_null<LocationAttr>(parseAttribute(text, &to));
  return translated ? Location(translated) : UnknownLoc::get(&to);
}

static InFlightRemark create(llvm::remarks::Type type, Location location,
                             const remark::RemarkOpts &options) {
  switch (type) {
  case llvm::remarks::Type::Passed:
    return remark::passed(location, options);
  case llvm::remarks::Type::Failure:
    return remark::failed(location, options);
  case llvm::remarks::Type::Analysis:
    return remark::analysis(location, options);
  default:
    return remark::missed(location, options);
  }
}

namespace {

class Forwarder : public remark::detail::MLIRRemarkStreamerBase {
public:
  explicit Forwarder(MLIRContext &to) : to(to) {}

  void streamOptimizationRemark(const Remark &remark) override {
    // Remarks may be reported late, and do not own their names.
    auto keep = [&](StringRef name) {
      return StringAttr::get(&to, name).getValue();
    };
    auto options = remark::RemarkOpts::name(keep(remark.getRemarkName()))
                       .category(keep(remark.getCategoryName()))
                       .function(keep(remark.getFunction()));
    InFlightRemark forwarded = create(
        remark.getRemarkType(), translate(remark.getLocation(), to), options);
    for (const Remark::Arg &argument : remark.getArgs())
      forwarded << remark::metric(argument.key, argument.val);
  }

private:
  MLIRContext &to;
};

} // namespace

LogicalResult colonnade::forwardRemarks(MLIRContext &from, MLIRContext &to) {
  if (!to.getRemarkEngine())
    return success();
  // The engine of `to` has filters of its own. Each outcome needs one; `all`
  // alone lets nothing through.
  std::string any = ".*";
  remark::RemarkCategories everything{any, any, any, any, any};
  return remark::enableOptimizationRemarks(
      from, std::make_unique<Forwarder>(to),
      std::make_unique<remark::RemarkEmittingPolicyAll>(), everything);
}
