//===- PrecompiledHeaders.cpp - Owner of the precompiled headers ----------===//
//
// Part of the Colonnade project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Empty on purpose: CMake attaches a precompiled header to a target that
// compiles something.
//
//===----------------------------------------------------------------------===//
