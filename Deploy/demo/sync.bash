# shellcheck shell=bash
# What kube-proxy 1.21 does when anything about a service changes: it writes all of its rules again.
#
# A service port is one line of words: NAME PROTOCOL CLUSTER-IP PORT NODE-PORT ENDPOINT...
# (NODE-PORT is `-` where there is none), for example
#     default/ngnix-service tcp 10.105.57.223 80 31224 10.1.167.92:8000

# Sources outside this range are masqueraded, as the article's rules have it.
readonly CLUSTER_NETWORK=192.168.0.0/16

# Where the rules are: legacy or nft.
readonly BACKEND=${BACKEND:-legacy}

declare -A known_hashes=()

# Sets `hash` to the first 16 characters of base32(sha256($1)): the hash in the names of KUBE-SVC-…
# (name and protocol) and KUBE-SEP-… (name, protocol and endpoint).
hash_of() {
  if [[ -z ${known_hashes[$1]:-} ]]; then
    local digest bytes="" position
    digest=$(printf '%s' "$1" | sha256sum)
    for position in {0..18..2}; do
      bytes+="\\x${digest:position:2}"
    done
    known_hashes[$1]=$(printf '%b' "$bytes" | base32)
  fi
  hash=${known_hashes[$1]}
}

# Adds the rules of one service port to the arrays of sync_rules.
add_service() {
  local name=$1 protocol=$2 address=$3 port=$4 node_port=$5
  shift 5
  local comment="-m comment --comment \"$name\"" hash
  hash_of "$name$protocol"
  local service=KUBE-SVC-$hash
  chains+=("$service")

  local match="-d $address/32 -p $protocol -m comment --comment \"$name cluster IP\""
  match+=" -m $protocol --dport $port"
  dispatch+=("-A KUBE-SERVICES ! -s $CLUSTER_NETWORK $match -j KUBE-MARK-MASQ")
  dispatch+=("-A KUBE-SERVICES $match -j $service")
  if [[ $node_port != - ]]; then
    match="-p $protocol $comment -m $protocol --dport $node_port"
    dispatch+=("-A KUBE-NODEPORTS $match -j KUBE-MARK-MASQ")
    dispatch+=("-A KUBE-NODEPORTS $match -j $service")
  fi

  local endpoint share
  while (($# > 0)); do
    endpoint=$1
    share=""
    if (($# > 1)); then
      share=" -m statistic --mode random --probability $(share_of_one_in "$#")"
    fi
    hash_of "$name$protocol$endpoint"
    chains+=("KUBE-SEP-$hash")
    rules+=("-A $service $comment$share -j KUBE-SEP-$hash")
    rules+=("-A KUBE-SEP-$hash -s ${endpoint%:*}/32 $comment -j KUBE-MARK-MASQ")
    rules+=("-A KUBE-SEP-$hash -p $protocol $comment -m $protocol -j DNAT --to-destination $endpoint")
    shift
  done
}

# 1/$1 with the ten decimals that kube-proxy writes.
share_of_one_in() {
  awk -v count="$1" 'BEGIN { printf "%.10f", 1 / count }'
}

# Prints the names of the service and endpoint chains that the kernel has now.
existing_chains() {
  "iptables-$BACKEND" -w -t nat -S | awk '$1 == "-N" && $2 ~ /^KUBE-(SVC|SEP)-/ { print $2 }'
}

# Prints one sync of the service ports given (one argument each) for iptables-restore --noflush.
sync_rules() {
  local -a chains=() dispatch=() rules=()
  local service
  local -a stale
  # kube-proxy walks a hash map, so the order of the services is another one at each sync.
  while read -ra service; do
    add_service "${service[@]}"
  done < <(printf '%s\n' "$@" | shuf)

  mapfile -t stale < <(existing_chains | grep -vxFf <(printf '%s\n' "${chains[@]}"))
  echo "*nat"
  printf ':%s - [0:0]\n' KUBE-SERVICES KUBE-NODEPORTS KUBE-POSTROUTING KUBE-MARK-MASQ \
    "${chains[@]}" "${stale[@]}"
  echo '-A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000'
  echo '-A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN'
  echo '-A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0'
  echo '-A KUBE-POSTROUTING -m comment --comment "kubernetes service traffic requiring SNAT"' \
    '-j MASQUERADE --random-fully'
  printf '%s\n' "${dispatch[@]}" "${rules[@]}"
  echo '-A KUBE-SERVICES -m comment --comment "kubernetes service nodeports;' \
    'NOTE: this must be the last rule in this chain" -m addrtype --dst-type LOCAL -j KUBE-NODEPORTS'
  ((${#stale[@]} == 0)) || printf -- '-X %s\n' "${stale[@]}"
  echo "COMMIT"
}

# Makes the kernel's rules those of the service ports given, in one transaction.
sync() {
  sync_rules "$@" | "iptables-$BACKEND-restore" --wait --noflush
}
