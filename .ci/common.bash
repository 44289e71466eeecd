# shellcheck shell=bash
# What most checks need.

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

# Runs a command twice a second until it succeeds: within SECONDS COMMAND…
within() {
  local attempt seconds=$1
  shift
  for ((attempt = 0; attempt < 2 * seconds; attempt++)); do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.5
  done
  fail "not within $seconds seconds: $*"
}

# Ends all background jobs with all that they started. With `set -m`, each has a process group of its own.
end_jobs() {
  local group
  {
    for group in $(jobs -p); do
      kill -- "-$group" || true
    done
    wait
  } 2>/dev/null # the shell tells of each job that was ended
}

# The names of an exporter's subcommands, as its help lists them.
subcommands() {
  "$1" --help | sed -n '/^SUBCOMMANDS:/,$s/^  \([a-z]\+\) .*/\1/p' | grep .
}

# The value in Prometheus' answer to a query that has exactly one; nothing where it has another number of them.
only_value() {
  sed -n 's/.*"result":\[{"metric":{[^}]*},"value":\[[0-9.]*,"\([^"]*\)"\]}\].*/\1/p'
}
