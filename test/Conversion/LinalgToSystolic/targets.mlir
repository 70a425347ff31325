// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/no-rows.json 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/misspelt.json 2>&1 | FileCheck %s --check-prefix=FIELD
// RUN: not colonnade-opt %s --convert-linalg-to-systolic 2>&1 | FileCheck %s --check-prefix=NONE

// Impossible targets are errors that name the field and the limit.

// ROWS: no-rows.json:1:1: error: expected 'rows' in [1, 4096], got 0
// FIELD: misspelt.json:1:1: error: unknown field 'row'
// NONE: error: no target: give one with target=<file or shipped name>

module {}
