import Netfilter

extension RulesetExample {
  /// Rules as several versions of kube-proxy write them.
  static let versions: [RulesetExample] = [
    RulesetExample(
      "1.16: an unnamed port ends in a colon, and chains have no comments",
      nat: """
        -A KUBE-SERVICES ! -s 10.1.0.0/16 -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web: cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web: cluster IP" -m tcp --dport 80 -j KUBE-SVC-R3QLXARIJDVMZQ3A
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:" -m tcp --dport 30080 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web:" -m tcp --dport 30080 -j KUBE-SVC-R3QLXARIJDVMZQ3A
        -A KUBE-SVC-R3QLXARIJDVMZQ3A -j KUBE-SEP-WNNN2SHB65UFRNVC
        -A KUBE-SEP-WNNN2SHB65UFRNVC -s 10.0.0.1/32 -j KUBE-MARK-MASQ
        -A KUBE-SEP-WNNN2SHB65UFRNVC -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 2 NodePort, 7 nat, 0 filter"]),
    RulesetExample(
      "1.21: a load balancer's source ranges, twice the same, and a local policy",
      nat: """
        -A KUBE-SERVICES ! -s 10.1.0.0/16 -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SERVICES -d 172.30.0.1/32 -p tcp -m comment --comment "shop/web loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-E3PXEPMWAWIUT6ZV
        -A KUBE-SERVICES -d 172.30.0.2/32 -p tcp -m comment --comment "shop/web loadbalancer IP" -m tcp --dport 80 -j KUBE-FW-E3PXEPMWAWIUT6ZV
        -A KUBE-NODEPORTS -s 127.0.0.0/8 -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-MARK-MASQ
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-XLB-E3PXEPMWAWIUT6ZV
        -A KUBE-FW-E3PXEPMWAWIUT6ZV -s 203.0.113.0/24 -m comment --comment "shop/web loadbalancer IP" -j KUBE-XLB-E3PXEPMWAWIUT6ZV
        -A KUBE-FW-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web loadbalancer IP" -j KUBE-MARK-DROP
        -A KUBE-FW-E3PXEPMWAWIUT6ZV -s 203.0.113.0/24 -m comment --comment "shop/web loadbalancer IP" -j KUBE-XLB-E3PXEPMWAWIUT6ZV
        -A KUBE-FW-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web loadbalancer IP" -j KUBE-MARK-DROP
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "masquerade LOCAL traffic for shop/web LB IP" -m addrtype --src-type LOCAL -j KUBE-MARK-MASQ
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "route LOCAL traffic for shop/web LB IP to service chain" -m addrtype --src-type LOCAL -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "Balancing rule 0 for shop/web" -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web" -j KUBE-SEP-56Y73IMSIR3TM2HN
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -s 10.0.0.1/32 -m comment --comment "shop/web" -j KUBE-MARK-MASQ
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.0.0.1:80
        -A KUBE-SEP-56Y73IMSIR3TM2HN -s 10.0.0.2/32 -m comment --comment "shop/web" -j KUBE-MARK-MASQ
        -A KUBE-SEP-56Y73IMSIR3TM2HN -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.0.0.2:80
        """,
      services: ["shop/web TCP: 2 SEP, 2 DNAT, 2 NodePort, 19 nat, 0 filter"]),
    RulesetExample(
      "1.23: a local policy without an endpoint on the node drops in nat",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-XLB-E3PXEPMWAWIUT6ZV
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -s 10.1.0.0/16 -m comment --comment "Redirect pods trying to reach external loadbalancer VIP to clusterIP" -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web has no local endpoints" -j KUBE-MARK-DROP
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web" -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 1 NodePort, 6 nat, 0 filter, no_local_endpoints"]),
    RulesetExample(
      "1.24: the same in KUBE-SVL",
      nat: """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-EXT-E3PXEPMWAWIUT6ZV
        -A KUBE-EXT-E3PXEPMWAWIUT6ZV -j KUBE-SVL-E3PXEPMWAWIUT6ZV
        -A KUBE-SVL-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web has no local endpoints" -j KUBE-MARK-DROP
        """,
      services: ["shop/web TCP: 0 SEP, 0 DNAT, 1 NodePort, 3 nat, 0 filter, no_local_endpoints"]),
    RulesetExample(
      "1.23: what another's comment says in a chain of another kind blocks nothing",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-XLB-E3PXEPMWAWIUT6ZV
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web has no local endpoints" -j KUBE-MARK-MASQ
        -A KUBE-XLB-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web loadbalancer IP" -j KUBE-MARK-DROP
        -A KUBE-MARK-DROP -m comment --comment "shop/web has no local endpoints" -j MARK --set-xmark 0x8000/0x8000
        """,
      services: ["shop/web TCP: 0 SEP, 0 DNAT, 0 NodePort, 3 nat, 0 filter"]),
    RulesetExample(
      "1.31: localhost's NodePort rule, and a table of the firewall",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-NODEPORTS -d 127.0.0.0/8 -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -m nfacct --nfacct-name  localhost_nps_accepted_pkts -j KUBE-EXT-E3PXEPMWAWIUT6ZV
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-EXT-E3PXEPMWAWIUT6ZV
        -A KUBE-EXT-E3PXEPMWAWIUT6ZV -m comment --comment "masquerade traffic for shop/web external destinations" -j KUBE-MARK-MASQ
        -A KUBE-EXT-E3PXEPMWAWIUT6ZV -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web -> 10.0.0.1:80" -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      filter: """
        -A KUBE-PROXY-FIREWALL -d 172.30.0.1/32 -p tcp -m comment --comment "shop/web traffic not accepted by KUBE-FW-E3PXEPMWAWIUT6ZV" -m tcp --dport 80 -j DROP
        -A KUBE-PROXY-FIREWALL -d 172.30.0.1/32 -p tcp -m comment --comment "shop/web traffic not accepted by KUBE-FW-N5W5PH5NLY2BP4HG" -m tcp --dport 80 -j DROP
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 2 NodePort, 7 nat, 1 filter"]),
    RulesetExample(
      "Session affinity: a SEP is jumped to twice, and counts once",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-6Y64NGU6GYXT5LIA --mask 255.255.255.255 --rsource -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m recent --rcheck --seconds 10800 --reap --name KUBE-SEP-56Y73IMSIR3TM2HN --mask 255.255.255.255 --rsource -j KUBE-SEP-56Y73IMSIR3TM2HN
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-56Y73IMSIR3TM2HN
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m recent --set --name KUBE-SEP-6Y64NGU6GYXT5LIA --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.0.1:80
        -A KUBE-SEP-56Y73IMSIR3TM2HN -p tcp -m recent --set --name KUBE-SEP-56Y73IMSIR3TM2HN --mask 255.255.255.255 --rsource -m tcp -j DNAT --to-destination 10.0.0.2:80
        """,
      services: ["shop/web TCP: 2 SEP, 2 DNAT, 0 NodePort, 7 nat, 0 filter"]),
    RulesetExample(
      "IPv6: an endpoint's name has brackets", .ipv6,
      nat: """
        -A KUBE-SERVICES -d fd00:96::9/128 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -m comment --comment "shop/web -> [fd00::1]:80" -j KUBE-SEP-VP6OJ43POX7BU522
        -A KUBE-SEP-VP6OJ43POX7BU522 -s fd00::1/128 -m comment --comment "shop/web" -j KUBE-MARK-MASQ
        -A KUBE-SEP-VP6OJ43POX7BU522 -p tcp -m comment --comment "shop/web" -m tcp -j DNAT --to-destination [fd00::1]:80
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter"]),
  ]
}
