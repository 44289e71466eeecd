extension RulesetExample {
  private static let web = """
    -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/web cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
    -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA
    -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80

    """
  private static let cart = """
    -A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-SVC-N5W5PH5NLY2BP4HG
    -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
    -A KUBE-SEP-2KA2JGVS2H3L7CFV -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80

    """

  /// Rules that claim what a chain's hash denies.
  static let contradictions: [RulesetExample] = [
    RulesetExample(
      "A comment can't claim another service port's chain",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-6Y64NGU6GYXT5LIA
        -A KUBE-SEP-6Y64NGU6GYXT5LIA -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      services: [], unnamed: 1),
    RulesetExample(
      "Nor can a rule of another protocol",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p udp -m comment --comment "shop/web cluster IP" -m udp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        """,
      services: [], unnamed: 1),
    RulesetExample(
      "A chain that another rule proves keeps its owner; the rule that lies is nobody's",
      nat: web + """
        -A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "shop/cart external IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter"]),
    RulesetExample(
      "The same, where the rule that lies comes first",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "shop/cart external IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV

        """ + web,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter"]),
    RulesetExample(
      "Two comments of the service port for one chain are one service port",
      nat: web + """
        -A KUBE-SERVICES -d 10.96.0.7/32 -p tcp -m comment --comment "shop/web external IP" -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter"]),
    RulesetExample(
      "A masquerade rule with another's name is nobody's",
      nat: web + """
        -A KUBE-SERVICES ! -s 10.1.0.0/16 -d 10.96.0.9/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-MARK-MASQ
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter"]),
    RulesetExample(
      "Chains without a comment anywhere have no name",
      nat: """
        -A KUBE-SERVICES -d 10.96.0.9/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-NODEPORTS -p tcp -m tcp --dport 30080 -j KUBE-EXT-E3PXEPMWAWIUT6ZV
        -A KUBE-EXT-E3PXEPMWAWIUT6ZV -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        """,
      services: [], unnamed: 2),
    RulesetExample(
      "A SEP that two service ports jump to is the one's whose name it proves",
      nat: web + cart + """
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-6Y64NGU6GYXT5LIA
        """,
      services: [
        "shop/cart TCP: 2 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter",
        "shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter",
      ]),
    RulesetExample(
      "The same the other way round",
      nat: web + cart + """
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-2KA2JGVS2H3L7CFV
        """,
      services: [
        "shop/cart TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter",
        "shop/web TCP: 2 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter",
      ]),
    RulesetExample(
      "A service port's chain doesn't become another's by a jump",
      nat: web + """
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SVC-N5W5PH5NLY2BP4HG
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
        -A KUBE-SEP-2KA2JGVS2H3L7CFV -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter"]),
    RulesetExample(
      "Nor is another's chain entered by one, though its owner be known",
      nat: web + """
        -A KUBE-SERVICES -d 10.96.0.8/32 -p tcp -m comment --comment "shop/cart cluster IP" -m tcp --dport 80 -j KUBE-SVC-N5W5PH5NLY2BP4HG
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SVL-N5W5PH5NLY2BP4HG
        -A KUBE-SVL-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
        -A KUBE-SEP-2KA2JGVS2H3L7CFV -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        """,
      services: [
        "shop/cart TCP: 0 SEP, 0 DNAT, 0 NodePort, 1 nat, 0 filter",
        "shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 4 nat, 0 filter",
      ]),
    RulesetExample(
      "Stale chains belong to nobody, and are counted",
      nat: web + """
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-2KA2JGVS2H3L7CFV
        -A KUBE-SEP-2KA2JGVS2H3L7CFV -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80
        -A KUBE-SEP-56Y73IMSIR3TM2HN -p tcp -m tcp -j DNAT --to-destination 10.0.0.2:80
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 3 nat, 0 filter"], orphans: 3),
    RulesetExample(
      "Chains that lead in a circle",
      nat: web + """
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-EXT-E3PXEPMWAWIUT6ZV
        -A KUBE-EXT-E3PXEPMWAWIUT6ZV -j KUBE-SVC-E3PXEPMWAWIUT6ZV
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-EXT-N5W5PH5NLY2BP4HG
        -A KUBE-EXT-N5W5PH5NLY2BP4HG -j KUBE-SVC-N5W5PH5NLY2BP4HG
        """,
      services: ["shop/web TCP: 1 SEP, 1 DNAT, 0 NodePort, 5 nat, 0 filter"], orphans: 2),
  ]

  /// A SEP that its hash proves cart's, and that nobody but web leads to.
  static let foreignEndpoints: [RulesetExample] = [
    ("no comment", ""),
    ("its owner's comment", #"-m comment --comment "shop/cart" "#),
    ("a comment of whoever leads to it", #"-m comment --comment "shop/web" "#),
  ].map { words, comment in
    RulesetExample(
      words,
      nat: web + """
        -A KUBE-SERVICES -d 10.96.0.2/32 -p tcp -m comment --comment "shop/cart cluster IP" \
        -m tcp --dport 80 -j KUBE-SVC-N5W5PH5NLY2BP4HG
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SEP-5ENRAELIMEB54L5C -p tcp \(comment)-m tcp -j DNAT --to-destination 10.0.0.2:80
        """,
      services: [
        "shop/cart TCP: 0 SEP, 0 DNAT, 0 NodePort, 1 nat, 0 filter",
        "shop/web TCP: 2 SEP, 2 DNAT, 0 NodePort, 4 nat, 0 filter",
      ])
  }

  /// A SEP whose destination somebody changed: its hash proves nothing any more.
  static let changedDestination: [RulesetExample] = [
    RulesetExample(
      "A chain that is nobody's by its hash stays with whoever leads to it",
      nat: web + """
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SEP-5ENRAELIMEB54L5C -p tcp -m tcp -j DNAT --to-destination 10.0.0.66:80
        """,
      services: ["shop/web TCP: 2 SEP, 2 DNAT, 0 NodePort, 5 nat, 0 filter"]),
    RulesetExample(
      "Be it by two of its chains",
      nat: web + """
        -A KUBE-NODEPORTS -p tcp -m comment --comment "shop/web" -m tcp --dport 30080 -j KUBE-SVL-E3PXEPMWAWIUT6ZV
        -A KUBE-SVL-E3PXEPMWAWIUT6ZV -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SEP-5ENRAELIMEB54L5C -p tcp -m tcp -j DNAT --to-destination 10.0.0.66:80
        """,
      services: ["shop/web TCP: 2 SEP, 2 DNAT, 1 NodePort, 7 nat, 0 filter"]),
    RulesetExample(
      "Of two service ports, neither has it",
      nat: web + cart + """
        -A KUBE-SVC-N5W5PH5NLY2BP4HG -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SVC-E3PXEPMWAWIUT6ZV -j KUBE-SEP-5ENRAELIMEB54L5C
        -A KUBE-SEP-5ENRAELIMEB54L5C -p tcp -m tcp -j DNAT --to-destination 10.0.0.66:80
        """,
      services: [
        "shop/cart TCP: 2 SEP, 2 DNAT, 0 NodePort, 4 nat, 0 filter",
        "shop/web TCP: 2 SEP, 2 DNAT, 0 NodePort, 4 nat, 0 filter",
      ]),
  ]
}
