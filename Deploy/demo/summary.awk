# Reads a scrape (text format) and prints a line for each service port; exit status 1 where there is
# no service port, or no rule ever moved.

function label(name,    start, rest) {
  start = index($0, name "=\"")
  if (start == 0) return ""
  rest = substr($0, start + length(name) + 2)
  return substr(rest, 1, index(rest, "\"") - 1)
}

/^iptables_service_[a-z_]+[{].*service_name=/ {
  metric = $0
  sub(/[{].*/, "", metric)
  port = label("service_port")
  key = label("service_namespace") "/" label("service_name") (port == "" ? "" : ":" port)
  key = key " " label("protocol")
  services[key] = 1
  value = $NF
  if (metric == "iptables_service_rule_changes_total") {
    changes[key, label("change")] += value
  } else {
    values[key, metric] += value
  }
}

# The whole table's churn: it counts the rules of services that are gone as well.
/^iptables_rule_changes_total[{]/ {
  total[label("change")] += $NF
}

END {
  format = "  %-36s %10s %12s %14s %11s %7s %8s %6s\n"
  printf format, "service port", "SEP chains", "DNAT targets", "NodePort rules", "connections",
    "added", "removed", "moved"
  sorter = "sort"
  for (key in services) {
    count++
    printf format, key, values[key, "iptables_service_sep_chains"] + 0,
      values[key, "iptables_service_dnat_targets"] + 0,
      values[key, "iptables_service_nodeport_rules"] + 0,
      values[key, "iptables_service_connections_total"] + 0,
      changes[key, "added"] + 0, changes[key, "removed"] + 0, changes[key, "moved"] + 0 | sorter
  }
  close(sorter)
  printf "\n  %d service ports; in all tables %d rules added, %d removed, %d moved\n", count,
    total["added"], total["removed"], total["moved"]
  if (count == 0) print "  No service port was seen."
  if (total["moved"] == 0) print "  No rule moved."
  exit count == 0 || total["moved"] == 0
}
