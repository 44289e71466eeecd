extension RulesetExample {
  /// Service ports that stand in filter only, and what looks like some.
  static let blocked: [RulesetExample] = [
    RulesetExample(
      "A service port without endpoints exists in filter only",
      filter: """
        -A KUBE-EXTERNAL-SERVICES -p udp -m comment --comment "shop/web:voice has no endpoints" -m addrtype --dst-type LOCAL -m udp --dport 30506 -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-SERVICES -d 10.96.0.9/32 -p udp -m comment --comment "shop/web:voice has no endpoints" -m udp --dport 5060 -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-SERVICES -d 10.96.0.9/32 -p sctp -m comment --comment "shop/web:sig has no local endpoints" -m sctp --dport 9999 -j DROP
        """,
      services: [
        "shop/web:sig SCTP: 0 SEP, 0 DNAT, 0 NodePort, 0 nat, 1 filter, no_local_endpoints",
        "shop/web:voice UDP: 0 SEP, 0 DNAT, 0 NodePort, 0 nat, 2 filter, no_endpoints",
      ]),
    RulesetExample(
      "A service port that serves the cluster can be blocked from outside",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      filter: """
        -A KUBE-EXTERNAL-SERVICES -p tcp -m comment --comment "shop/web has no local endpoints" -m addrtype --dst-type LOCAL -m tcp --dport 30080 -j DROP
        """,
      services: [
        "shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 1 filter, no_local_endpoints"
      ]),
    RulesetExample(
      "The health check of a UDP service is a TCP rule, and the service's",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p udp -m comment --comment "shop/web:voice cluster IP" -m udp --dport 5060 -j KUBE-SVC-7D5NJF6VJDDKLNAN
        -A KUBE-SVC-7D5NJF6VJDDKLNAN -j KUBE-SEP-6O5A73FSFQUWLIOT
        -A KUBE-SEP-6O5A73FSFQUWLIOT -p udp -m udp -j DNAT --to-destination 10.0.0.1:5060
        """,
      filter: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:voice health check node port" -m tcp --dport 31090 -j ACCEPT
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/cart health check node port" -m tcp --dport 31091 -j ACCEPT
        """,
      services: ["shop/web:voice UDP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 1 filter"]),
    RulesetExample(
      "The health check of a service port without endpoints is the service's too",
      filter: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web health check node port" -m tcp --dport 31090 -j ACCEPT
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web has no endpoints" -m tcp --dport 80 -j REJECT --reject-with icmp-port-unreachable
        """,
      services: ["shop/web TCP: 0 SEP, 0 DNAT, 0 NodePort, 0 nat, 2 filter, no_endpoints"]),
    RulesetExample(
      "What lets packets in blocks nothing, nor does another chain's rule",
      filter: """
        -A INPUT -p tcp -m comment --comment "shop/web has no endpoints" -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-FORWARD -p tcp -m comment --comment "shop/web has no endpoints" -j REJECT --reject-with icmp-port-unreachable
        -A KUBE-SERVICES -p tcp -m comment --comment "shop/web has no endpoints" -j ACCEPT
        -A KUBE-SERVICES -m comment --comment "shop/web has no endpoints" -j DROP
        -A KUBE-SERVICES -p tcp -m comment --comment "shop/web cluster IP" -j DROP
        """,
      services: []),
  ]
}
