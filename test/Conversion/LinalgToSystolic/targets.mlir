// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/no-rows.json 2>&1 | FileCheck %s --check-prefix=ROWS
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/misspelt.json 2>&1 | FileCheck %s --check-prefix=FIELD
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/edram-no-object.json 2>&1 | FileCheck %s --check-prefix=OBJECT
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/edram-no-time.json 2>&1 | FileCheck %s --check-prefix=TIME
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/edram-misspelt.json 2>&1 | FileCheck %s --check-prefix=EDRAM-FIELD
// RUN: not colonnade-opt %s --convert-linalg-to-systolic=target=%S/Inputs/edram-odd-rows.json 2>&1 | FileCheck %s --check-prefix=EDRAM-ROWS
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=camel-edram | FileCheck %s --check-prefix=EDRAM
// RUN: colonnade-opt %s --convert-linalg-to-systolic=target=camel-sram | FileCheck %s --check-prefix=SRAM
// RUN: not colonnade-opt %s --convert-linalg-to-systolic 2>&1 | FileCheck %s --check-prefix=NONE

// Impossible targets are errors that name the field and the limit.

// ROWS: no-rows.json:1:1: error: expected 'rows' in [1, 4096], got 0
// FIELD: misspelt.json:1:1: error: unknown field 'row'
// OBJECT: edram-no-object.json:1:1: error: expected 'data_edram' to be an object of integers, got 12
// TIME: edram-no-time.json:1:1: error: expected field 'refresh_cycles', got none
// EDRAM-FIELD: edram-misspelt.json:1:1: error: unknown field 'rows'
// EDRAM-ROWS: edram-odd-rows.json:1:1: error: expected 'data_sram_bytes' to be a multiple of 12 banks x 100 bytes of a row, got 589824: change data_sram_bytes, banks or row_bytes
// EDRAM: name = "camel-edram", rows = 6, columns = 6{{.*}}data_sram_bytes = 589824{{.*}}data_edram = <banks = 12, row_bytes = 64, retention_nanoseconds = 3350, refresh_cycles = 2>, leakage_microwatts = 26519>
// SRAM: name = "camel-sram", rows = 6, columns = 6{{.*}}data_sram_bytes = 294912{{.*}}leakage_microwatts = 34043>
// NONE: error: no target: give one with target=<file or shipped name>

module {}
