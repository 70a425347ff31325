//===- TargetFile.cpp - Reading JSON targets -*- C++ -*-===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// JSON targets have the fields of #systolic.target; "cell" holds the text of a
// cell attribute, so that a cell type from any dialect can be named. Unknown
// fields are errors: a misspelt one must not silently become a default. Only
// what a machine may not have at all can be left out.
//
//===----------------------------------------------------------------------===//

#include "colonnade/Dialect/Systolic/IR/TargetFile.h"
#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Location.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

using namespace mlir;
using namespace colonnade;
using namespace colonnade::systolic;

namespace {
struct ShippedTarget {
  StringRef name;
  StringRef text;
};
} // namespace

static constexpr ShippedTarget kShippedTargets[] = {
#include "colonnade/Dialect/Systolic/IR/ShippedTargets.inc"
};

ArrayRef<StringRef> systolic::getShippedTargetNames() {
  static const std::vector<StringRef> names = [] {
    std::vector<StringRef> result;
    for (const ShippedTarget &target : kShippedTargets)
      result.push_back(target.name);
    return result;
  }();
  return names;
}

//===----------------------------------------------------------------------===//
// Fields
//===----------------------------------------------------------------------===//

namespace {
/// Takes fields out of a JSON object one by one; what is left is unknown.
class FieldReader {
public:
  FieldReader(llvm::json::Object object, Location loc)
      : object(std::move(object)), loc(loc) {}

  FailureOr<int64_t> takeInteger(StringRef field) {
    std::optional<llvm::json::Value> value = take(field);
    if (!value)
      return failure();
    if (std::optional<int64_t> integer = value->getAsInteger())
      return *integer;
    return emitWrongKind(field, "an integer", *value);
  }

  /// 0 if the field is not there.
  FailureOr<int64_t> takeOptionalInteger(StringRef field) {
    return object.get(field) ? takeInteger(field) : int64_t(0);
  }

  FailureOr<std::string> takeString(StringRef field) {
    std::optional<llvm::json::Value> value = take(field);
    if (!value)
      return failure();
    if (std::optional<StringRef> text = value->getAsString())
      return text->str();
    return emitWrongKind(field, "a string", *value);
  }

  /// The machine's embedded DRAM; null if the field is not there.
  FailureOr<EdramAttr> takeOptionalEdram(StringRef field);

  FailureOr<DictionaryAttr> takeEnergy(StringRef field) {
    std::optional<llvm::json::Value> value = take(field);
    if (!value)
      return failure();
    llvm::json::Object *table = value->getAsObject();
    if (!table)
      return emitWrongKind(field, "an object of numbers", *value);
    Builder builder(loc.getContext());
    NamedAttrList entries;
    for (auto &[event, energy] : *table) {
      std::optional<double> number = energy.getAsNumber();
      if (!number)
        return emitWrongKind((field + "." + StringRef(event)).str(), "a number",
                             energy);
      entries.append(StringRef(event), builder.getF64FloatAttr(*number));
    }
    return entries.getDictionary(loc.getContext());
  }

  /// Fails on the first field that nobody took.
  LogicalResult finish() {
    object.erase("sources");
    object.erase("description");
    if (object.empty())
      return success();
    SmallVector<StringRef> names;
    for (auto &[field, value] : object)
      names.push_back(field);
    llvm::sort(names);
    return emitError(loc) << "unknown field '" << names.front() << "'";
  }

private:
  std::optional<llvm::json::Value> take(StringRef field) {
    auto it = object.find(field);
    if (it == object.end()) {
      emitError(loc) << "expected field '" << field << "', got none";
      return std::nullopt;
    }
    llvm::json::Value value = std::move(it->second);
    object.erase(it);
    return value;
  }

  LogicalResult emitWrongKind(const Twine &field, StringRef kind,
                              const llvm::json::Value &value) {
    return emitError(loc) << "expected '" << field << "' to be " << kind
                          << ", got " << llvm::formatv("{0}", value).str();
  }

  llvm::json::Object object;
  Location loc;
};
} // namespace

FailureOr<EdramAttr> FieldReader::takeOptionalEdram(StringRef field) {
  if (!object.get(field))
    return EdramAttr();
  llvm::json::Value value = *take(field);
  llvm::json::Object *fields = value.getAsObject();
  if (!fields)
    return FailureOr<EdramAttr>(
        emitWrongKind(field, "an object of integers", value));
  FieldReader reader(std::move(*fields), loc);
  SmallVector<int64_t, 4> v;
  for (StringRef name :
       {"banks", "row_bytes", "retention_nanoseconds", "refresh_cycles"}) {
    FailureOr<int64_t> integer = reader.takeInteger(name);
    if (failed(integer))
      return failure();
    v.push_back(*integer);
  }
  if (failed(reader.finish()))
    return failure();
  auto edram = EdramAttr::getChecked([&] { return emitError(loc); },
                                     loc.getContext(), v[0], v[1], v[2], v[3]);
  if (!edram)
    return failure();
  return edram;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

static Location getFileLocation(MLIRContext *context, StringRef name) {
  return FileLineColLoc::get(context, name, 1, 1);
}

static FailureOr<TargetAttr> readFields(MLIRContext *context,
                                        FieldReader &reader, Location loc) {
  FailureOr<std::string> name = reader.takeString("name");
  FailureOr<std::string> cellText = reader.takeString("cell");
  if (failed(name) || failed(cellText))
    return failure();
  static constexpr StringLiteral kIntegers[] = {"rows",
                                                "columns",
                                                "dram_bytes_per_cycle",
                                                "dram_latency",
                                                "weight_sram_bytes",
                                                "data_sram_bytes",
                                                "data_sram_banks",
                                                "accumulator_bytes",
                                                "weight_loader_bytes_per_cycle",
                                                "vector_lanes",
                                                "vector_latency",
                                                "vector_stages",
                                                "vector_divide_slots",
                                                "clock_megahertz"};
  SmallVector<int64_t> v;
  for (StringRef field : kIntegers) {
    FailureOr<int64_t> value = reader.takeInteger(field);
    if (failed(value))
      return failure();
    v.push_back(*value);
  }
  FailureOr<int64_t> converterValues =
      reader.takeOptionalInteger("converter_values_per_cycle");
  FailureOr<int64_t> leakage = reader.takeOptionalInteger("leakage_microwatts");
  FailureOr<EdramAttr> edram = reader.takeOptionalEdram("data_edram");
  FailureOr<DictionaryAttr> energy = reader.takeEnergy("energy");
  if (failed(converterValues) || failed(leakage) || failed(edram) ||
      failed(energy) || failed(reader.finish()))
    return failure();
  Attribute cell = parseAttribute(*cellText, context);
  if (!cell)
    return emitError(loc) << "expected 'cell' to be a cell attribute such as "
                             "\"#systolic.term<group = 8, fan_in = 8>\", got \""
                          << *cellText << "\"";
  auto target = TargetAttr::getChecked(
      [&] { return emitError(loc); }, context, StringRef(*name), v[0], v[1],
      cell, v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], v[11], v[12],
      v[13], *energy, *converterValues, *edram, *leakage);
  if (!target)
    return failure();
  return target;
}

FailureOr<TargetAttr> systolic::parseTarget(MLIRContext *context,
                                            StringRef text, StringRef name) {
  context->getOrLoadDialect<SystolicDialect>();
  Location loc = getFileLocation(context, name);
  llvm::Expected<llvm::json::Value> value = llvm::json::parse(text);
  if (!value)
    return emitError(loc) << "not a JSON target: "
                          << llvm::toString(value.takeError());
  llvm::json::Object *object = value->getAsObject();
  if (!object)
    return emitError(loc) << "expected a JSON object with the fields of a "
                             "target";
  FieldReader reader(std::move(*object), loc);
  return readFields(context, reader, loc);
}

static const ShippedTarget *lookupShippedTarget(StringRef path) {
  StringRef name = llvm::sys::path::filename(path);
  name.consume_back(".json");
  for (const ShippedTarget &target : kShippedTargets)
    if (target.name == name)
      return &target;
  return nullptr;
}

FailureOr<TargetAttr> systolic::readTargetFile(MLIRContext *context,
                                               StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/true);
  if (buffer)
    return parseTarget(context, (*buffer)->getBuffer(), path);
  bool isBareName = !llvm::sys::path::has_parent_path(path);
  if (const ShippedTarget *shipped =
          isBareName ? lookupShippedTarget(path) : nullptr)
    return parseTarget(context, shipped->text, path);
  return emitError(getFileLocation(context, path))
         << "cannot read target: " << buffer.getError().message()
         << "; shipped targets are "
         << llvm::join(getShippedTargetNames(), ", ");
}
