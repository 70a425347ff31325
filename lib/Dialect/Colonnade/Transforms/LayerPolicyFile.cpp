//===- LayerPolicyFile.cpp - Reading layer policies -----------------------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The JSON form of a policy:
//
//   {"layers": [{"name": "/conv1/Conv", "leave": "8-bit"},
//               {"name": "/layer3/*", "group": 8, "budget": 12}],
//    "default": {"fan_in": 8, "conflict_limit": 0.5}}
//
// Unknown keys are errors: a misspelt one must not silently do nothing.
//
//===----------------------------------------------------------------------===//

#include "LayerPolicy.h"
#include "colonnade/Numerics/TermSelection.h"
#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include <cmath>

using namespace mlir;
using namespace colonnade;

namespace {

struct ShippedPolicy {
  StringRef name;
  StringRef text;
};

} // namespace

static constexpr ShippedPolicy kShippedPolicies[] = {
#include "colonnade/Dialect/Colonnade/Transforms/ShippedPolicies.inc"
};

ArrayRef<StringRef> LayerPolicy::getShippedNames() {
  static const std::vector<StringRef> names = [] {
    std::vector<StringRef> result;
    for (const ShippedPolicy &policy : kShippedPolicies)
      result.push_back(policy.name);
    return result;
  }();
  return names;
}

//===----------------------------------------------------------------------===//
// Values
//===----------------------------------------------------------------------===//

namespace {

/// Takes the keys of one entry, the `where` of messages, out of its JSON
/// object.
class EntryReader {
public:
  EntryReader(const llvm::json::Object &object, Location location,
              std::string where)
      : object(object), location(location), where(std::move(where)) {}

  FailureOr<PolicyEntry> read(bool isDefault);

private:
  InFlightDiagnostic emitAt(StringRef key) {
    return emitError(location) << where << "." << key << ": ";
  }
  LogicalResult emitWrong(StringRef key, const Twine &expected) {
    return emitAt(key) << "expected " << expected << ", got "
                       << llvm::formatv("{0}", *object.get(key)).str();
  }

  LogicalResult checkKeys(bool isDefault);
  LogicalResult readInteger(StringRef key, int64_t least, int64_t most,
                            std::optional<int64_t> &result);
  LogicalResult readText(StringRef key, std::string &result);
  LogicalResult readKind(PolicyEntry::Kind &kind);
  LogicalResult readConflictLimit(std::optional<double> &limit);
  LogicalResult readDigits(std::optional<DigitSet> &digits);
  LogicalResult readNumbers(LayerSettings &settings);
  LogicalResult readLeave(LayerSettings &settings);

  const llvm::json::Object &object;
  Location location;
  std::string where;
};

} // namespace

static constexpr StringLiteral kSelectors[] = {"name", "kind"};
static constexpr StringLiteral kSettings[] = {
    "bits",   "fan_in",     "conflict_limit", "group",
    "budget", "data_terms", "digits"};
static constexpr StringLiteral kLeave = "leave";

LogicalResult EntryReader::checkKeys(bool isDefault) {
  SmallVector<StringRef> known(std::begin(kSettings), std::end(kSettings));
  known.push_back(kLeave);
  if (!isDefault)
    known.append(std::begin(kSelectors), std::end(kSelectors));
  SmallVector<StringRef> unknown;
  for (const auto &[key, value] : object)
    if (!llvm::is_contained(known, StringRef(key)))
      unknown.push_back(key);
  if (!unknown.empty()) {
    llvm::sort(unknown);
    return emitError(location)
           << where << ": unknown key '" << unknown.front()
           << "', expected one of " << llvm::join(known, ", ");
  }
  if (!isDefault && !object.get("name") && !object.get("kind"))
    return emitError(location)
           << where << ": expected a 'name' or a 'kind' of layers";
  return success();
}

LogicalResult EntryReader::readInteger(StringRef key, int64_t least,
                                       int64_t most,
                                       std::optional<int64_t> &result) {
  const llvm::json::Value *value = object.get(key);
  if (!value)
    return success();
  result = value->getAsInteger();
  if (!result || *result < least || *result > most)
    return emitWrong(key,
                     "an integer from " + Twine(least) + " to " + Twine(most));
  return success();
}

LogicalResult EntryReader::readText(StringRef key, std::string &result) {
  const llvm::json::Value *value = object.get(key);
  if (!value)
    return success();
  std::optional<StringRef> text = value->getAsString();
  if (!text || text->empty())
    return emitWrong(key, "text");
  result = text->str();
  return success();
}

LogicalResult EntryReader::readKind(PolicyEntry::Kind &kind) {
  using Kind = PolicyEntry::Kind;
  std::string text;
  if (failed(readText("kind", text)) || text.empty())
    return success(!object.get("kind"));
  auto known = llvm::StringSwitch<std::optional<Kind>>(text)
                   .Case("first", Kind::First)
                   .Case("depthwise", Kind::Depthwise)
                   .Case("squeeze-excite", Kind::SqueezeExcite)
                   .Default(std::nullopt);
  if (!known)
    return emitWrong("kind", "one of first, depthwise, squeeze-excite");
  kind = *known;
  return success();
}

LogicalResult EntryReader::readConflictLimit(std::optional<double> &limit) {
  const llvm::json::Value *value = object.get("conflict_limit");
  if (!value)
    return success();
  limit = value->getAsNumber();
  if (!limit || !std::isfinite(*limit) || *limit < 0)
    return emitWrong("conflict_limit", "a number of at least 0");
  return success();
}

LogicalResult EntryReader::readDigits(std::optional<DigitSet> &digits) {
  std::string text;
  if (failed(readText("digits", text)) || text.empty())
    return success(!object.get("digits"));
  digits = symbolizeDigitSet(text);
  if (digits)
    return success();
  return emitWrong("digits",
                   "one of " + llvm::join(llvm::map_range(getAllDigitSets(),
                                                          stringifyDigitSet),
                                          ", "));
}

LogicalResult EntryReader::readNumbers(LayerSettings &settings) {
  if (failed(readInteger("bits", 2, 8, settings.bits)) ||
      failed(readInteger("fan_in", 1, 255, settings.fanIn)) ||
      failed(readConflictLimit(settings.conflictLimit)) ||
      failed(readInteger("group", 1, kLargestTermGroup, settings.group)) ||
      failed(readInteger("budget", 0, kMostTerms * kLargestTermGroup,
                         settings.budget)) ||
      failed(readInteger("data_terms", 0, kMostTerms, settings.dataTerms)))
    return failure();
  return readDigits(settings.digits);
}

/// "leave": plain 8-bit values; columns are combined only without a conflict.
LogicalResult EntryReader::readLeave(LayerSettings &settings) {
  const llvm::json::Value *value = object.get(kLeave);
  if (!value)
    return success();
  if (value->getAsString() != "8-bit")
    return emitWrong(kLeave, "\"8-bit\"");
  for (StringRef key : kSettings)
    if (object.get(key))
      return emitAt(key) << "a layer that is left at 8 bits has no settings";
  settings.bits = 8;
  settings.conflictLimit = 0;
  settings.budget = 0;
  settings.dataTerms = 0;
  return success();
}

FailureOr<PolicyEntry> EntryReader::read(bool isDefault) {
  PolicyEntry entry;
  if (failed(checkKeys(isDefault)) || failed(readText("name", entry.name)) ||
      failed(readKind(entry.kind)) || failed(readNumbers(entry.settings)) ||
      failed(readLeave(entry.settings)))
    return failure();
  return entry;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

static Location getFileLocation(MLIRContext *context, StringRef path) {
  return FileLineColLoc::get(context, path, 1, 1);
}

static FailureOr<PolicyEntry> readEntry(const llvm::json::Value &value,
                                        Location location, StringRef path,
                                        const Twine &where, bool isDefault) {
  const llvm::json::Object *object = value.getAsObject();
  if (!object)
    return emitError(location) << where << ": expected an object, got "
                               << llvm::formatv("{0}", value).str();
  FailureOr<PolicyEntry> entry =
      EntryReader(*object, location, where.str()).read(isDefault);
  if (succeeded(entry))
    entry->settings.source = (where + " of " + path).str();
  return entry;
}

static FailureOr<std::vector<PolicyEntry>>
readEntries(const llvm::json::Value &value, Location location, StringRef path) {
  const llvm::json::Array *array = value.getAsArray();
  if (!array)
    return emitError(location) << "layers: expected an array, got "
                               << llvm::formatv("{0}", value).str();
  std::vector<PolicyEntry> entries;
  for (auto [index, layer] : llvm::enumerate(*array)) {
    FailureOr<PolicyEntry> entry =
        readEntry(layer, location, path, "layers[" + Twine(index) + "]",
                  /*isDefault=*/false);
    if (failed(entry))
      return failure();
    entries.push_back(std::move(*entry));
  }
  return entries;
}

/// Fails on a key that no policy has.
static LogicalResult checkPolicyKeys(const llvm::json::Object &object,
                                     Location location) {
  constexpr StringLiteral known[] = {"layers", "default", "description",
                                     "sources"};
  for (const auto &[key, value] : object)
    if (!llvm::is_contained(known, StringRef(key)))
      return emitError(location) << "unknown key '" << StringRef(key)
                                 << "', expected layers or default";
  return success();
}

FailureOr<LayerPolicy> LayerPolicy::parse(MLIRContext *context, StringRef text,
                                          StringRef path) {
  Location location = getFileLocation(context, path);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return emitError(location)
           << "not a JSON policy: " << llvm::toString(value.takeError());
  const llvm::json::Object *object = value->getAsObject();
  if (!object)
    return emitError(location) << "expected a JSON object with 'layers' and "
                                  "'default'";
  if (failed(checkPolicyKeys(*object, location)))
    return failure();
  LayerPolicy policy;
  if (const llvm::json::Value *layers = object->get("layers")) {
    auto entries = readEntries(*layers, location, path);
    if (failed(entries))
      return failure();
    policy.entries = std::move(*entries);
  }
  if (const llvm::json::Value *defaults = object->get("default")) {
    FailureOr<PolicyEntry> entry =
        readEntry(*defaults, location, path, "default", /*isDefault=*/true);
    if (failed(entry))
      return failure();
    policy.defaults = std::move(entry->settings);
  }
  return policy;
}

FailureOr<LayerPolicy> LayerPolicy::read(MLIRContext *context, StringRef path) {
  if (path.empty())
    return LayerPolicy();
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (buffer)
    return parse(context, (*buffer)->getBuffer(), path);
  StringRef name = path;
  name.consume_back(".json");
  for (const ShippedPolicy &policy : kShippedPolicies)
    if (policy.name == name)
      return parse(context, policy.text, path);
  return emitError(getFileLocation(context, path))
         << "cannot read layer policy: " << buffer.getError().message()
         << "; shipped policies are " << llvm::join(getShippedNames(), ", ");
}
