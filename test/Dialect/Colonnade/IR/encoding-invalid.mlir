// RUN: colonnade-opt %s -split-input-file -verify-diagnostics

// Each case names the constraint of ColonnadeAttributes.td that it breaks.

// C1: negative row axis
// expected-error @+1 {{expected row_axis of at least 0, got -1}}
#enc = #colonnade.encoding<columns = <row_axis = -1, fan_in = 2, assignment = [0, 0]>>

// -----

// C2: fan-in of zero
// expected-error @+1 {{expected fan_in in [1, 255], got 0}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 0, assignment = [0, 0]>>

// -----

// C2: negative fan-in
// expected-error @+1 {{expected fan_in in [1, 255], got -8}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = -8, assignment = [0, 0]>>

// -----

// C2: fan-in past a byte
// expected-error @+1 {{expected fan_in in [1, 255], got 256}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 256, assignment = [0, 0]>>

// -----

// C3: entry below -1
// expected-error @+1 {{expected a group number or -1 for column 1, got -2}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, -2]>>

// -----

// C4: no group 0
// expected-error @+1 {{expected groups numbered without holes, got no column in group 0 and 1 as the largest group}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [1, 1]>>

// -----

// C4: hole in the middle
// expected-error @+1 {{expected groups numbered without holes, got no column in group 1 and 2 as the largest group}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 2, -1, 0]>>

// -----

// C4: the largest number that fits
// expected-error @+1 {{expected groups numbered without holes, got no column in group 1 and 2147483647 as the largest group}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 2147483647]>>

// -----

// C3: entry past 32 bits
// expected-error @+1 {{integer value too large}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 4294967296]>>

// -----

// C5: three columns in a group of two
// expected-error @+1 {{expected at most fan_in = 2 columns in group 0, got 3}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0, 1, 0]>>

// -----

// C5: fan-in 1 combines nothing
// expected-error @+1 {{expected at most fan_in = 1 columns in group 0, got 2}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 1, assignment = [0, 0]>>

// -----

// C6: negative block axis
// expected-error @+1 {{expected block_axis of at least 0 and other than row_axis = 0, got -1}}
#enc = #colonnade.encoding<columns = <row_axis = 0, block_axis = -1, fan_in = 1, assignment = [0]>>

// -----

// C6: one axis for rows and blocks
// expected-error @+1 {{expected block_axis of at least 0 and other than row_axis = 1, got 1}}
#enc = #colonnade.encoding<columns = <row_axis = 1, block_axis = 1, fan_in = 1, assignment = [0]>>

// -----

// E5: block axis past the rank
// expected-error @+1 {{expected block_axis less than the rank 2, got 2}}
func.func private @f(tensor<2x2xi8, #colonnade.encoding<columns = <row_axis = 0, block_axis = 2, fan_in = 1, assignment = [0, 1]>>>)

// -----

// E9: a group of columns of two blocks
// expected-error @+1 {{expected the columns of group 0 in one block, got blocks 0 and 1}}
func.func private @f(tensor<2x1x2xi8, #colonnade.encoding<columns = <row_axis = 1, block_axis = 0, fan_in = 2, assignment = [0, 1, 0, -1]>>>)

// -----

// E9: the groups of the second block come first
// expected-error @+1 {{expected groups numbered block by block, got group 1 in block 0 after one in block 1}}
func.func private @f(tensor<2x1x2xi8, #colonnade.encoding<columns = <row_axis = 1, block_axis = 0, fan_in = 2, assignment = [1, 1, 0, 0]>>>)

// -----

// Columns: block axis after the fan-in
// expected-error @+1 {{expected 'assignment'}}
#enc = #colonnade.columns<row_axis = 0, fan_in = 1, block_axis = 1, assignment = [0]>

// -----

// Columns: no row axis
// expected-error @+1 {{expected 'row_axis'}}
#enc = #colonnade.columns<fan_in = 2, assignment = [0]>

// -----

// Columns: no fan-in
// expected-error @+1 {{expected 'fan_in'}}
#enc = #colonnade.columns<row_axis = 0, assignment = [0]>

// -----

// Columns: no assignment
// expected-error @+1 {{expected ','}}
#enc = #colonnade.columns<row_axis = 0, fan_in = 2>

// -----

// Columns: assignment is no list
// expected-error @+1 {{expected '['}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = 0>>

// -----

// Columns: entry is no integer
// expected-error @+1 {{expected integer value}}
#enc = #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, x]>>

// -----

// T1: negative axis
// expected-error @+1 {{expected axis of at least 0, got -1}}
#enc = #colonnade.encoding<terms = <axis = -1, group = 8, budget = 16, digits = naf>>

// -----

// T1: axis is neither a number nor packed
// expected-error @+1 {{expected an axis: a dimension or 'packed'}}
#enc = #colonnade.encoding<terms = <axis = rows, group = 8, budget = 16, digits = naf>>

// -----

// T2: group of zero
// expected-error @+1 {{expected group in [1, 65535], got 0}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 0, budget = 16, digits = naf>>

// -----

// T2: negative group
// expected-error @+1 {{expected group in [1, 65535], got -1}}
#enc = #colonnade.encoding<terms = <axis = 1, group = -1, budget = 16, digits = naf>>

// -----

// T2: group past the limit
// expected-error @+1 {{expected group in [1, 65535], got 65536}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 65536, budget = 16, digits = naf>>

// -----

// T3: budget of zero
// expected-error @+1 {{expected budget in [1, 64] for groups of 8, got 0}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 0, digits = naf>>

// -----

// T3: negative budget
// expected-error @+1 {{expected budget in [1, 64] for groups of 8, got -3}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = -3, digits = naf>>

// -----

// T3: budget that promises nothing
// expected-error @+1 {{expected budget in [1, 8] for groups of 1, got 9}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 1, budget = 9, digits = naf>>

// -----

// Terms: unknown digit set
// expected-error @+1 {{expected digits to be one of binary, naf, booth4, hese-msb, got 'ternary'}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = ternary>>

// -----

// Terms: hese-msb without quotes
// expected-error @+1 {{got 'hese'}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = hese-msb>>

// -----

// Terms: digit set is a number
// expected-error @+1 {{expected valid keyword or string}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = 3>>

// -----

// Terms: no digits
// expected-error @+1 {{expected ','}}
#enc = #colonnade.terms<axis = 1, group = 8, budget = 16>

// -----

// Terms: no budget
// expected-error @+1 {{expected 'budget'}}
#enc = #colonnade.terms<axis = 1, group = 8, digits = naf>

// -----

// E1: no promise
// expected-error @+1 {{expected a promise (columns, terms, block_float or fixed_point), got none}}
#enc = #colonnade.encoding<>

// -----

// E2: packed runs without columns
// expected-error @+1 {{expected a columns promise for 'axis = packed', got none}}
#enc = #colonnade.encoding<terms = <axis = packed, group = 8, budget = 16, digits = naf>>

// -----

// Encoding: unknown promise
// expected-error @+1 {{expected a promise, columns, terms, block_float or fixed_point, got 'rows'}}
#enc = #colonnade.encoding<rows = <axis = 0>>

// -----

// Encoding: a promise twice
// expected-error @+1 {{expected one terms promise, got another}}
#enc = #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = naf>, terms = <axis = 1, group = 8, budget = 16, digits = naf>>

// -----

// E3: element type i16
// expected-error @+1 {{expected element type i8 with a terms promise, got 'i16'}}
func.func private @f(tensor<2x4xi16, #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = naf>>>)

// -----

// E3: element type f32
// expected-error @+1 {{expected element type i8 with a terms promise, got 'f32'}}
func.func private @f(tensor<2x4xf32, #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = naf>>>)

// -----

// E3: element type ui8
// expected-error @+1 {{expected element type i8 with a terms promise, got 'ui8'}}
func.func private @f(tensor<2x4xui8, #colonnade.encoding<terms = <axis = 1, group = 8, budget = 16, digits = naf>>>)

// -----

// E3: element type f16
// expected-error @+1 {{expected element type i8 or f32 with a columns promise, got 'f16'}}
func.func private @f(tensor<2x2xf16, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E4: columns of a vector
// expected-error @+1 {{expected at least 2 dimensions for a columns promise, got 1}}
func.func private @f(tensor<2xi8, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E4: columns of a scalar
// expected-error @+1 {{expected at least 2 dimensions for a columns promise, got 0}}
func.func private @f(tensor<i8, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E5: row axis is the rank
// expected-error @+1 {{expected row_axis less than the rank 2, got 2}}
func.func private @f(tensor<2x2xi8, #colonnade.encoding<columns = <row_axis = 2, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E6: dynamic columns
// expected-error @+1 {{expected a static size in every dimension but row_axis = 0, got '?' in dimension 2}}
func.func private @f(tensor<?x2x?xi8, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E7: assignment too short
// expected-error @+1 {{expected 6 entries in assignment, one per matrix column, got 2}}
func.func private @f(tensor<4x2x3xi8, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E7: assignment too long
// expected-error @+1 {{expected 1 entries in assignment, one per matrix column, got 2}}
func.func private @f(tensor<4x1xi8, #colonnade.encoding<columns = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E7: assignment counts the rows
// expected-error @+1 {{expected 4 entries in assignment, one per matrix column, got 2}}
func.func private @f(tensor<4x2xi8, #colonnade.encoding<columns = <row_axis = 1, fan_in = 2, assignment = [0, 0]>>>)

// -----

// E8: terms axis is the rank
// expected-error @+1 {{expected terms axis less than the rank 2, got 2}}
func.func private @f(tensor<2x4xi8, #colonnade.encoding<terms = <axis = 2, group = 8, budget = 16, digits = naf>>>)

// -----

// E8: terms of a scalar
// expected-error @+1 {{expected terms axis less than the rank 0, got 0}}
func.func private @f(tensor<i8, #colonnade.encoding<terms = <axis = 0, group = 8, budget = 16, digits = naf>>>)

// -----

// Encoding: a promise without a value
// expected-error @+1 {{expected '='}}
#enc = #colonnade.encoding<terms>

// -----

// Encoding: a promise of the other kind
// expected-error @+1 {{expected 'axis'}}
#enc = #colonnade.encoding<terms = <row_axis = 0, fan_in = 2, assignment = [0, 0]>>

// -----

// FP1: the fraction is one of an i32's bits.
// expected-error @+1 {{expected fraction in [0, 31], got 32}}
func.func private @fp1(tensor<4xi32, #colonnade.encoding<fixed_point = <fraction = 32>>>)

// -----

// FP1: the fraction is not negative.
// expected-error @+1 {{expected fraction in [0, 31], got -1}}
func.func private @fp1(tensor<4xi32, #colonnade.encoding<fixed_point = <fraction = -1>>>)

// -----

// E12: fixed-point numbers are i32.
// expected-error @+1 {{expected element type i32 with a fixed_point promise, got 'f32'}}
func.func private @e12(tensor<4xf32, #colonnade.encoding<fixed_point = <fraction = 16>>>)
