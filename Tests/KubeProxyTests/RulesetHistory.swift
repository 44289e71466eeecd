import Netfilter
import TestSupport
import Testing

/// States of nat, one after the other, of which an earlier one tempts to a false conclusion.
struct RulesetHistory: CustomTestStringConvertible {
  let testDescription: String
  let states: [RulesetText]

  init(_ description: String, _ states: [[String]]) {
    testDescription = description
    self.states = states.map { RulesetText(nat: $0.joined(separator: "\n")) }
  }

  static let all = [
    RulesetHistory(
      "An endpoint's chain turns out to be another's once that service port exists",
      [
        [dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart")],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart"),
          dispatch("shop/cart"),
        ],
        [dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart")],
      ]),
    RulesetHistory(
      "That service port came while there was no question of whose the chain is",
      [
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart"),
          dispatch("shop/api"),
        ],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart"),
          dispatch("shop/api"), jump("shop/api", to: "shop/cart"), dispatch("shop/cart"),
        ],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/cart"), endpoint("shop/cart"),
          dispatch("shop/api"), dispatch("shop/cart"),
        ],
      ]),
    RulesetHistory(
      "A service port gets the name by which the chain is its own",
      [
        [
          dispatch("shop/web:"), dispatch("shop/cart"), jump("shop/cart", to: "shop/web"),
          endpoint("shop/web"),
        ],
        [
          dispatch("shop/web"), dispatch("shop/web:"), dispatch("shop/cart"),
          jump("shop/cart", to: "shop/web"), endpoint("shop/web"),
        ],
      ]),
    RulesetHistory(
      "Of a service port's two names one isn't proven any more",
      [
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/web"), endpoint("shop/web"),
          dispatch("shop/web:"), jump("shop/web:", to: "shop/web:"), endpoint("shop/web:"),
        ],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/web"), endpoint("shop/web"),
          dispatch("shop/web:", comment: "shop/cart"), jump("shop/web:", to: "shop/web:"),
          endpoint("shop/web:"),
        ],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/web"), endpoint("shop/web"),
          dispatch("shop/web:", comment: "shop/cart"), endpoint("shop/web:"),
        ],
        [
          dispatch("shop/web"), jump("shop/web", to: "shop/web"), endpoint("shop/web"),
          dispatch("shop/web:", comment: "shop/cart"), jump("shop/web:", to: "shop/web:"),
          endpoint("shop/web:"),
        ],
      ]),
  ]

  private static func dispatch(_ name: String, comment: String? = nil) -> String {
    "-A KUBE-SERVICES -p tcp -m comment --comment \"\(comment ?? name) cluster IP\" "
      + "-m tcp --dport 80 -j KUBE-SVC-\(chainHashText(of: name + "tcp"))"
  }

  /// A service port's chain leads to an endpoint of its own, or of another.
  private static func jump(_ name: String, to owner: String) -> String {
    "-A KUBE-SVC-\(chainHashText(of: name + "tcp")) -j \(endpointChain(owner))"
  }

  private static func endpoint(_ owner: String) -> String {
    "-A \(endpointChain(owner)) -p tcp -m tcp -j DNAT --to-destination 10.0.0.1:80"
  }

  private static func endpointChain(_ owner: String) -> String {
    "KUBE-SEP-" + chainHashText(of: owner + "tcp10.0.0.1:80")
  }
}
