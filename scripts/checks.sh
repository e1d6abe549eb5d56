# shellcheck shell=bash
# Runs checks and tests, and counts them; sourced by scripts/check and scripts/test.

passed=0
failed=0

# Runs a command that is one check.
check() { # NAME COMMAND…
  local name=$1
  shift
  if "$@"; then
    passed=$((passed + 1))
    printf 'check %s: passed\n' "$name"
  else
    failed=$((failed + 1))
    printf 'check %s: FAILED\n' "$name"
  fi
}

# Waits for a check in the background, and prints its output if it failed.
finish() { # PROCESS LOG
  local status=0
  wait "$1" || status=$?
  [ "$status" = 0 ] || cat "$2"
  return "$status"
}

# Runs `bun test`, and counts each test.
run_tests() { # ARGUMENT…
  local log status=0 tests_passed tests_failed skipped
  log=$(mktemp)
  bun test --timeout 120000 "$@" 2>&1 | tee "$log" || status=$?
  count() { sed -nE "s/^ *([0-9]+) $1\$/\1/p" "$log" | tail -n 1; }
  tests_passed=$(count pass)
  tests_failed=$(count fail)
  skipped=$(count skip)
  rm -f "$log"
  passed=$((passed + ${tests_passed:-0}))
  failed=$((failed + ${tests_failed:-0}))
  # A runner that stopped without a failing test (a crash, a file that does not load, a skipped test) is a failure too.
  if [ "${tests_failed:-0}" = 0 ] && { [ "$status" != 0 ] || [ "${skipped:-0}" != 0 ] || [ "${tests_passed:-0}" = 0 ]; }; then
    failed=$((failed + 1))
  fi
}

# Prints the last line, and fails if something failed.
print_total() {
  printf '%d passed, %d failed\n' "$passed" "$failed"
  [ "$failed" = 0 ]
}
