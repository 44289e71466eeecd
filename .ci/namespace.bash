# shellcheck shell=bash
# For checks of the release binary in a network namespace of their own; its name is in NAMESPACE. They
# set `set -m`, say `trap clean_up EXIT`, and then make_namespace.

readonly EXPORTER=.build/release/kube-iptables-exporter
# shellcheck disable=SC2034 # those that source this use it
readonly GENERATOR=Benchmarks/.build/release/generate-ruleset
readonly NAMESPACE=kie-${0##*/}-$$
# A directory that is gone at the end.
work=$(mktemp -d)
readonly work

make_namespace() {
  [[ -x $EXPORTER ]] || fail "there is no $EXPORTER: run make build"
  ip netns add "$NAMESPACE"
  inside ip link set lo up
}

# Ends all background jobs with all that they started.
clean_up() {
  trap - EXIT
  local group
  {
    for group in $(jobs -p); do
      kill -- "-$group" || true
    done
    wait
    ip netns delete "$NAMESPACE" || true
  } 2>/dev/null # the shell tells of each job that was ended
  rm -rf "$work"
}

fail() {
  echo "${0##*/}: $*" >&2
  exit 1
}

inside() {
  ip netns exec "$NAMESPACE" "$@"
}

get() {
  inside curl --silent --show-error --fail --max-time 10 "$@"
}

# Runs a command twice a second until it succeeds, for at most 20 seconds.
eventually() {
  local attempt
  for attempt in {1..40}; do
    if "$@" 2>/dev/null; then return; fi
    sleep 0.5
  done
  fail "not within $((attempt / 2)) seconds: $*"
}
