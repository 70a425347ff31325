//===- RangesFile.cpp - Ranges of activations in JSON ---------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Names of values are computed the same way when a file is written and when it
// is read, so the same network finds all of its own.
//
//===----------------------------------------------------------------------===//

#include "RangesFile.h"
#include "LayerNames.h"
#include "colonnade/Support/FileOutput.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include <cmath>

using namespace mlir;

namespace colonnade {

static constexpr StringLiteral kRangesKey = "ranges";

/// A unique name for each value; JSON wants UTF-8.
static std::vector<std::string> getKeys(ArrayRef<Value> values) {
  std::vector<std::string> keys;
  for (Value value : values)
    keys.push_back(llvm::json::fixUTF8(getLayerName(value)));
  makeUnique(keys);
  return keys;
}

LogicalResult saveRanges(Location location, StringRef path,
                         ArrayRef<Value> values,
                         const ActivationRanges &ranges) {
  auto write = [&](llvm::raw_ostream &stream) {
    llvm::json::OStream json(stream, /*IndentSize=*/2);
    json.object([&] {
      json.attributeObject(kRangesKey, [&] {
        for (auto [value, key] : llvm::zip_equal(values, getKeys(values)))
          json.attribute(key, ranges.at(value));
      });
    });
    stream << "\n";
  };
  if (llvm::Error error = writeFile(path, write))
    return emitError(location)
           << "cannot save ranges: " << llvm::toString(std::move(error));
  return success();
}

/// The object of ranges in the text of a file.
static FailureOr<llvm::json::Object> parseRanges(Location location,
                                                 StringRef text) {
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return emitError(location) << "not a JSON file of ranges: "
                               << llvm::toString(value.takeError());
  llvm::json::Object *file = value->getAsObject();
  llvm::json::Object *ranges = file ? file->getObject(kRangesKey) : nullptr;
  if (!ranges || file->size() != 1)
    return emitError(location)
           << "expected {\"ranges\": {\"<layer>\": <range>, ...}}";
  return std::move(*ranges);
}

/// Fails on the first name of no value.
static LogicalResult checkNames(Location location,
                                const llvm::json::Object &ranges,
                                ArrayRef<std::string> keys) {
  llvm::StringSet<> known;
  known.insert(keys.begin(), keys.end());
  SmallVector<StringRef> unknown;
  for (const auto &[key, value] : ranges)
    if (!known.contains(StringRef(key)))
      unknown.push_back(key);
  if (unknown.empty())
    return success();
  return emitError(location)
         << "ranges." << *llvm::min_element(unknown)
         << ": no value of the network has this name; the ranges are of "
            "another network or of another version of it";
}

static FailureOr<double> getRange(Location location, StringRef key,
                                  const llvm::json::Value &value) {
  std::optional<double> range = value.getAsNumber();
  if (!range || !std::isfinite(*range) || *range < 0)
    return emitError(location)
           << "ranges." << key
           << ": expected a finite number of at least 0, got "
           << llvm::formatv("{0}", value).str();
  return *range;
}

FailureOr<ActivationRanges> loadRanges(MLIRContext *context, StringRef path,
                                       ArrayRef<Value> values,
                                       double defaultRange) {
  Location location = FileLineColLoc::get(context, path, 1, 1);
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (!buffer)
    return emitError(location)
           << "cannot read ranges: " << buffer.getError().message();
  auto ranges = parseRanges(location, (*buffer)->getBuffer());
  std::vector<std::string> keys = getKeys(values);
  if (failed(ranges) || failed(checkNames(location, *ranges, keys)))
    return failure();
  ActivationRanges result;
  for (auto [value, key] : llvm::zip_equal(values, keys)) {
    const llvm::json::Value *entry = ranges->get(key);
    if (!entry && defaultRange == 0)
      return emitError(value.getLoc())
             << path << " has no range for '" << key
             << "': measure again, or give default-range=";
    FailureOr<double> range = entry ? getRange(location, key, *entry)
                                    : FailureOr<double>(defaultRange);
    if (failed(range))
      return failure();
    result[value] = *range;
  }
  return result;
}

} // namespace colonnade
