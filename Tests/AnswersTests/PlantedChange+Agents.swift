extension PlantedChange {
  /// A pod of a CNI plugin with ipMasq.
  private static let pod = """
    -A POSTROUTING -s 10.244.0.7/32 -m comment --comment "name: \\"net\\" id: \\"1f\\"" -j CNI-5d0e
    -A CNI-5d0e -d 10.244.0.0/24 -m comment --comment "name: \\"net\\" id: \\"1f\\"" -j ACCEPT
    -A CNI-5d0e ! -d 224.0.0.0/4 -m comment --comment "name: \\"net\\" id: \\"1f\\"" -j MASQUERADE
    """.split(separator: "\n").map(String.init)

  static let agents = [
    PlantedChange(
      "a pod's rules in POSTROUTING, and an endpoint",
      [
        "the endpoints of default/ngnix-service changed: 1 gone, 1 new",
        "CNI's rules changed in nat: 3 added (POSTROUTING, CNI-5d0e)",
      ]
    ) {
      $0.nat += pod
      $0.replace("10.1.167.92:8000", with: "10.1.167.93:8000")
    },
    PlantedChange(
      "an agent's jump before kube-proxy's",
      [
        "a rule was put before kube-proxy's jump in nat's PREROUTING: packets meet it first",
        "DOCKER's rules changed in nat: 1 added (DOCKER-USER)",
      ]
    ) {
      $0.put("-A PREROUTING -j DOCKER-USER", before: "-A PREROUTING")
      $0.nat.append("-A DOCKER-USER -j RETURN")
    },
    PlantedChange(
      "an agent's jump behind kube-proxy's",
      ["DOCKER's rules changed in nat: 2 added (PREROUTING, DOCKER-USER)"]
    ) { $0.nat += ["-A PREROUTING -j DOCKER-USER", "-A DOCKER-USER -j RETURN"] },
    PlantedChange(
      "another rule in POSTROUTING, and an endpoint",
      [
        "the endpoints of default/ngnix-service changed: 1 gone, 1 new",
        "the rules of nat's POSTROUTING changed: 1 added",
      ]
    ) {
      $0.nat.append("-A POSTROUTING -s 10.244.0.0/16 -j MASQUERADE")
      $0.replace("10.1.167.92:8000", with: "10.1.167.93:8000")
    },
    PlantedChange(
      "a chain with another name",
      [
        "1 chain of DOCKER got a new name in filter, with the same rules in it "
          + "(DOCKER-USER is DOCKER-MINE now)"
      ]
    ) { $0.filter = $0.filter.map { $0.replacing("DOCKER-USER", with: "DOCKER-MINE") } },
    PlantedChange(
      "another chain in the place of one",
      ["DOCKER's rules changed in filter: 2 added, 2 removed (INPUT, DOCKER-MINE, DOCKER-USER)"]
    ) {
      $0.filter = $0.filter.map {
        $0.replacing("DOCKER-USER -j RETURN", with: "DOCKER-USER -j DROP")
          .replacing("DOCKER-USER", with: "DOCKER-MINE")
      }
    },
  ]

  static let blocks = [
    PlantedChange(
      "external traffic blocked",
      [
        "default/ngnix-service is blocked now for external traffic: it has no endpoints on this node"
      ]
    ) { $0.block("KUBE-EXTERNAL-SERVICES -m addrtype --dst-type LOCAL", 31224) },
    PlantedChange(
      "traffic from inside the cluster blocked",
      [
        "default/ngnix-service is blocked now for traffic from inside the cluster: it has no "
          + "endpoints on this node"
      ]
    ) { $0.block("KUBE-SERVICES -d 10.105.57.223/32", 80) },
    PlantedChange(
      "both blocked",
      ["default/ngnix-service is blocked now: it has no endpoints on this node"]
    ) {
      $0.block("KUBE-SERVICES -d 10.105.57.223/32", 80)
      $0.block("KUBE-EXTERNAL-SERVICES -m addrtype --dst-type LOCAL", 31224)
    },
  ]
}

extension PlantedChange.Rules {
  /// Adds filter's rule for the lack of local endpoints.
  fileprivate mutating func block(_ chain: String, _ port: Int) {
    filter.append(
      "-A \(chain) -p tcp -m comment --comment \"default/ngnix-service has no local endpoints\" "
        + "-m tcp --dport \(port) -j DROP")
  }
}
