# shellcheck shell=bash
# For checks of the release binary in a network namespace of their own; its name is in NAMESPACE. They
# set `set -m`, say `trap clean_up EXIT`, and then make_namespace.

# shellcheck source=common.bash
source "${BASH_SOURCE[0]%/*}/common.bash"

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
  {
    end_jobs
    ip netns delete "$NAMESPACE" || true
  } 2>/dev/null
  rm -rf "$work"
}

inside() {
  ip netns exec "$NAMESPACE" "$@"
}

get() {
  inside curl --silent --show-error --fail --max-time 10 "$@"
}

eventually() {
  within 20 "$@"
}
