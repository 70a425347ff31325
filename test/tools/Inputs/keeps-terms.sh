#!/bin/sh
# Interesting (exit 1) while the op is there.
if grep -q 'colonnade.term_quantize' "$1"; then
  exit 1
fi
