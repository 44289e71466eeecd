extension PlantedChange {
  static let all = hooks + services + order + others + agents + blocks

  private static let hooks = [
    PlantedChange("nothing", ["nothing changed"]) { _ in },
    PlantedChange(
      "somebody's jump before kube-proxy's",
      ["a rule was put before kube-proxy's jump in nat's PREROUTING: packets meet it first"]
    ) { $0.put("-A PREROUTING -p tcp -j ACCEPT", before: "-A PREROUTING") },
    PlantedChange(
      "two rules before, one behind",
      [
        "2 rules were put before kube-proxy's jump in nat's OUTPUT: packets meet them first",
        "the rules of nat's OUTPUT changed: 1 added",
      ]
    ) {
      $0.put("-A OUTPUT -p tcp -j ACCEPT", before: "-A OUTPUT")
      $0.put("-A OUTPUT -p udp -j ACCEPT", before: "-A OUTPUT")
      $0.nat.append("-A OUTPUT -p sctp -j ACCEPT")
    },
    PlantedChange(
      "kube-proxy's own rules without comments",
      [
        "only comments differ in the rules of nat's PREROUTING, nat's OUTPUT: no effect on traffic"
      ]
    ) { $0.replace("-m comment --comment \"kubernetes service portals\" ", with: "") },
    PlantedChange("the jump gone", ["kube-proxy's jump is gone from nat's PREROUTING"]) {
      $0.remove("-A PREROUTING")
    },
    PlantedChange(
      "the jump to NodePorts before services",
      [
        "the jump to KUBE-NODEPORTS is not the last rule of KUBE-SERVICES: it comes before services",
        "1 rule of no service moved in KUBE-SERVICES: the order may matter, for not "
          + "all rules that changed it exclude each other",
      ]
    ) { $0.move("-j KUBE-NODEPORTS", before: "-A KUBE-SERVICES") },
  ]

  private static let services = [
    PlantedChange("a service gone", ["default/ngnix-service was removed (7 rules)"]) {
      $0.removeService()
    },
    PlantedChange(
      "an endpoint gone, and another",
      ["the endpoints of default/ngnix-service changed: 1 gone, 1 new"]
    ) { $0.replace("10.1.167.92:8000", with: "10.1.167.93:8000") },
    PlantedChange(
      "an endpoint's chain that translates no more",
      [
        "the endpoints of default/ngnix-service changed: 1 gone; KUBE-SEP-KVGH6HHOFLBGG2WW, the chain of "
          + "10.1.167.92:8000, translates to nothing now"
      ]
    ) { $0.remove("10.1.167.92:8000") },
    PlantedChange(
      "an endpoint's chain that translates to what is not known",
      [
        "the endpoints of default/ngnix-service changed: 1 gone; KUBE-SEP-KVGH6HHOFLBGG2WW, the chain of "
          + "10.1.167.92:8000, translates to an unknown destination now"
      ]
    ) { $0.replace("10.1.167.92:8000", with: ":0") },
    PlantedChange(
      "shares with fewer digits",
      ["only the rounding of shares differs in the rules of 1 service port: no effect on traffic"]
    ) { $0.replace("0.50000000000", with: "0.49999999581") },
    PlantedChange(
      "shares with five digits, and another NodePort",
      ["the NodePort of default/ngnix-service changed from 31224 to 32681"]
    ) {
      $0.replace("0.50000000000", with: "0.49999500000")
      $0.replace("31224", with: "32681")
    },
    PlantedChange(
      "other shares",
      [
        "the shares of default/ngnix-service's endpoints changed in KUBE-SVC-FOI3G5ZK27IESILB: "
          + "10.1.167.92:80 50% → 25%, 10.1.167.92:8000 50% → 75%"
      ]
    ) { $0.replace("0.50000000000", with: "0.25000000000") },
    PlantedChange(
      "another NodePort",
      ["the NodePort of default/ngnix-service changed from 31224 to 32681"]
    ) { $0.replace("31224", with: "32681") },
    PlantedChange("no NodePort", ["default/ngnix-service lost its NodePort 31224"]) {
      $0.remove("31224")
    },
    PlantedChange(
      "another cluster IP",
      [
        "the addresses of default/ngnix-service changed: 10.105.57.223:80 gone, 10.96.129.116:80 new"
      ]
    ) { $0.replace("10.105.57.223", with: "10.96.129.116") },
    PlantedChange(
      "session affinity",
      [
        "clients of default/ngnix-service stay with an endpoint for 10800 seconds now (session affinity)"
      ]
    ) {
      $0.put(
        "-A \(Rules.service) -m recent --rcheck --seconds 10800 --reap --name \(Rules.first) "
          + "--mask 255.255.255.255 --rsource -j \(Rules.first)", before: "-A \(Rules.service)")
    },
    PlantedChange(
      "a rule that nobody understands",
      ["the rules of default/ngnix-service changed: 1 added (KUBE-SVC-FOI3G5ZK27IESILB)"]
    ) { $0.put("-A \(Rules.service) -m mark --mark 0x1 -j RETURN", before: "-A \(Rules.service)") },
    PlantedChange(
      "blocked",
      [
        "default/ngnix-service is blocked now: it has no endpoints",
        "the endpoints of default/ngnix-service changed: 2 gone",
        "default/ngnix-service lost its NodePort 31224",
      ]
    ) {
      $0.removeService()
      $0.filter.append(
        "-A KUBE-SERVICES -d 10.105.57.223/32 -p tcp -m comment --comment "
          + "\"default/ngnix-service has no endpoints\" -m tcp --dport 80 -j REJECT")
    },
    PlantedChange(
      "comments", ["only comments differ in the rules of 1 service port: no effect on traffic"]
    ) {
      $0.replace(
        "-A \(Rules.service) -j", with: "-A \(Rules.service) -m comment --comment x -j")
    },
  ]

  private static let order = [
    PlantedChange(
      "the order of services",
      ["1 rule of 1 service moved in KUBE-SERVICES: order only, no effect on traffic"]
    ) { $0.move("kubernetes:https cluster IP", before: "-j KUBE-NODEPORTS") },
    PlantedChange(
      "the order of rules for one address",
      [
        "1 rule of 1 service moved in KUBE-SERVICES: the order may matter, for not "
          + "all rules that changed it exclude each other"
      ]
    ) { $0.move("--dport 80 -j KUBE-MARK-MASQ", before: "-j KUBE-NODEPORTS") },
    PlantedChange(
      "the order of endpoints",
      [
        "the shares of default/ngnix-service's endpoints changed in KUBE-SVC-FOI3G5ZK27IESILB: "
          + "10.1.167.92:80 50% → 0%, 10.1.167.92:8000 50% → 100%",
        "1 rule moved in KUBE-SVC-FOI3G5ZK27IESILB of default/ngnix-service: its probabilities "
          + "depend on the order, and the shares changed",
      ]
    ) { $0.move("-A \(Rules.service) -m statistic", before: nil) },
  ]

  private static let others = [
    PlantedChange("a rule of Kubernetes'", ["the rules of filter's KUBE-FORWARD changed: 1 added"])
    {
      $0.filter.append("-A KUBE-FORWARD -j DROP")
    },
    PlantedChange("Docker's", ["DOCKER's rules changed in filter: 1 added (DOCKER-USER)"]) {
      $0.filter.append("-A DOCKER-USER -s 10.0.0.1/32 -j DROP")
    },
    PlantedChange(
      "a rule of nobody among the services",
      ["rules of no service changed in KUBE-SERVICES: 1 added"]
    ) { $0.put("-A KUBE-SERVICES -p udp -j RETURN", before: "-A KUBE-SERVICES") },
    PlantedChange(
      "a service chain that nothing leads to",
      [
        "rules changed in service chains of no known service: 1 added (KUBE-SVC-AAAAAAAAAAAAAAAA)"
      ]
    ) { $0.nat.append("-A KUBE-SVC-AAAAAAAAAAAAAAAA -j \(Rules.first)") },
  ]
}
